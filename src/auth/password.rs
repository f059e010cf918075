//! Server. Passwords, hashed with Argon2id.

use crate::domain::{Error, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use tokio::sync::Semaphore;

/// Each hash takes 19 MiB and some 20 ms: more at once would starve everything else.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

pub const MIN_CHARS: usize = 10;
const MAX_BYTES: usize = 1_024;

pub fn check_new(password: &str) -> Result<()> {
    if password.chars().count() < MIN_CHARS {
        return Err(Error::invalid("password", format!("needs at least {MIN_CHARS} characters")));
    }
    if password.len() > MAX_BYTES {
        return Err(Error::invalid("password", "is longer than 1 024 bytes"));
    }
    Ok(())
}

pub async fn hash(password: String) -> Result<String> {
    off_the_loop(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|h| h.to_string())
            .map_err(|e| Error::Internal(e.to_string()))
    })
    .await
}

/// Takes the same time whether the account exists (`stored` is `None`) or not.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool> {
    if password.len() > MAX_BYTES {
        return Ok(false);
    }
    let Some(stored) = stored else {
        hash(password).await?;
        return Ok(false);
    };
    off_the_loop(move || {
        let parsed = PasswordHash::new(&stored).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
}

async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let gone = |_| Error::Unavailable("the server is shutting down".to_owned());
    let _permit = AT_ONCE.acquire().await.map_err(|e| Error::Unavailable(e.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(gone)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_only_its_own_hash() {
        let stored = hash("correct horse".to_owned()).await.expect("hashed");
        assert!(stored.starts_with("$argon2id$"));
        assert_eq!(verify("correct horse".to_owned(), Some(stored.clone())).await, Ok(true));
        assert_eq!(verify("wrong horse".to_owned(), Some(stored)).await, Ok(false));
        assert_eq!(verify("correct horse".to_owned(), None).await, Ok(false));
    }
}
