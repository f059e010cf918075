//! Server. When agents run by themselves: cron in a time zone. A time that does not exist when the clocks go forward comes
//! right after the gap; one that comes twice when they go back runs once, unless it is one of many.

use super::control::startable;
use super::validate::{Check, TEXT_BYTES};
use super::{Caller, agents, flows};
use crate::domain::{Error, NewSchedule, Result, Schedule, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::schedules::{self as rows, ScheduleRow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// A longer one is no schedule that somebody wrote.
const CRON_BYTES: usize = 200;
/// Times shown ahead.
const AHEAD: usize = 5;

/// The times of a schedule.
pub struct Times {
    cron: Cron,
    zone: Tz,
}

impl Times {
    /// Every wrong field is named.
    pub fn parse(cron: &str, timezone: &str) -> Result<Self> {
        let mut check = Check::default();
        if cron.len() > CRON_BYTES {
            return Err(Error::invalid("cron", format!("is longer than {CRON_BYTES} characters")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let parsed = parser.parse(cron.trim());
        if let Err(e) = &parsed {
            let what = "is not minute, hour, day of month, month and day of week, nor @hourly, @daily, @weekly, @monthly or @yearly";
            check.wrong("cron", format!("{what}: {e}"));
        }
        let zone = timezone.trim().parse::<Tz>();
        if zone.is_err() {
            check.wrong("timezone", "is not a time zone of the tz database, such as Europe/Berlin or UTC");
        }
        check.done()?;
        match (parsed, zone) {
            (Ok(cron), Ok(zone)) => Ok(Self { cron, zone }),
            _ => Err(Error::invalid("cron", "can't be read")),
        }
    }

    /// The first time after `after`, if there is one.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let after = DateTime::<Utc>::from_timestamp_micros(after.micros())?.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        Some(Timestamp::from_micros(next.timestamp_micros())).filter(|t| t.is_usual())
    }

    pub fn ahead(&self, from: Timestamp) -> Vec<Timestamp> {
        std::iter::successors(self.next(from), |t| self.next(*t)).take(AHEAD).collect()
    }
}

/// A deleted agent keeps its schedule, which starts nothing any more.
fn seen(agent: &AgentRow, row: ScheduleRow, now: Timestamp) -> Result<Schedule> {
    let times = Times::parse(&row.cron, &row.timezone)?;
    Ok(Schedule {
        next_runs: if row.enabled && agent.retired_at.is_none() { times.ahead(now) } else { Vec::new() },
        cron: row.cron,
        timezone: row.timezone,
        message: row.message,
        enabled: row.enabled,
        overlap: row.overlap,
        flow_id: row.flow_id,
        set_by: row.email,
    })
}

/// The schedule of an agent.
pub async fn get(caller: &Caller, name: &str) -> Result<Schedule> {
    let agent = agents::find(caller, name).await?;
    let row = rows::find(&mut caller.app.store.read(), agent.key).await?.ok_or(Error::NotFound)?;
    seen(&agent, row, caller.now())
}

/// Sets an agent's schedule, instead of the one it had. For its owner and admins.
pub async fn set(caller: &Caller, name: &str, new: NewSchedule) -> Result<Schedule> {
    let agent = agents::owned(caller, name).await?;
    startable(&agent, &caller.app.config)?;
    let times = Times::parse(&new.cron, &new.timezone)?;
    if new.message.len() > TEXT_BYTES {
        return Err(Error::invalid("message", format!("is longer than {TEXT_BYTES} bytes")));
    }
    if let Some(flow) = &new.flow_id {
        match flows::find(caller, flow, None).await {
            Ok(flow) if flow.agent_key == agent.key => {}
            Ok(_) | Err(Error::NotFound) => return Err(Error::invalid("flow_id", "is not a flow of this agent")),
            Err(e) => return Err(e),
        }
    }
    let next = if new.enabled { times.next(caller.now()) } else { None };
    if new.enabled && next.is_none() {
        return Err(Error::invalid("cron", "never comes"));
    }
    let who = caller.clone();
    caller
        .write(move |tx| {
            Box::pin(async move {
                // Again, in the write: of an agent deleted meanwhile nothing starts any more.
                let agent = agents::owned_still(tx, &who, agent.key).await?;
                startable(&agent, &who.app.config)?;
                rows::set(tx, agent.key, who.user_key, &new, next).await
            })
        })
        .await?;
    get(caller, name).await
}

/// The times a schedule would have, before it is set.
pub fn preview(caller: &Caller, cron: &str, timezone: &str) -> Result<Vec<Timestamp>> {
    let ahead = Times::parse(cron, timezone)?.ahead(caller.now());
    if ahead.is_empty() { Err(Error::invalid("cron", "never comes")) } else { Ok(ahead) }
}

/// Takes an agent's schedule away.
pub async fn remove(caller: &Caller, name: &str) -> Result<()> {
    let agent = agents::owned(caller, name).await?;
    let was_there = caller.write(move |tx| Box::pin(async move { rows::remove(tx, agent.key).await })).await?;
    if was_there { Ok(()) } else { Err(Error::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let times = Times::parse(cron, zone).expect("a schedule");
        let from = Timestamp::parse(from).expect("a time");
        std::iter::successors(times.next(from), |t| times.next(*t)).take(count).map(|t| t.to_string()).collect()
    }

    #[test]
    fn the_wall_clock_counts_across_both_changes() {
        // Germany: +01:00 until 29 March 2026, +02:00 until 25 October.
        let spring = times("0 9 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3);
        assert_eq!(spring, ["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"]);
        // 02:30 does not exist on 29 March, and comes twice on 25 October.
        let gap = times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(gap, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let twice = times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(twice, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        for (cron, zone, fields) in [
            ("61 * * * *", "UTC", vec!["cron"]),
            ("* * * * * *", "UTC", vec!["cron"]),
            ("0 9 * * *", "Mars/Olympus", vec!["timezone"]),
            ("often", "here", vec!["cron", "timezone"]),
            ("@reboot", "UTC", vec!["cron"]),
            ("@daily 5", "UTC", vec!["cron"]),
            (&format!("{}0 9 * * *", " ".repeat(200)), "UTC", vec!["cron"]),
        ] {
            let Err(Error::Invalid(wrong)) = Times::parse(cron, zone).map(|_| ()) else { panic!("{cron} {zone}") };
            assert_eq!(wrong.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), fields, "{cron} {zone}");
        }
    }

    #[test]
    fn usual_times_have_names() {
        for (name, cron) in [
            ("@hourly", "0 * * * *"),
            ("@daily", "0 0 * * *"),
            ("@Weekly", "0 0 * * 0"),
            ("@monthly", "0 0 1 * *"),
            ("@yearly", "0 0 1 1 *"),
            ("@annually", "0 0 1 1 *"),
        ] {
            let of = |cron| times(cron, "Europe/Berlin", "2026-03-28T12:00:00Z", 3);
            assert_eq!(of(name), of(cron), "{name}");
        }
    }

    #[test]
    fn a_day_that_never_comes_has_no_time() {
        assert!(times("0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    }
}
