//! Both sides. Runs over time, by status: which stretches a window is divided into.

use super::filter::Window;
use super::status::Status;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Asked for when nothing else is said.
pub const BUCKETS: i64 = 60;
pub const MOST_BUCKETS: i64 = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct TimelineBucket {
    /// Effective starts from here …
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub start: Timestamp,
    /// … to just before here.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub end: Timestamp,
    /// Runs by their present status; a status that is absent has none.
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, i64>))]
    pub by_status: BTreeMap<Status, i64>,
}

impl TimelineBucket {
    pub fn runs(&self) -> i64 {
        self.by_status.values().sum()
    }
}

/// Unfinished runs outside the window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BeforeWindow {
    #[cfg_attr(feature = "ssr", schema(value_type = BTreeMap<String, i64>))]
    pub by_status: BTreeMap<Status, i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Timeline {
    /// The whole window, oldest first, empty stretches included.
    pub buckets: Vec<TimelineBucket>,
    /// With `include_unfinished`: what the list shows beside the window, so that everything adds up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_window: Option<BeforeWindow>,
    /// Sequence number of the last event these numbers contain.
    pub as_of: i64,
}

/// A window divided: stretches of `width` from `first` on. The first and the last are cut at the window's ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Micros.
    pub first: i64,
    pub width: i64,
    pub count: i64,
    /// The window's ends, inclusive; `None` is open.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Widths that people read at a glance, in seconds.
const WIDTHS: [i64; 17] =
    [1, 5, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];

impl Plan {
    /// As the page draws it: at most about 60 stretches of a round width that stay where they are while time goes on.
    /// `oldest` is the first run's start, for a window without a beginning.
    pub fn round(window: Window, now: Timestamp, oldest: Option<Timestamp>) -> Self {
        let (from, to) = window.bounds(now);
        let (start, end) = ends(from, to, now, oldest);
        let span = end - start;
        let fits = |w: i64| span <= BUCKETS * w;
        let listed = WIDTHS.into_iter().map(|s| s * SECOND).find(|w| fits(*w));
        // Beyond: whole weeks.
        let width = listed.unwrap_or_else(|| (span / (BUCKETS * 7 * DAY) + 1) * 7 * DAY);
        let grain = if width >= DAY { DAY } else { width.min(HOUR) };
        let anchor = (end.div_euclid(grain) + i64::from(end.rem_euclid(grain) > 0)) * grain;
        let count = ((anchor - start).div_euclid(width) + i64::from((anchor - start).rem_euclid(width) > 0)).max(1);
        Self::new(anchor - count * width, width, count, from, to)
    }

    /// Exactly `count` stretches of one width over the whole window.
    pub fn equal(window: Window, now: Timestamp, oldest: Option<Timestamp>, count: i64) -> Self {
        let (from, to) = window.bounds(now);
        let (start, end) = ends(from, to, now, oldest);
        // Both ends belong to the window.
        let span = (end - start).max(0) + 1;
        let exact = span / count + i64::from(span % count > 0);
        if from.is_none() && span > count * HOUR {
            // Its beginning is nobody's wish: whole hours are counted faster.
            let anchor = (end.div_euclid(HOUR) + 1) * HOUR;
            let width = ((anchor - start) / (count * HOUR) + 1) * HOUR;
            return Self::new(anchor - count * width, width, count, from, to);
        }
        Self::new(start, exact, count, from, to)
    }

    fn new(first: i64, width: i64, count: i64, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        // Nothing starts before 1970.
        Self { first: first.max(0), width, count, from: from.map(Timestamp::micros), to: to.map(Timestamp::micros) }
    }

    /// Are all its borders multiples of `grain`?
    pub fn fits(self, grain: i64) -> bool {
        self.first % grain == 0 && self.width % grain == 0
    }

    /// Which stretch a moment belongs to. What lies beyond an open end is in the last one.
    pub fn index(self, at: i64) -> i64 {
        (at - self.first).div_euclid(self.width).clamp(0, self.count - 1)
    }

    /// The stretches, filled from `(index, status, runs)`.
    pub fn fill(self, counts: impl IntoIterator<Item = (i64, Status, i64)>) -> Vec<TimelineBucket> {
        let mut buckets: Vec<TimelineBucket> = (0..self.count)
            .map(|i| {
                let start = self.first + i * self.width;
                // The window's end belongs to it. More stretches than it has moments: the last ones are empty.
                let latest = Timestamp::LATEST.micros();
                let last = self.to.map_or(latest, |t| (t + 1).min(latest));
                TimelineBucket {
                    start: Timestamp::from_micros(self.from.map_or(start, |f| f.max(start)).min(last)),
                    end: Timestamp::from_micros((start + self.width).min(last)),
                    by_status: BTreeMap::new(),
                }
            })
            .collect();
        for (index, status, runs) in counts {
            let at = usize::try_from(index.clamp(0, self.count - 1)).unwrap_or(0);
            *buckets[at].by_status.entry(status).or_default() += runs;
        }
        buckets
    }
}

