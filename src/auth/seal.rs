//! Server. Secrets that must be read again are kept sealed: with a key that is not in the database, so that who reads the
//! database alone learns nothing. What was sealed for one purpose opens for no other.

use crate::domain::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::RngExt as _;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The variable that holds the key.
pub const VARIABLE: &str = "RUNBOARD_SECRET_KEY";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// How what is sealed begins: says how it was.
const MARK: &str = "s1.";

type Key = [u8; KEY_BYTES];

/// Seals and opens. Cheap to clone.
#[derive(Clone, Default)]
pub struct Seal(Arc<Source>);

#[derive(Default)]
enum Source {
    /// There is no place for a key.
    #[default]
    None,
    Given(Key),
    /// Made when the first secret is sealed.
    File {
        path: PathBuf,
        read: Mutex<Option<Key>>,
    },
}

/// Never the key.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Source::None => "Seal(none)",
            Source::Given(_) => "Seal(given)",
            Source::File { .. } => "Seal(file)",
        })
    }
}

impl Seal {
    /// A key as text: 32 bytes as hex or base64.
    pub fn given(text: &str) -> Result<Self> {
        let key = parse(text).ok_or_else(|| {
            let how = "for example what `openssl rand -hex 32` prints";
            Error::invalid(VARIABLE, format!("is not 32 bytes written as hex or base64; use {how}"))
        })?;
        Ok(Self(Arc::new(Source::Given(key))))
    }

    /// A key in a file of its own, which is made when it is first needed.
    pub fn in_file(path: PathBuf) -> Self {
        Self(Arc::new(Source::File { path, read: Mutex::default() }))
    }

    /// The key that goes with a database, unless the environment gives one: for SQLite a file beside it.
    pub fn of_database(url: &str, given: Option<&str>) -> Result<Self> {
        if let Some(text) = given.filter(|text| !text.trim().is_empty()) {
            return Self::given(text);
        }
        let path = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        let path = path.map(|p| p.split('?').next().unwrap_or_default());
        // A database in memory, or a name that SQLite reads as a URI, has no place beside it.
        let path = path.filter(|p| !p.is_empty() && !p.starts_with("file:") && *p != ":memory:");
        Ok(path.map_or_else(Self::default, |p| Self::in_file(PathBuf::from(format!("{p}.key")))))
    }

    /// Why nothing can be sealed here, if so.
    pub fn problem(&self) -> Option<String> {
        match &*self.0 {
            Source::Given(_) => None,
            Source::None => {
                Some(format!("secrets can't be kept here: set {VARIABLE} (32 bytes as hex) for the server"))
            }
            Source::File { path, .. } => match read(path) {
                Ok(_) | Err(Unreadable::Missing) => None,
                Err(Unreadable::Wrong(why)) => Some(why),
            },
        }
    }

    /// Seals a text for a purpose.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<String> {
        let key = self.key(true).map_err(Error::Conflict)?;
        let nonce: [u8; NONCE_BYTES] = rand::rng().random();
        let sealed = XChaCha20Poly1305::new(&key.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: purpose.as_bytes() })
            .map_err(|_| Error::Internal("a secret could not be sealed".to_owned()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what was sealed for this purpose; `None` with another key, and where it was changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<String> {
        let key = self.key(false).ok()?;
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(MARK)?).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let opened = XChaCha20Poly1305::new(&key.into())
            .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: purpose.as_bytes() })
            .ok()?;
        String::from_utf8(opened).ok()
    }

    /// The key; `make`: a file that is not there yet is made.
    fn key(&self, make: bool) -> Result<Key, String> {
        let (path, known) = match &*self.0 {
            Source::Given(key) => return Ok(*key),
            Source::None => return Err(self.problem().unwrap_or_default()),
            Source::File { path, read } => (path, read),
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = *known {
            return Ok(key);
        }
        let found = match read(path) {
            Err(Unreadable::Missing) if make => {
                write_new(path).map_err(|e| format!("the key file {} can't be made: {e}", path.display()))?;
                read(path)
            }
            found => found,
        };
        let key = found.map_err(|e| match e {
            Unreadable::Missing => format!("the key file {} is gone", path.display()),
            Unreadable::Wrong(why) => why,
        })?;
        *known = Some(key);
        Ok(key)
    }
}

enum Unreadable {
    Missing,
    Wrong(String),
}

