//! Server. Signs what is sent out, so that whoever receives it knows where it is from.

use crate::domain::{Error, Result, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;

/// How a secret of ours begins; what follows is base64.
const PREFIX: &str = "whsec_";

/// A new secret to sign with.
pub fn new_secret() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The headers of a message, as <https://www.standardwebhooks.com> has them; without a secret there is no signature.
pub fn headers(secret: Option<&str>, id: &str, now: Timestamp, body: &str) -> Result<Vec<(&'static str, String)>> {
    let mut all = vec![("webhook-id", id.to_owned()), ("webhook-timestamp", seconds(now))];
    if let Some(secret) = secret {
        all.push(("webhook-signature", of(secret, id, now, body)?));
    }
    Ok(all)
}

fn seconds(now: Timestamp) -> String {
    (now.millis() / 1_000).to_string()
}

/// Of `id.timestamp.body`. A secret that begins with `whsec_` is base64.
fn of(secret: &str, id: &str, now: Timestamp, body: &str) -> Result<String> {
    let wrong = || Error::Internal("a webhook's secret that is no key".to_owned());
    let key = match secret.strip_prefix(PREFIX) {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| wrong())?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| wrong())?;
    mac.update(format!("{id}.{}.{body}", seconds(now)).as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's libraries.
    #[test]
    fn a_signature_is_as_the_standard_says() {
        let at = Timestamp::from_millis(1_614_265_330_000);
        let made =
            of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(made.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_new_secret_is_a_key() {
        assert_ne!(new_secret(), new_secret());
        assert!(headers(Some(&new_secret()), "a", Timestamp::from_millis(0), "{}").is_ok_and(|all| all.len() == 3));
        assert!(headers(None, "a", Timestamp::from_millis(0), "{}").is_ok_and(|all| all.len() == 2));
    }
}
