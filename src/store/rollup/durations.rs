//! Server. How many runs lasted how long, in classes 4 % apart: percentiles within 2 %, and sums of many cells add up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Up to here each millisecond is a class of its own.
const EXACT: i64 = 50;
const RATIO: f64 = 1.04;

/// Runs by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Durations(BTreeMap<i64, i64>);

#[expect(clippy::cast_possible_truncation, reason = "a logarithm of 2^63 is small")]
fn class(ms: i64) -> i64 {
    if ms <= EXACT { ms.max(0) } else { EXACT + 1 + ((ms as f64 / EXACT as f64).ln() / RATIO.ln()).floor() as i64 }
}

/// The middle of a class.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn middle(class: i64) -> i64 {
    if class <= EXACT { class } else { (EXACT as f64 * RATIO.powf((class - EXACT - 1) as f64 + 0.5)).round() as i64 }
}

impl Durations {
    pub fn add(&mut self, ms: i64, runs: i64) {
        self.add_class(class(ms), runs);
    }

    fn add_class(&mut self, class: i64, runs: i64) {
        let here = self.0.entry(class).or_default();
        *here += runs;
        if *here == 0 {
            self.0.remove(&class);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (class, runs) in &other.0 {
            self.add_class(*class, *runs);
        }
    }

    /// As stored. `None`: the text is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = BTreeMap::new();
        for part in text.split_ascii_whitespace() {
            let (class, runs) = part.split_once(':')?;
            all.insert(class.parse().ok()?, runs.parse().ok()?);
        }
        Some(Self(all))
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for (class, runs) in &self.0 {
            let space = if out.is_empty() { "" } else { " " };
            write!(out, "{space}{class}:{runs}").expect("a String takes everything");
        }
        out
    }

    pub fn runs(&self) -> i64 {
        self.0.values().sum()
    }

    /// The duration that `percent` of the runs do not exceed, by nearest rank, within 2 %.
    pub fn percentile(&self, percent: i64) -> Option<i64> {
        let rank = ((self.runs() * percent + 99) / 100).max(1);
        let mut seen = 0;
        for (class, runs) in &self.0 {
            seen += runs;
            if seen >= rank {
                return Some(middle(*class));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_within_two_percent_of_the_nearest_rank() {
        for n in [1_i64, 2, 19, 100, 1_001] {
            let mut values: Vec<i64> = (0..n).map(|i| (i * i * 37 + i * 11) % 9_999_991).collect();
            let mut all = Durations::default();
            for v in &values {
                all.add(*v, 1);
            }
            values.sort_unstable();
            for percent in [50, 95] {
                let rank = usize::try_from(((n * percent + 99) / 100).max(1)).expect("a rank");
                let exact = values[rank - 1] as f64;
                let told = all.percentile(percent).expect("a value") as f64;
                assert!((told - exact).abs() <= exact * 0.02 + 0.5, "{n} {percent}: {told} for {exact}");
            }
        }
        assert_eq!(Durations::default().percentile(50), None);
    }

    #[test]
    fn classes_survive_storage_and_can_be_taken_back() {
        let mut all = Durations::default();
        for ms in [0, 50, 51, 52, 1_000, i64::MAX] {
            all.add(ms, 2);
        }
        assert_eq!(Durations::parse(&all.text()), Some(all.clone()));
        all.add(1_000, -2);
        assert_eq!(all.runs(), 10);
        assert!(Durations::parse("1:x").is_none());
        assert_eq!(Durations::parse(""), Some(Durations::default()));
    }
}
