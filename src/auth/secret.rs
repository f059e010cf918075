//! Server. Random secrets and the hashes under which they are stored. They carry 256 random bits, so a plain
//! SHA-256 is enough: there is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

/// `prefix` tells people and scanners what leaked.
pub fn generate(prefix: &str) -> String {
    let bytes: [u8; 32] = rand::rng().random();
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

pub fn hash(secret: &str) -> String {
    fingerprint(&[secret.as_bytes()])
}

/// SHA-256 over the parts, each preceded by its length.
pub fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    URL_SAFE_NO_PAD.encode(hasher.finalize())
}

/// SHA-256 of what is there and nothing else, in hexadecimal: anybody can check it.
pub fn sha256_hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|n| char::from(if n < 10 { b'0' + n } else { b'a' + n - 10 }));
    Sha256::digest(bytes).iter().flat_map(digits).collect()
}
