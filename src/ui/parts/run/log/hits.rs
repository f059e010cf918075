//! Both sides. Where a text was found in the log, and which place is looked at.

use crate::domain::LogHits;
use crate::ui::kit::format;

/// Places kept at most.
const MOST: usize = 20_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    lines: Vec<i64>,
    at: usize,
    /// The last line that was looked at.
    pub through: i64,
    /// The search goes on.
    pub busy: bool,
}

impl Hits {
    /// Nothing is known yet.
    pub fn searching() -> Self {
        Self { busy: true, ..Self::default() }
    }

    /// Takes a stretch of the search in; `true` when the next one is wanted.
    pub fn add(&mut self, found: LogHits) -> bool {
        self.through = self.through.max(found.through);
        self.lines.extend(found.lines);
        let full = self.lines.len() >= MOST;
        self.lines.truncate(MOST);
        self.busy = !found.done && !full;
        self.busy
    }

    /// The line looked at.
    pub fn line(&self) -> Option<i64> {
        self.lines.get(self.at).copied()
    }

    /// Goes to the next or the previous place, round and round.
    pub fn walk(&mut self, back: bool) {
        let n = self.lines.len();
        if n > 0 {
            self.at = if back { (self.at + n - 1) % n } else { (self.at + 1) % n };
        }
    }

    /// Whether lines after the searched ones are worth looking at.
    pub const fn has_room(&self) -> bool {
        self.lines.len() < MOST
    }

    /// `12 of 345`, `12 of 345+` while it is not known how many there are.
    pub fn words(&self) -> String {
        let n = |n: usize| format::count(i64::try_from(n).unwrap_or(i64::MAX));
        match (self.lines.len(), self.busy) {
            (0, true) => "Searching".to_owned(),
            (0, false) => "Not found".to_owned(),
            (all, busy) => {
                let more = if busy || !self.has_room() { "+" } else { "" };
                format!("{} of {}{more}", n(self.at + 1), n(all))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[i64], through: i64, done: bool) -> LogHits {
        LogHits { lines: lines.to_vec(), through, done }
    }

    #[test]
    fn places_are_walked_round_and_round() {
        let mut hits = Hits::searching();
        assert_eq!((hits.words().as_str(), hits.line()), ("Searching", None));
        assert!(hits.add(found(&[3, 9], 20_000, false)));
        assert_eq!((hits.words().as_str(), hits.line()), ("1 of 2+", Some(3)));
        assert!(!hits.add(found(&[30_001], 30_005, true)));
        hits.walk(true);
        assert_eq!((hits.words().as_str(), hits.line()), ("3 of 3", Some(30_001)));
        hits.walk(false);
        assert_eq!((hits.line(), hits.through), (Some(3), 30_005));
    }

    #[test]
    fn nothing_found_is_said_and_too_much_is_bounded() {
        let mut none = Hits::default();
        assert!(!none.add(found(&[], 5, true)));
        none.walk(false);
        assert_eq!((none.words().as_str(), none.line()), ("Not found", None));
        let mut many = Hits::default();
        assert!(!many.add(found(&(1..=30_000).collect::<Vec<_>>(), 30_000, false)));
        assert_eq!(many.words(), "1 of 20,000+");
    }
}