/// Reads a key file that its owner alone may read.
fn read(path: &Path) -> Result<Key, Unreadable> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|e| match e.kind() {
        ErrorKind::NotFound => Unreadable::Missing,
        _ => Unreadable::Wrong(format!("the key file {shown} can't be read: {e}")),
    })?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let how = format!("chmod 600 {shown}");
        return Err(Unreadable::Wrong(format!("the key file {shown} can be read by others; see to it with: {how}")));
    }
    let text =
        fs::read_to_string(path).map_err(|e| Unreadable::Wrong(format!("the key file {shown} can't be read: {e}")))?;
    parse(&text).ok_or_else(|| Unreadable::Wrong(format!("the key file {shown} holds no key")))
}

/// Makes a key file in one step: whoever sees it sees all of it, and of two who make it one is the first.
fn write_new(path: &Path) -> std::io::Result<()> {
    let key: Key = rand::rng().random();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let beside = PathBuf::from(name);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).and_then(|mut file| {
        file.write_all(STANDARD.encode(key).as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    // What is left of it is of no use.
    fs::remove_file(&beside).ok();
    match linked {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn parse(text: &str) -> Option<Key> {
    let text = text.trim();
    let bytes = if text.len() == 2 * KEY_BYTES { from_hex(text) } else { None };
    let bytes = bytes.or_else(|| STANDARD.decode(text).ok()).or_else(|| {
        let unpadded = text.trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(unpadded).ok()
    });
    bytes?.try_into().ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes().chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_with_its_key_alone() {
        let seal = Seal::given(HEX).expect("a key");
        let sealed = seal.seal("a", "https://hooks.example/secret").expect("sealed");
        assert!(!sealed.contains("hooks") && sealed != seal.seal("a", "https://hooks.example/secret").expect("sealed"));
        assert_eq!(seal.open("a", &sealed).as_deref(), Some("https://hooks.example/secret"));
        assert_eq!(seal.open("b", &sealed), None, "for another purpose");
        let other = Seal::given(&HEX.replace("00", "ff")).expect("a key");
        assert_eq!(other.open("a", &sealed), None, "with another key");
        for broken in ["", "s1.", "s1.AAAA", "s2.AAAA", &sealed[..sealed.len() - 2], &sealed.replace("s1.", "")] {
            assert_eq!(seal.open("a", broken), None, "{broken}");
        }
        assert_eq!(format!("{seal:?}"), "Seal(given)");
    }

    #[test]
    fn a_key_is_32_bytes_as_hex_or_base64() {
        let sealed = Seal::given(HEX).expect("hex").seal("a", "x").expect("sealed");
        for same in ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] {
            assert_eq!(Seal::given(same).expect("base64").open("a", &sealed).as_deref(), Some("x"), "{same}");
        }
        for wrong in ["short!", &HEX[2..], &format!("{HEX}00"), "a secret sentence that is no key at all, but long"] {
            let error = Seal::given(wrong).expect_err("no key").to_string();
            assert!(error.contains(VARIABLE) && !error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}/board.db?mode=rwc", folder.path().display());
        let path = folder.path().join("board.db.key");
        let seal = Seal::of_database(&url, None).expect("a seal");
        assert!(seal.problem().is_none() && !path.exists(), "nothing is made before it is needed");
        assert_eq!(seal.open("a", "s1.AAAA"), None);
        let sealed = seal.seal("a", "x").expect("sealed");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        let again = Seal::of_database(&url, Some(" ")).expect("a seal");
        assert_eq!(again.open("a", &sealed).as_deref(), Some("x"));
        // The file is gone: what was sealed is lost, and nothing panics.
        fs::remove_file(&path).expect("removed");
        assert_eq!(Seal::of_database(&url, None).expect("a seal").open("a", &sealed), None);
        assert!(!path.exists(), "reading makes no key");
    }

    #[test]
    fn a_key_file_that_others_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("k");
        fs::write(&path, HEX).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let seal = Seal::in_file(path.clone());
        assert!(seal.problem().is_some_and(|p| p.contains("chmod 600")));
        assert!(seal.seal("a", "x").is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        assert!(seal.seal("a", "x").is_ok());
        fs::write(&path, "nonsense").expect("written");
        assert!(Seal::in_file(path).problem().is_some_and(|p| p.ends_with("holds no key")));
    }

    #[test]
    fn without_a_place_for_a_key_it_is_said_what_to_set() {
        for url in ["postgres://localhost/board", "sqlite::memory:", "sqlite:file:board?mode=memory"] {
            let seal = Seal::of_database(url, None).expect("a seal");
            assert!(seal.problem().is_some_and(|p| p.contains(VARIABLE)), "{url}");
            assert!(matches!(seal.seal("a", "x"), Err(Error::Conflict(text)) if text.contains(VARIABLE)));
        }
    }
}
