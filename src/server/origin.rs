//! Server. Cookies are sent by any page a person has open: a write or a socket that comes with one must come
//! from this site. Browsers say where a request comes from; programs, which say nothing, have no cookie to abuse.

use crate::app::Config;
use crate::domain::Error;
use axum::http::{HeaderMap, header};

pub fn check(headers: &HeaderMap, config: &Config) -> Result<(), Error> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().map_err(|_| refused())?;
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("");
    let own =
        origin.split_once("://").is_some_and(|(_, authority)| !host.is_empty() && authority.eq_ignore_ascii_case(host));
    if own || config.allowed_origins.iter().any(|o| o == origin) { Ok(()) } else { Err(refused()) }
}

fn refused() -> Error {
    Error::Forbidden("this request comes from another site".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "board.example:8080".parse().expect("a header"));
        headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        let config = Config { allowed_origins: vec!["https://proxy.example".to_owned()], ..Config::default() };
        check(&headers, &config).is_ok()
    }

    #[test]
    fn only_this_site_and_the_named_ones_pass() {
        assert!(from("http://board.example:8080"));
        assert!(from("https://proxy.example"));
        assert!(!from("null"));
        assert!(!from("http://board.example"));
        assert!(!from("http://evil.example"));
        assert!(check(&HeaderMap::new(), &Config::default()).is_ok());
    }
}
