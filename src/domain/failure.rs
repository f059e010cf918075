//! Both sides. What failures have in common: an error's text without what differs from run to run.

use super::id::ExecutionId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Characters of a pattern.
pub const PATTERN_CHARS: usize = 200;
/// Characters at each end of an error in which the telling line is looked for.
const END_CHARS: usize = 4_000;
/// Characters of that line that are looked at; beyond, they tell runs apart rather than failures.
const LOOKED_AT: usize = 1_000;
const UNITS: [&str; 6] = ["<n>ms", "<n>m", "<n>h", "<n>d", "<n>m<n>s", "<n>h<n>m"];
const UNSAID: &str = "No error message";

/// Runs with the same `id` failed in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// 16 hexadecimal digits, the same for the same pattern on every machine and version.
    pub id: String,
    /// At most 200 characters: `Rate limit reached for <id>`.
    pub pattern: String,
}

/// Parts the time of `FailureGroups` is divided into.
pub const BUCKETS: usize = 24;

/// Runs under a filter that failed in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FailureGroup {
    /// For the list filter `error_group`.
    pub id: String,
    /// The error without what differs from run to run, at most 200 characters.
    pub pattern: String,
    /// The same as the `total_count` of the list with this filter and `error_group`.
    pub count: i64,
    /// Effective starts of the first and the newest of these runs.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub first_seen: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub last_seen: Timestamp,
    /// Names, most runs first, at most 10.
    pub agents: Vec<String>,
    /// The newest of these runs.
    pub sample: ExecutionId,
    /// The last success before the first of these runs: of the agent that had it, and of the filter's trigger, model,
    /// labels, thread, flow and parent.
    pub last_good: Option<LastGood>,
    /// Runs in each 24th of the time between `from` and `to`.
    pub over_time: Vec<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct LastGood {
    pub id: ExecutionId,
    pub agent_name: String,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
}

/// The failures under a filter, most runs first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FailureGroups {
    pub groups: Vec<FailureGroup>,
    /// There are more groups, each with no more runs than the last.
    pub has_more: bool,
    /// The time `over_time` divides: the filter's window, or from the first of these runs to now.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub from: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub to: Timestamp,
    /// Sequence number of the last event these numbers contain.
    pub as_of: i64,
}

/// Numbers, ids, times and quoted values give way to `<n>`, `<id>`, `<time>` and `'…'`. A number that says what kind
/// of failure it is, as in `HTTP 429`, stays.
pub fn fingerprint(error: &str) -> Failure {
    let line: Vec<char> = telling_line(&ends_of(error)).chars().take(LOOKED_AT).collect();
    let mut pattern: String =
        Scan { text: &line, at: 0, out: String::new() }.run().chars().take(PATTERN_CHARS).collect();
    pattern.truncate(pattern.trim_end().len());
    if pattern.is_empty() {
        UNSAID.clone_into(&mut pattern);
    }
    // FNV-1a: no secret hangs on it, and it has to be the same everywhere.
    let hash =
        pattern.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Failure { id: format!("{hash:016x}"), pattern }
}

/// An error as far as it is looked at: its beginning and its end.
fn ends_of(error: &str) -> Cow<'_, str> {
    let beyond = |mut indices: std::str::CharIndices| indices.nth(END_CHARS).map(|(i, _)| i);
    let (Some(head), Some((tail, _))) = (beyond(error.char_indices()), error.char_indices().nth_back(END_CHARS - 1))
    else {
        return error.into();
    };
    if head >= tail { error.into() } else { format!("{}\n{}", &error[..head], &error[tail..]).into() }
}

/// The line that says what went wrong. Python says it last, others first.
fn telling_line(error: &str) -> String {
    let mut lines = error.lines().map(str::trim_end).filter(|l| !l.trim().is_empty());
    if error.contains("Traceback (most recent call last):") {
        let said = |l: &&str| !l.starts_with(char::is_whitespace) && !l.starts_with("Traceback (most recent");
        if let Some(last) = error.lines().map(str::trim_end).filter(|l| !l.is_empty()).rfind(said) {
            return last.to_owned();
        }
    }
    let first = lines.next().unwrap_or_default().trim();
    // `thread 'main' panicked at src/main.rs:5:10:` and the like go on below.
    match lines.next() {
        Some(second) if first.ends_with(':') => format!("{first} {}", second.trim()),
        _ => first.to_owned(),
    }
}

struct Scan<'t> {
    text: &'t [char],
    at: usize,
    out: String,
}

