//! Server. Requests to addresses that people name. Where they may go is decided when they connect, by the address
//! itself: a name may point somewhere else every time.

use super::App;
use super::addresses::{NEVER, Place, place};
use crate::domain::{Error, Result, Role};
use crate::store::agents::AgentRow;
use crate::store::users;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
/// Characters kept of what an error says.
const ERROR_CHARS: usize = 2_000;
/// Stands for a secret. Shorter than any that is replaced, so that nothing grows.
const HIDDEN: &str = "…";

/// How far requests may go that somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Also into the networks the server itself is in: what an admin asks for.
    Inside,
    /// Only to addresses that everybody can reach.
    Public,
}

impl Reach {
    pub async fn of(app: &App, agent: &AgentRow) -> Result<Self> {
        let owner = users::by_key(&mut app.store.read(), agent.owner_key).await?;
        Ok(owner.map_or(Self::Public, |o| Self::of_role(o.role)))
    }

    pub fn of_role(role: Role) -> Self {
        if role == Role::Admin { Self::Inside } else { Self::Public }
    }

    /// Why not, if so.
    fn refuses(self, address: IpAddr) -> Option<&'static str> {
        match place(address) {
            Place::Never => Some(NEVER),
            Place::Inside if self == Self::Public => {
                Some("an address inside the server's networks, which only agents and webhooks of an admin may use")
            }
            Place::Inside | Place::Public => None,
        }
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // All of them: a name that points outside and inside is not to be tried until it points inside.
            if let Some(why) = found.iter().find_map(|a| reach.refuses(a.ip())) {
                return Err(format!("{} is {why}", name.as_str()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// One client for each reach, made when it is first needed.
#[derive(Default)]
pub struct Clients {
    inside: OnceLock<reqwest::Client>,
    public: OnceLock<reqwest::Client>,
}

impl Clients {
    pub fn of(&self, reach: Reach) -> Result<&reqwest::Client> {
        let place = match reach {
            Reach::Inside => &self.inside,
            Reach::Public => &self.public,
        };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let client = client(reach)?;
        Ok(place.get_or_init(|| client))
    }
}

pub fn client(reach: Reach) -> Result<reqwest::Client> {
    // Installed already: that is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .user_agent(concat!("runboard/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(std::sync::Arc::new(reach))
        // A redirect leads where nobody said it should; a proxy would connect in our place.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .build()
        .map_err(|e| Error::Unavailable(format!("no HTTP client: {e}")))
}

/// An address, if requests may go there. A name is judged when it is looked up.
pub fn address(text: &str, reach: Reach) -> Result<reqwest::Url, String> {
    let url = reqwest::Url::parse(text).map_err(|e| format!("{text} is no URL: {e}"))?;
    match refused(&url, reach) {
        Some(why) => Err(format!("{text} is {why}")),
        None => Ok(url),
    }
}

/// Why requests may not go to a host that is given as an address, if so.
pub fn refused(url: &reqwest::Url, reach: Reach) -> Option<&'static str> {
    let host = url.host_str().map(|h| h.trim_start_matches('[').trim_end_matches(']'));
    host.and_then(|h| h.parse::<IpAddr>().ok()).and_then(|a| reach.refuses(a))
}

/// What an error comes from in the end. It has no address in it, which may be a secret.
pub fn deepest(error: &dyn std::error::Error) -> &dyn std::error::Error {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

/// What a JSON answer says of its own error, in whichever shape and however long.
pub fn message(error: &Value) -> String {
    let inner = error.get("error").unwrap_or(error);
    let text = ["message", "detail"].iter().find_map(|name| inner.get(name).and_then(Value::as_str)).or(inner.as_str());
    text.map_or_else(|| inner.to_string(), ToOwned::to_owned)
}

/// An error without the secret that whoever wrote it was sent, and not too long. Cut last: of a secret that was cut,
/// the rest would not be found.
pub fn without(error: &str, secret: Option<&str>) -> String {
    redacted(error, secret).chars().take(ERROR_CHARS).collect()
}

/// A text without a secret. One that was cut, or goes on, may end in the beginning of it.
pub fn redacted(text: &str, secret: Option<&str>) -> String {
    let Some(secret) = secret.filter(|secret| secret.len() >= 4) else { return text.to_owned() };
    let mut text = text.replace(secret, HIDDEN);
    // A letter or two may be anything's beginning.
    let telling = 8.min(secret.len() / 2);
    let begun = (telling..secret.len()).rev().find(|n| text.as_bytes().ends_with(&secret.as_bytes()[..*n]));
    if let Some(n) = begun {
        text.truncate(text.len() - n);
        text.push_str(HIDDEN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str, reach: Reach) -> bool {
        reach.refuses(address.parse().expect("an address")).is_some()
    }

    #[test]
    fn inside_is_for_admins_and_metadata_for_nobody() {
        for (address, inside, public) in [
            ("169.254.169.254", true, true),
            ("fd00:ec2::254", true, true),
            ("::ffff:168.63.129.16", true, true),
            ("127.0.0.1", false, true),
            ("198.18.0.1", false, true),
            ("fec0::1", false, true),
            ("1.1.1.1", false, false),
        ] {
            assert_eq!(
                (refused(address, Reach::Inside), refused(address, Reach::Public)),
                (inside, public),
                "{address}"
            );
        }
    }

    #[test]
    fn an_address_is_judged_however_it_is_written() {
        for text in ["http://127.0.0.1/", "http://[::1]:80/", "http://2130706433/", "http://0x7f.1/", "http://127.1/"] {
            assert!(address(text, Reach::Public).is_err(), "{text}");
        }
        assert!(address("https://llm.example/v1", Reach::Public).is_ok());
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_points_to() {
        let resolve = |reach: Reach| reach.resolve("localhost".parse().expect("a name"));
        assert!(resolve(Reach::Inside).await.is_ok());
        assert!(resolve(Reach::Public).await.is_err());
    }

    #[test]
    fn no_part_of_a_secret_is_left_where_a_text_was_cut() {
        let secret = Some("sk-0123456789");
        let long = "x".repeat(ERROR_CHARS - 5);
        assert_eq!(without(&format!("{long}sk-0123456789 and more"), secret), format!("{long}… and"));
        assert_eq!(redacted("a sk-0123456789, sk-01234567", secret), "a …, …");
        assert_eq!(redacted("it begins with sk-", secret), "it begins with sk-");
        assert_eq!(redacted("an été", Some("étéé")), "an …");
        assert_eq!(redacted("as it is", None), "as it is");
    }
}
