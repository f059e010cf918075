//! Both sides. The waterfall's geometry: where a call lies on the run's time axis.

use crate::domain::{PartStatus, Timestamp, ToolCall};

/// The time a waterfall shows, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub start: i64,
    pub end: i64,
}

/// A bar, in percent of the axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    pub left: f64,
    pub width: f64,
}

impl Axis {
    /// The run's own span, widened to every call: clocks of agents and tools may differ.
    pub fn new(run: (Timestamp, Option<Timestamp>), now_ms: i64, calls: impl Iterator<Item = ToolSpan>) -> Self {
        let start = run.0.millis();
        let mut axis = Self { start, end: run.1.map_or(now_ms, Timestamp::millis).max(start) };
        for call in calls {
            axis.start = axis.start.min(call.start);
            axis.end = axis.end.max(call.end.unwrap_or(call.start));
        }
        axis
    }

    pub const fn length_ms(&self) -> i64 {
        self.end - self.start
    }

    /// A call without an end reaches to now while it runs and is a point otherwise.
    pub fn bar(&self, span: ToolSpan, now_ms: i64) -> Bar {
        let length = self.length_ms().max(1) as f64;
        let share = |t: i64| ((t - self.start) as f64 / length * 100.0).clamp(0.0, 100.0);
        let end = span.end.unwrap_or(if span.running { now_ms } else { span.start });
        let left = share(span.start);
        Bar { left, width: (share(end.max(span.start)) - left).max(0.0) }
    }
}

/// Start and end of a call, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolSpan {
    pub start: i64,
    pub end: Option<i64>,
    pub running: bool,
}

impl From<&ToolCall> for ToolSpan {
    fn from(call: &ToolCall) -> Self {
        Self {
            start: call.started_at.millis(),
            end: call.completed_at.map(Timestamp::millis),
            running: call.status == PartStatus::Running,
        }
    }
}

impl ToolSpan {
    /// How long it took, or has taken so far; unknown when it ended without a time.
    pub fn duration_ms(&self, now_ms: i64) -> Option<i64> {
        let end = self.end.or(self.running.then_some(now_ms))?;
        Some((end - self.start).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start: i64, end: Option<i64>) -> ToolSpan {
        ToolSpan { start, end, running: end.is_none() }
    }
    fn axis(start: i64, end: Option<i64>, now: i64, calls: &[ToolSpan]) -> Axis {
        Axis::new((Timestamp::from_millis(start), end.map(Timestamp::from_millis)), now, calls.iter().copied())
    }

    #[test]
    fn bars_lie_where_the_calls_were() {
        let axis = axis(1_000, Some(11_000), 99_000, &[]);
        assert_eq!(axis.bar(span(1_000, Some(3_000)), 0), Bar { left: 0.0, width: 20.0 });
        assert_eq!(axis.bar(span(9_000, Some(11_000)), 0), Bar { left: 80.0, width: 20.0 });
    }

    #[test]
    fn a_running_call_reaches_to_now() {
        let axis = axis(0, None, 10_000, &[]);
        assert_eq!(axis.bar(span(5_000, None), 10_000), Bar { left: 50.0, width: 50.0 });
        assert_eq!(span(5_000, None).duration_ms(10_000), Some(5_000));
    }

    #[test]
    fn a_call_outside_the_run_widens_the_axis() {
        let calls = [span(-500, Some(100)), span(900, Some(1_500))];
        assert_eq!(axis(0, Some(1_000), 0, &calls), Axis { start: -500, end: 1_500 });
    }

    #[test]
    fn odd_clocks_never_give_a_negative_or_overflowing_bar() {
        let axis = axis(1_000, Some(1_000), 0, &[]);
        for s in [span(1_000, Some(500)), span(1_000, None), span(0, Some(9_999)), span(5_000, Some(6_000))] {
            let bar = axis.bar(s, 0);
            assert!(bar.left >= 0.0 && bar.width >= 0.0 && bar.left + bar.width <= 100.0, "{bar:?}");
        }
        assert_eq!(span(1_000, Some(500)).duration_ms(0), Some(0));
    }

    #[test]
    fn a_call_that_ended_without_a_time_has_no_known_duration() {
        let lost = ToolSpan { start: 5, end: None, running: false };
        assert_eq!(lost.duration_ms(1_000), None);
    }
}