impl Scan<'_> {
    fn run(mut self) -> String {
        while let Some(c) = self.peek(0) {
            match c {
                '\'' | '"' | '“' | '‘' if self.quoted(c) => {}
                c if c.is_ascii_digit() && self.time() => {}
                c if c.is_alphanumeric() || c == '_' => self.word(),
                c if c.is_whitespace() || c.is_control() => {
                    if !self.out.is_empty() && !self.out.ends_with(' ') {
                        self.out.push(' ');
                    }
                    self.at += 1;
                }
                c => {
                    self.out.push(c);
                    self.at += 1;
                }
            }
        }
        self.out
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    /// A value in quotes. An apostrophe within a word is none.
    fn quoted(&mut self, open: char) -> bool {
        let close = match open {
            '“' => '”',
            '‘' => '’',
            same => same,
        };
        let after_word = self.at.checked_sub(1).and_then(|i| self.text.get(i)).is_some_and(|c| c.is_alphanumeric());
        if open == '\'' && after_word {
            return false;
        }
        let ends = |i: usize| {
            self.text[i] == close && (close != '\'' || self.text.get(i + 1).is_none_or(|next| !next.is_alphanumeric()))
        };
        let Some(end) = (self.at + 1..self.text.len()).find(|i| ends(*i)) else { return false };
        self.out.push_str("'…'");
        self.at = end + 1;
        true
    }

    /// `2026-11-21`, with or without a time of day and a zone.
    fn time(&mut self) -> bool {
        let Some(mut end) = self.shaped(self.at, "dddd-dd-dd") else { return false };
        if let Some(clock) =
            self.text.get(end).filter(|c| matches!(c, 'T' | ' ')).and_then(|_| self.shaped(end + 1, "dd:dd"))
        {
            end = self.shaped(clock, ":dd").unwrap_or(clock);
            if matches!(self.text.get(end), Some('.' | ',')) && self.digit(end + 1) {
                end += 1;
                while self.digit(end) {
                    end += 1;
                }
            }
            end = match self.text.get(end) {
                Some('Z') => end + 1,
                Some('+' | '-') => {
                    self.shaped(end + 1, "dd:dd").or_else(|| self.shaped(end + 1, "dddd")).unwrap_or(end)
                }
                _ => end,
            };
        }
        self.out.push_str("<time>");
        self.at = end;
        true
    }

    fn digit(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(char::is_ascii_digit)
    }

    /// The end of a stretch from `from` that looks like `shape`, where `d` is a digit.
    fn shaped(&self, from: usize, shape: &str) -> Option<usize> {
        let fits = shape.chars().enumerate().all(|(i, s)| match s {
            'd' => self.digit(from + i),
            other => self.text.get(from + i) == Some(&other),
        });
        fits.then_some(from + shape.len())
    }

    fn word(&mut self) {
        let start = self.at;
        if let Some(end) = self.uuid(start) {
            self.at = end;
            return self.out.push_str("<id>");
        }
        let mut end = start;
        while self.text.get(end).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
            end += 1;
        }
        let word: String = self.text[start..end].iter().collect();
        self.at = end;
        if !word.contains(|c: char| c.is_ascii_digit()) {
            return self.out.push_str(&word);
        }
        if word.bytes().all(|b| b.is_ascii_digit()) && self.is_code(&word) {
            return self.out.push_str(&word);
        }
        if is_id(&word) {
            return self.out.push_str("<id>");
        }
        let plain = numbers_out(&word);
        // 1.4s, 10.0.0.1:5432, 12:03:41 and 1,200 are one number each.
        let joins = self.out.strip_suffix(['.', ',', ':']).is_some_and(|before| before.ends_with("<n>"));
        match plain.strip_prefix("<n>") {
            Some(rest) if joins => {
                self.out.pop();
                self.out.push_str(rest);
            }
            _ => self.out.push_str(&plain),
        }
        // How long to wait is said in whatever unit fits.
        if UNITS.contains(&plain.as_str()) && self.out.ends_with(&plain) {
            self.out.truncate(self.out.len() - plain.len());
            self.out.push_str("<n>s");
        }
    }

    fn uuid(&self, at: usize) -> Option<usize> {
        let fits = (0..36).all(|i| match i {
            8 | 13 | 18 | 23 => self.text.get(at + i) == Some(&'-'),
            _ => self.text.get(at + i).is_some_and(char::is_ascii_hexdigit),
        });
        let ends = self.text.get(at + 36).is_none_or(|c| !c.is_alphanumeric());
        (fits && ends).then_some(at + 36)
    }

    /// Does this number say what kind of failure it is? An HTTP status does, after a word for it or in front of all.
    fn is_code(&self, word: &str) -> bool {
        let before: String = self.out.trim_end_matches([' ', ':', '=', '(', '#']).to_lowercase();
        word.len() == 3
            && matches!(word.as_bytes()[0], b'3'..=b'5')
            && (before.is_empty()
                || ["http", "status", "code", "error", "http/<n>", "response"].iter().any(|w| before.ends_with(w)))
    }
}

/// Made up by a machine: long and with digits in it, hexadecimal, or letters and digits in turns.
fn is_id(word: &str) -> bool {
    let hex = word.strip_prefix("0x").unwrap_or(word);
    let all_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
    let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
    let turns = word.as_bytes().windows(2).filter(|w| w[0].is_ascii_alphabetic() && w[1].is_ascii_digit()).count();
    word.starts_with("0x") && all_hex || letters && (word.len() >= 16 || all_hex && word.len() >= 7 || turns >= 2)
}

/// Each run of digits becomes `<n>`.
fn numbers_out(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with("<n>") {
            out.push_str("<n>");
        }
    }
    out
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
