//! Server. Requests to addresses that an agent names. Where they may go is decided when they connect, by the address
//! itself: a name may point somewhere else every time.

use super::job::Failure;
use crate::app::addresses::{NEVER, Place, place};
use crate::app::{App, Config, agent_check};
use crate::domain::{Error, Result, RetryOn, Role};
use crate::store::agents::AgentRow;
use crate::store::users;
use axum::body::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

/// Nothing more came for so long: the other side is taken to be gone. Before an answer begins, only the run's own time
/// ends the waiting: a model may think for longer.
pub const STALL: Duration = Duration::from_mins(5);
const CONNECT: Duration = Duration::from_secs(10);
/// Read of an answer that is an error.
const ERROR_BYTES: usize = 64 << 10;
/// Characters kept of what it says.
const ERROR_CHARS: usize = 2_000;
/// Stands for a secret. Shorter than any that is replaced, so that nothing grows.
const HIDDEN: &str = "…";

/// How far an agent's requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Also into the networks the server itself is in: what an admin has made.
    Inside,
    /// Only to addresses that everybody can reach.
    Public,
}

impl Reach {
    pub async fn of(app: &App, agent: &AgentRow) -> Result<Self> {
        let owner = users::by_key(&mut app.store.read(), agent.owner_key).await?;
        Ok(if owner.is_some_and(|o| o.role == Role::Admin) { Self::Inside } else { Self::Public })
    }

    /// Why not, if so.
    fn refuses(self, address: IpAddr) -> Option<&'static str> {
        match place(address) {
            Place::Never => Some(NEVER),
            Place::Inside if self == Self::Public => {
                Some("an address inside the server's networks, which only agents of an admin may use")
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

/// An agent's address, if its requests may go there. A name is judged when it is looked up.
pub fn address(text: &str, reach: Reach) -> Result<reqwest::Url, String> {
    let url = reqwest::Url::parse(text).map_err(|e| format!("{text} is no URL: {e}"))?;
    let host = url.host_str().map(|h| h.trim_start_matches('[').trim_end_matches(']'));
    match host.and_then(|h| h.parse::<IpAddr>().ok()).and_then(|a| reach.refuses(a)) {
        Some(why) => Err(format!("{text} is {why}")),
        None => Ok(url),
    }
}

/// The secret an agent's requests carry, by the name of its variable.
pub fn secret(config: &Config, reach: Reach, name: Option<&str>) -> Result<Option<String>, String> {
    let Some(name) = name else { return Ok(None) };
    match agent_check::variable_value(config, name, reach == Reach::Inside).and_then(|v| v.into_string().ok()) {
        Some(secret) => Ok(Some(secret)),
        None => Err(format!("the variable {name} is not set here, or may not be used by this agent")),
    }
}

/// What went wrong on the way, in the words of its deepest cause. `who`: endpoint or webhook.
pub fn broken(who: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let what = if error.is_connect() { "can't be reached" } else { "broke off" };
    let kind = if error.is_timeout() && !error.is_connect() { RetryOn::Timeout } else { RetryOn::Unavailable };
    Failure::of(format!("the {who} {what}: {cause}"), kind)
}

/// The next piece of an answer, `None` at its end. `begun`: something of it has come already.
pub async fn next(who: &str, response: &mut Response, begun: bool) -> Result<Option<Bytes>, Failure> {
    if begun { next_within(STALL, who, response).await } else { read(who, response).await }
}

/// The same, unless it does not come in time.
pub async fn next_within(time: Duration, who: &str, response: &mut Response) -> Result<Option<Bytes>, Failure> {
    tokio::time::timeout(time, read(who, response)).await.unwrap_or_else(|_| {
        Err(Failure::of(format!("the {who} said nothing for {} s", time.as_secs()), RetryOn::Timeout))
    })
}

async fn read(who: &str, response: &mut Response) -> Result<Option<Bytes>, Failure> {
    response.chunk().await.map_err(|e| broken(who, &e))
}

/// Why it did not do what it was asked, and whether asking again later is of use. To be shown by way of `without`.
pub async fn refusal(who: &str, mut response: Response) -> Failure {
    let status = response.status();
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    let wait_s = wait.and_then(|v| v.trim().parse().ok());
    let mut body = Vec::new();
    // An error's text is there at once, or not worth the wait.
    while let Ok(Some(chunk)) = next(who, &mut response, true).await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BYTES {
            break;
        }
    }
    let said = match serde_json::from_slice::<Value>(&body) {
        Ok(value) => message(&value),
        Err(_) => String::from_utf8_lossy(&body).trim().to_owned(),
    };
    let said = if said.is_empty() { said } else { format!(": {said}") };
    let error = format!("the {who} answered {status}{said}");
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failure { wait_s, ..Failure::of(error, RetryOn::RateLimited) },
        StatusCode::REQUEST_TIMEOUT => Failure::of(error, RetryOn::Timeout),
        s if s.is_server_error() => Failure { wait_s, ..Failure::of(error, RetryOn::Unavailable) },
        s if s.is_redirection() => Failure::lasting(format!("the {who} answered {status}; redirects are not followed")),
        _ => Failure::lasting(error),
    }
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
