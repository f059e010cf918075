//! Both sides. The second line of a row: why a run is where it is. Nothing when there is nothing to say.

use crate::domain::{ExecutionSummary, Status, Timestamp};
use crate::ui::kit::format;

/// Silence is worth a word only after this long, and only for clients that ever sent a heartbeat.
const SILENT_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Waiting,
    Bad,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub text: String,
    pub tone: Tone,
}

pub fn why(run: &ExecutionSummary, now: Timestamp) -> Option<Why> {
    let (tone, text) = match run.status {
        Status::Failed => (Tone::Bad, run.error.clone()?),
        Status::Cancelled => (Tone::Plain, stopped(run)?),
        Status::Success => return None,
        _ if run.cancel_requested => (Tone::Plain, stopping(run, now)),
        Status::Waiting => (Tone::Waiting, format!("Waiting for {}", run.waiting_on.as_deref().unwrap_or("a person"))),
        Status::Paused => (Tone::Plain, "Paused".to_owned()),
        Status::Queued => (Tone::Plain, format!("Queued for {}", format::span(now.millis_since(run.queued_at)))),
        Status::Running => return working(run, now),
    };
    Some(Why { text, tone })
}

fn working(run: &ExecutionSummary, now: Timestamp) -> Option<Why> {
    if let (Some(tool), Some(since)) = (&run.current_tool, run.current_tool_since) {
        let text = format!("In tool {tool} for {}", format::span(now.millis_since(since)));
        return Some(Why { text, tone: Tone::Plain });
    }
    if let Some(silent) = run.heartbeat_at.map(|at| now.millis_since(at)).filter(|ms| *ms > SILENT_MS) {
        return Some(Why { text: format!("No heartbeat for {}", silence(silent)), tone: Tone::Bad });
    }
    let title = run.current_step.as_deref().filter(|t| !t.is_empty());
    let text = match (progress(run), title) {
        (Some((done, total)), Some(title)) => format!("Step {} of {total} · {title}", (done + 1).min(total)),
        (Some((done, total)), None) => format!("Step {} of {total}", (done + 1).min(total)),
        (None, Some(title)) => title.to_owned(),
        (None, None) => return None,
    };
    Some(Why { text, tone: Tone::Plain })
}

/// Seconds up to two minutes, then the larger units.
fn silence(ms: i64) -> String {
    if ms < 120_000 { format!("{} s", ms / 1_000) } else { format::span(ms) }
}

fn stopping(run: &ExecutionSummary, now: Timestamp) -> String {
    let mut text = "Stopping".to_owned();
    if let Some(who) = &run.cancel_requested_by {
        text += ", asked by ";
        text += who;
    }
    if let Some(at) = run.cancel_requested_at {
        text += " ";
        text += &format::ago(at, now);
    }
    text
}

fn stopped(run: &ExecutionSummary) -> Option<String> {
    let who = run.cancel_requested_by.as_ref()?;
    let confirmed = run.completed_at.zip(run.cancel_requested_at);
    let after =
        confirmed.map(|(end, asked)| format!(" · confirmed after {}", format::duration(end.millis_since(asked))));
    Some(format!("Stopped by {who}{}", after.unwrap_or_default()))
}

/// Steps done and in all, for the bar of a run under way.
pub fn progress(run: &ExecutionSummary) -> Option<(i64, i64)> {
    let total = run.steps_total.filter(|t| *t > 0)?;
    (!run.status.is_terminal()).then(|| (run.steps_done.clamp(0, total), total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::sample::run;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_millis(s * 1_000)
    }

    fn text(run: &ExecutionSummary, now: i64) -> Option<String> {
        why(run, at(now)).map(|w| w.text)
    }

    #[test]
    fn a_running_run_says_what_it_does() {
        let mut r = run(1, 0);
        assert_eq!(text(&r, 10), None);
        r.steps_total = Some(5);
        r.steps_done = 2;
        assert_eq!(text(&r, 10).as_deref(), Some("Step 3 of 5"));
        r.current_step = Some("Fetch reports".into());
        assert_eq!(text(&r, 10).as_deref(), Some("Step 3 of 5 · Fetch reports"));
        r.current_tool = Some("web.search".into());
        r.current_tool_since = Some(at(10));
        assert_eq!(text(&r, 22).as_deref(), Some("In tool web.search for 12 s"));
    }

    #[test]
    fn lesson_10_silence_is_said_only_of_those_who_ever_spoke_and_not_during_a_tool() {
        let mut r = run(1, 0);
        assert_eq!(text(&r, 9_000), None);
        r.heartbeat_at = Some(at(10));
        assert_eq!(text(&r, 70), None);
        assert_eq!(text(&r, 100).as_deref(), Some("No heartbeat for 90 s"));
        r.current_tool = Some("build".into());
        r.current_tool_since = Some(at(20));
        assert_eq!(text(&r, 500).as_deref(), Some("In tool build for 8 m"));
    }

    #[test]
    fn a_stop_is_told_from_the_asking_to_the_end() {
        let mut r = run(1, 0);
        r.cancel_requested = true;
        r.cancel_requested_by = Some("Ann".into());
        r.cancel_requested_at = Some(at(10));
        assert_eq!(text(&r, 14).as_deref(), Some("Stopping, asked by Ann 4 s ago"));
        r.status = Status::Cancelled;
        r.completed_at = Some(Timestamp::from_millis(11_400));
        assert_eq!(text(&r, 20).as_deref(), Some("Stopped by Ann · confirmed after 1.4 s"));
    }

    #[test]
    fn waiting_and_failed_runs_name_the_reason() {
        let mut r = run(1, 0);
        r.status = Status::Waiting;
        r.waiting_on = Some("Ann and Bo".into());
        assert_eq!(why(&r, at(1)).map(|w| (w.text, w.tone)), Some(("Waiting for Ann and Bo".into(), Tone::Waiting)));
        r.status = Status::Failed;
        r.error = Some("Rate limited".into());
        assert_eq!(why(&r, at(1)).map(|w| (w.text, w.tone)), Some(("Rate limited".into(), Tone::Bad)));
    }
}
