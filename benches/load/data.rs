//! Records as a fleet of forty agents leaves them over thirty days: in the order they began, more or less.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

pub const AGENTS: usize = 40;
const MODELS: [&str; 5] = ["gpt-4.1", "gpt-4.1-mini", "claude-sonnet-4-5", "claude-haiku-4-5", "gemini-2.5-flash"];
const TRIGGERS: [&str; 5] = ["schedule", "api", "manual", "agent", "cli"];
const TOOLS: [&str; 6] =
    ["web.search", "github.get_diff", "github.create_review", "orders.get", "mail.draft", "warehouse.query"];
const THINGS: [&str; 8] = ["invoice", "ticket", "contract", "parcel", "release", "backup", "meeting", "report"];
const PLACES: [&str; 8] = ["Hamburg", "Osaka", "Dubai", "Lisbon", "Toronto", "Nairobi", "Austin", "Kraków"];

const SPAN_MS: i64 = 30 * 86_400_000;

pub struct Records {
    dice: StdRng,
    now_ms: i64,
    /// Between the starts of two records.
    step_ms: f64,
    made: usize,
}

impl Records {
    /// `count` records fill the days.
    pub fn new(seed: u64, count: usize) -> Self {
        let now_ms = chrono::Utc::now().timestamp_millis();
        Self { dice: StdRng::seed_from_u64(seed), now_ms, step_ms: SPAN_MS as f64 / count as f64, made: 0 }
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.dice.random_range(0..of.len())]
    }

    fn time(ms: i64) -> String {
        chrono::DateTime::from_timestamp_millis(ms).expect("a time").to_rfc3339()
    }

    /// One JSON record.
    pub fn next(&mut self) -> String {
        // Runs are recorded when they end: up to five minutes late.
        let late = self.dice.random_range(0..300_000_i64);
        #[expect(clippy::cast_possible_truncation, reason = "at most thirty days")]
        let since = (self.step_ms * self.made as f64) as i64;
        let start = self.now_ms - SPAN_MS + since - late;
        self.made += 1;
        #[expect(clippy::cast_possible_truncation, reason = "at most four minutes")]
        let duration = (30_000.0 * self.dice.random_range(-2.0..2.0_f64).exp()) as i64;
        let status = match self.dice.random_range(0..100) {
            0..6 => "failed",
            6..8 => "cancelled",
            _ => "success",
        };
        let number = self.dice.random_range(1_000..999_999);
        // The square favours the first agents, as in life.
        let agent = (self.dice.random::<f64>().powi(2) * AGENTS as f64).floor();
        let input = self.dice.random_range(400..40_000);
        let output = self.dice.random_range(50..3_000);
        let mut record = json!({
            "agent_name": format!("agent-{agent}"),
            "message": format!("Process {} {number} for {}", self.pick(&THINGS), self.pick(&PLACES)),
            "triggered_by": self.pick(&TRIGGERS),
            "status": status,
            "started_at": Self::time(start),
            "duration_ms": duration,
            "model": self.pick(&MODELS),
            "input_tokens": input,
            "output_tokens": output,
            "cost": (f64::from(input) * 2.0 + f64::from(output) * 8.0) / 1e6,
            "labels": {"env": self.pick(&["prod", "prod", "prod", "staging"]), "region": self.pick(&["eu", "us", "ap"])},
        });
        if status == "failed" {
            record["error"] = json!(format!("429 Too Many Requests while reading {} {number}", self.pick(&THINGS)));
        } else {
            record["response"] = json!(format!("Done: {number} was checked and passed on to {}.", self.pick(&PLACES)));
        }
        if self.dice.random_range(0..5) == 0 {
            let tool =
                json!({"call_id": "1", "name": self.pick(&TOOLS), "arguments": {"id": number}, "status": "success"});
            record["tool_calls"] = json!([tool]);
        }
        record.to_string()
    }

    pub fn batch(&mut self, records: usize) -> String {
        (0..records).map(|_| self.next() + "\n").collect()
    }
}