fn ends(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp, oldest: Option<Timestamp>) -> (i64, i64) {
    // A window that lies in the future is shown where it is.
    let end = to.unwrap_or_else(|| from.map_or(now, |f| f.max(now))).micros();
    let start = from.or(oldest).map_or((end - DAY).max(0), Timestamp::micros);
    (start.min(end), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_123_456);

    fn check(plan: Plan) {
        let buckets = plan.fill([]);
        for pair in buckets.windows(2) {
            assert_eq!(pair[0].end, pair[1].start, "{plan:?}");
        }
        assert!(buckets.iter().all(|b| b.start < b.end), "{plan:?}");
        for (i, b) in buckets.iter().enumerate() {
            assert_eq!(plan.index(b.start.micros()), i as i64);
            assert_eq!(plan.index(b.end.micros() - 1), i as i64);
        }
        if let Some(from) = plan.from {
            assert_eq!(buckets[0].start.micros(), from);
        }
    }

    #[test]
    fn a_window_is_divided_without_gaps() {
        let oldest = Some(Timestamp::from_millis(1_700_000_000_001));
        for window in [
            Window::Last(900),
            Window::Last(3_600),
            Window::DAY,
            Window::Last(7 * 86_400),
            Window::Last(30 * 86_400),
            Window::Last(3_650 * 86_400),
            Window::All,
            Window::Range { from: Some(NOW.plus_secs(-5)), to: Some(NOW) },
            Window::Range { from: Some(NOW), to: Some(NOW) },
            Window::Range { from: None, to: Some(NOW) },
        ] {
            check(Plan::round(window, NOW, oldest));
            for n in [1, 7, 60, 500] {
                let plan = Plan::equal(window, NOW, oldest, n);
                assert_eq!(plan.fill([]).len() as i64, n);
                if n < 100 {
                    let wide = plan.fill([]).iter().all(|b| b.start <= b.end);
                    assert!(wide, "{plan:?}");
                }
            }
        }
        check(Plan::round(Window::All, NOW, None));
    }

    #[test]
    fn every_stretch_can_be_asked_for() {
        let (first, latest) = (Timestamp::from_millis(0), Timestamp::LATEST);
        for (from, to) in [
            (Some(first), Some(latest)),
            (Some(latest), None),
            (Some(latest), Some(latest)),
            (None, Some(first)),
            (Some(first), Some(first)),
            (None, Some(Timestamp::from_millis(3_600_001))),
        ] {
            let window = Window::Range { from, to };
            for oldest in [None, Some(first), Some(latest)] {
                for plan in [1, 60, 500]
                    .map(|n| Plan::equal(window, NOW, oldest, n))
                    .into_iter()
                    .chain([Plan::round(window, NOW, oldest)])
                {
                    for b in plan.fill([]) {
                        assert!(b.start.is_usual() && b.end.is_usual() && b.start <= b.end, "{plan:?} {b:?}");
                    }
                    for at in [from, to].into_iter().flatten() {
                        let b = &plan.fill([])[usize::try_from(plan.index(at.micros())).unwrap_or(0)];
                        assert!(b.start <= at && at <= b.end, "{plan:?} {at} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn widths_are_round_and_borders_do_not_move_with_the_clock() {
        let day = Plan::round(Window::DAY, NOW, None);
        assert_eq!((day.width, day.count), (1_800 * SECOND, 49));
        let later = Plan::round(Window::DAY, NOW.plus_secs(20), None);
        assert_eq!(later.first, day.first);
        let year = Plan::round(Window::Last(365 * 86_400), NOW, None);
        assert!(year.fits(DAY) && year.count <= 62);
        assert_eq!(Plan::round(Window::Last(7 * 86_400), NOW, None).width, 3 * HOUR);
    }

    #[test]
    fn what_starts_in_the_future_is_in_the_last_stretch() {
        let plan = Plan::round(Window::DAY, NOW, None);
        assert_eq!(plan.index(NOW.plus_secs(999_999).micros()), plan.count - 1);
        let buckets = plan.fill([(plan.count + 7, Status::Running, 2)]);
        assert_eq!(buckets.last().map(TimelineBucket::runs), Some(2));
    }
}
