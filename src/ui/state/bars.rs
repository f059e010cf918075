//! Both sides. The bars of the timeline as numbers: heights, shares, and which are chosen.

use crate::domain::filter::Window;
use crate::domain::{Status, TimelineBucket, Timestamp};

/// From the bottom: what went wrong stands on the base line, where lengths compare best.
const ORDER: [Status; 7] = [
    Status::Failed,
    Status::Waiting,
    Status::Running,
    Status::Queued,
    Status::Paused,
    Status::Cancelled,
    Status::Success,
];

/// How a bar is drawn: its height in percent, and the shares of its parts from the top.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bar {
    pub height: f64,
    pub parts: Vec<(Status, f64)>,
}

/// `top`: the runs of the highest bar.
pub fn bar(bucket: &TimelineBucket, top: i64) -> Bar {
    let runs = bucket.runs();
    if runs == 0 || top == 0 {
        return Bar::default();
    }
    let share = |s: &Status| bucket.by_status.get(s).copied().unwrap_or(0) as f64 / runs as f64;
    let parts = ORDER.iter().rev().map(|s| (*s, share(s))).filter(|(_, share)| *share > 0.0).collect();
    // One run among thousands can still be seen.
    Bar { height: (runs as f64 * 100.0 / top as f64).max(4.0), parts }
}

/// The bar at a share of the width.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn index(share: f64, bars: usize) -> usize {
    ((share.max(0.0) * bars as f64) as usize).min(bars.saturating_sub(1))
}

/// Bars chosen by dragging or with Shift: where it began and where it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picked {
    anchor: usize,
    end: usize,
}

impl Picked {
    pub const fn at(i: usize) -> Self {
        Self { anchor: i, end: i }
    }
    pub const fn to(self, end: usize) -> Self {
        Self { anchor: self.anchor, end }
    }
    pub const fn is_one(self) -> bool {
        self.anchor == self.end
    }
    /// First and last.
    pub fn range(self) -> (usize, usize) {
        (self.anchor.min(self.end), self.anchor.max(self.end))
    }
}

/// The window of one bar: its end belongs to the next.
pub fn stretch(b: &TimelineBucket) -> Window {
    Window::Range { from: Some(b.start), to: Some(Timestamp::from_micros(b.end.micros() - 1)) }
}

/// `30 min`, `3 h`, `7 d`.
pub fn width_words(ms: i64) -> String {
    match ms / 1_000 {
        s if s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(counts: &[(Status, i64)]) -> TimelineBucket {
        TimelineBucket {
            start: Timestamp::from_millis(0),
            end: Timestamp::from_millis(60_000),
            by_status: counts.iter().copied().collect(),
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_runs_and_failures_stand_at_the_bottom() {
        let b = bar(&bucket(&[(Status::Failed, 1), (Status::Success, 3)]), 8);
        assert_eq!(b, Bar { height: 50.0, parts: vec![(Status::Success, 0.75), (Status::Failed, 0.25)] });
        assert_eq!(bar(&bucket(&[]), 8), Bar::default());
        assert!(bar(&bucket(&[(Status::Failed, 1)]), 1_000_000).height > 1.0);
    }

    #[test]
    fn a_choice_has_two_ends_in_any_order() {
        assert_eq!(Picked::at(7).to(3).range(), (3, 7));
        assert!(Picked::at(2).is_one() && !Picked::at(2).to(1).is_one());
        assert_eq!((index(0.0, 48), index(0.999, 48), index(1.0, 48), index(0.5, 0)), (0, 47, 47, 0));
    }

    #[test]
    fn widths_read_as_people_say_them() {
        let words: Vec<_> = [15_000, 1_800_000, 10_800_000, 604_800_000].into_iter().map(width_words).collect();
        assert_eq!(words, ["15 s", "30 min", "3 h", "7 d"]);
    }
}
