//! Both sides. The lines of a log that are here, by number. Lines are numbered from 1 without gaps, so the
//! place of every line is known before its text: a log of 100 000 lines is read where it is looked at.

use crate::domain::LogLine;
use std::collections::BTreeMap;

/// Lines kept at most; the ones furthest from the reader go first and are read again when needed.
const KEEP: usize = 40_000;
/// Requests start at multiples of this, so that scrolling up brings the lines before the gap too.
const STRIDE: i64 = 500;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogBook {
    lines: BTreeMap<i64, LogLine>,
    total: i64,
}

impl LogBook {
    pub fn new(lines: Vec<LogLine>, total: i64) -> Self {
        let mut book = Self::default();
        book.add(lines, total);
        book
    }

    /// The number of the newest line that is known of.
    pub const fn total(&self) -> i64 {
        self.total
    }

    pub fn line(&self, seq: i64) -> Option<&LogLine> {
        self.lines.get(&seq)
    }

    /// Takes lines in any order, also again.
    pub fn add(&mut self, lines: Vec<LogLine>, total: i64) {
        self.total = self.total.max(total);
        for line in lines {
            self.total = self.total.max(line.seq);
            self.lines.insert(line.seq, line);
        }
    }

    /// What to ask for (`after`) so that the first missing line of the range comes.
    pub fn missing(&self, first: i64, last: i64) -> Option<i64> {
        let gap = (first.max(1)..=last.min(self.total)).find(|seq| !self.lines.contains_key(seq))?;
        let aligned = (gap - 1) / STRIDE * STRIDE;
        // What comes after the newest line we hold needs no overlap.
        Some(if self.lines.contains_key(&(gap - 1)) && !self.lines.contains_key(&(gap + 1)) {
            gap - 1
        } else {
            aligned
        })
    }

    /// Forgets the lines furthest from `seq` when there are too many.
    pub fn trim(&mut self, seq: i64) {
        while self.lines.len() > KEEP {
            let (Some((&low, _)), Some((&high, _))) = (self.lines.first_key_value(), self.lines.last_key_value())
            else {
                return;
            };
            if seq - low > high - seq {
                self.lines.pop_first()
            } else {
                self.lines.pop_last()
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LogStream, Timestamp};

    fn lines(range: std::ops::RangeInclusive<i64>) -> Vec<LogLine> {
        let line = |seq| LogLine {
            seq,
            ts: Timestamp::from_millis(seq),
            stream: LogStream::Stdout,
            text: format!("line {seq}"),
        };
        range.map(line).collect()
    }

    #[test]
    fn a_line_that_comes_twice_is_one_line() {
        let mut book = LogBook::new(lines(1..=10), 10);
        book.add(lines(8..=12), 12);
        assert_eq!(book.total(), 12);
        assert_eq!(book.lines.len(), 12);
        assert_eq!(book.missing(1, 12), None);
    }

    #[test]
    fn what_is_looked_at_and_missing_is_asked_for() {
        let book = LogBook::new(lines(99_001..=100_000), 100_000);
        assert_eq!(book.missing(99_960, 100_000), None);
        assert_eq!(book.missing(98_990, 99_040), Some(98_500));
        assert_eq!(book.missing(1, 40), Some(0));
        assert_eq!(LogBook::default().missing(1, 40), None);
    }

    #[test]
    fn the_tail_is_asked_for_without_what_is_here() {
        let mut book = LogBook::new(lines(1..=1_200), 1_200);
        book.add(Vec::new(), 1_250);
        assert_eq!(book.missing(1_190, 1_250), Some(1_200));
    }

    #[test]
    fn the_furthest_lines_are_forgotten_first() {
        let mut book = LogBook::new(lines(1..=60_000), 60_000);
        book.trim(59_000);
        assert_eq!(book.lines.len(), KEEP);
        assert!(book.line(60_000).is_some() && book.line(1).is_none());
        assert_eq!(book.total(), 60_000);
    }
}
