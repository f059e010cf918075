//! Server. Where this server is, as people reach it: messages carry whole addresses.

use crate::app::Config;
use crate::domain::{Error, Result};

/// Why no links can be made, in words.
pub const UNKNOWN: &str = "this server does not know its own address: set RUNBOARD_PUBLIC_URL (--public-url) to what people \
                           type into their browsers, for example https://runboard.example";

/// The address as an operator gives it; without a slash at its end.
pub fn public_url(text: &str) -> Result<String> {
    let wrong = || Error::invalid("public_url", format!("`{text}` is not an address such as https://runboard.example"));
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

/// The whole address of a path.
pub fn link(config: &Config, path: &str) -> Result<String> {
    let base = config.public_url.as_ref().ok_or_else(|| Error::Conflict(UNKNOWN.to_owned()))?;
    Ok(format!("{base}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain() {
        assert_eq!(public_url("https://runboard.example/").as_deref(), Ok("https://runboard.example"));
        assert_eq!(public_url("http://10.0.0.1:8080/board/").as_deref(), Ok("http://10.0.0.1:8080/board"));
        for wrong in
            ["runboard.example", "ftp://a.example", "https://a.example/?x=1", "https://u:p@a.example", "https://"]
        {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }
}
