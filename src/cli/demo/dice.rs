//! Server. Seeded chance: the same seed gives the same fleet.

use crate::domain::{ExecutionId, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

pub struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// From 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Both ends included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.0.random_range(0..of.len())])
    }

    /// An index, each as likely as its weight says.
    pub fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (i, w) in weights.enumerate() {
            if w > 0.0 {
                last = i;
            }
            left -= w;
            if left < 0.0 {
                return i;
            }
        }
        last
    }

    /// Log-normal: half of all values lie below `median`; `spread` 0.5 is tame, 1 is wild.
    pub fn around(&mut self, median: f64, spread: f64) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
        median * (spread * normal.clamp(-3.0, 3.0)).exp()
    }

    #[expect(clippy::cast_possible_truncation, reason = "far below 2^53")]
    pub fn whole_around(&mut self, median: f64, spread: f64) -> i64 {
        self.around(median, spread).round() as i64
    }

    /// A version 7 id of that moment.
    pub fn id(&mut self, at: Timestamp) -> ExecutionId {
        let random: [u8; 10] = self.0.random();
        let millis = u64::try_from(at.millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        id.to_string().parse().expect("a UUID is an execution id")
    }

    /// Fills `{n}`, `{company}` and the like; other braces stay.
    pub fn fill(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let after = &rest[open..];
            let word = after.find('}').and_then(|close| Some((close, self.word(&after[1..close])?)));
            if let Some((close, word)) = word {
                out.push_str(&word);
                rest = &after[close + 1..];
            } else {
                out.push('{');
                rest = &after[1..];
            }
        }
        out.push_str(rest);
        out
    }

    fn word(&mut self, name: &str) -> Option<String> {
        let list: &[&str] = match name {
            "n" => return Some(self.between(2, 98).to_string()),
            "num" => return Some(self.between(1_000, 9_999).to_string()),
            "ms" => return Some(self.between(40, 2_400).to_string()),
            "amount" => return Some(format!("{}.{:02}", self.between(40, 9_800), self.between(0, 99))),
            "hash" => return Some(format!("{:07x}", self.between(0x0100_0000, 0x0fff_ffff))),
            "company" => &COMPANIES,
            "person" => &PEOPLE,
            "city" => &CITIES,
            "repo" => &REPOS,
            "coin" => &["BTC", "ETH", "SOL", "ADA", "DOT"],
            "crate" => &["tokio", "serde", "axum", "sqlx", "tracing", "hyper", "rustls", "clap"],
            "product" => &["Kestrel 200", "Kestrel 400", "Heron Mini", "Heron Pro", "Osprey Dock", "Swift Cable"],
            "table" => &["orders", "customers", "payments", "shipments", "sessions", "invoices"],
            _ => return None,
        };
        self.pick(list).map(|w| (*w).to_owned())
    }
}

const COMPANIES: [&str; 12] = [
    "Northwind",
    "Contoso",
    "Fabrikam",
    "Hanseatic Freight",
    "Müller & Söhne",
    "Tanaka Seiki",
    "Acme Tooling",
    "Oasis Trading",
    "Bluebird Labs",
    "Vega Solar",
    "Kranz GmbH",
    "Lakeside Clinics",
];
const PEOPLE: [&str; 10] = [
    "Ann Keller",
    "Bo Lindqvist",
    "Chiara Russo",
    "Daniel Osei",
    "Emi Sato",
    "Farid Haddad",
    "Grace Lin",
    "Hugo Brandt",
    "Ines Duarte",
    "Jonas Weber",
];
const CITIES: [&str; 9] =
    ["Hamburg", "Osaka", "Dubai", "Lisbon", "Toronto", "Nairobi", "Austin", "Gothenburg", "Kraków"];
const REPOS: [&str; 7] = [
    "shop/checkout",
    "shop/catalog",
    "platform/gateway",
    "platform/auth",
    "data/pipelines",
    "mobile/app",
    "infra/terraform",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_other_braces_stay() {
        let filled = Dice::new(1).fill(r#"{"repo":"{repo}","n":{n}} {unknown} {"#);
        assert!(filled.starts_with(r#"{"repo":""#) && filled.ends_with("} {unknown} {"), "{filled}");
        assert!(!filled.contains("{repo}") && !filled.contains("{n}"));
    }

    #[test]
    fn half_of_all_values_lie_below_the_median() {
        let mut dice = Dice::new(7);
        let below = (0..10_000).filter(|_| dice.around(60.0, 0.7) < 60.0).count();
        assert!((4_700..5_300).contains(&below), "{below}");
    }

    #[test]
    fn ids_sort_by_their_moment() {
        let mut dice = Dice::new(3);
        let (a, b) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
        assert!(dice.id(a) < dice.id(b));
    }
}
