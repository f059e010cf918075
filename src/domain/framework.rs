//! Both sides. How agents of one framework are pointed here.

use super::execution::ExecutionSummary;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands in `docs/frameworks/{id}.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framework {
    pub id: String,
    pub name: String,
    /// A sentence or two; the first word is the language.
    pub about: String,
    /// What to type, in order, each under its heading.
    pub parts: Vec<FrameworkPart>,
    /// What it does not send, and how that is changed.
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkPart {
    pub title: String,
    /// With `{url}` and `{token}` where the reader's own go.
    pub text: String,
}

impl FrameworkPart {
    /// With an address and a token in it; without a token its place is shown.
    pub fn filled(&self, url: &str, token: Option<&str>) -> String {
        self.text.replace("{url}", url).replace("{token}", token.unwrap_or("YOUR_TOKEN"))
    }

    pub fn takes_token(&self) -> bool {
        self.text.contains("{token}")
    }
}

/// What the set-up page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectPage {
    pub frameworks: Vec<Framework>,
    /// Spans from now on are those that it waits for.
    pub since: Timestamp,
}

/// What has come of the reader's since they opened the set-up page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    pub traces: i64,
    /// The newest run that they tell of.
    pub run: Option<ExecutionSummary>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readers_own_address_and_token_are_filled_in() {
        let part = FrameworkPart { title: String::new(), text: "{url} Bearer%20{token}".to_owned() };
        assert_eq!(part.filled("https://r.example", Some("rb_1")), "https://r.example Bearer%20rb_1");
        assert_eq!(part.filled("https://r.example", None), "https://r.example Bearer%20YOUR_TOKEN");
        assert!(part.takes_token());
    }
}
