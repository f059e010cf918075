//! Server. The demo fleet's past: thirty days of runs, the last one busier, every agent with its own rhythm.
//! Pure: the same moment, number and seed give the same runs.

use super::agents::{self, Agent, Habit};
use super::dice::Dice;
use super::story;
use crate::domain::{NewExecution, Status, Timestamp, Trigger};

const DAYS: i64 = 30;
const DAY: i64 = 86_400_000;
/// Of all runs, how many lie in the last 24 hours.
const TODAY: f64 = 0.14;

/// A run with its sub-runs and its retry: decided first, so that their number is exact; told later.
struct Family {
    start: Timestamp,
    agent: &'static Agent,
    seed: u64,
    end: Status,
    children: usize,
    retry: bool,
}

/// `runs` finished runs, oldest first; a parent comes before its sub-runs, a failure before its retry.
pub fn past_runs(now: Timestamp, runs: usize, seed: u64) -> impl Iterator<Item = NewExecution> {
    let mut families = plan(now, runs, &mut Dice::new(seed));
    families.sort_by_key(|f| f.start);
    families.into_iter().flat_map(move |f| told(&f, now))
}

fn plan(now: Timestamp, runs: usize, dice: &mut Dice) -> Vec<Family> {
    let everybody: Vec<&'static Agent> = agents::all().collect();
    let mut families = Vec::new();
    let mut left = runs;
    while left > 0 {
        let agent = everybody[dice.weighted(everybody.iter().map(|a| a.share))];
        let start = start_time(dice, agent, now);
        let several = if matches!(agent.habit, Habit::Bursts) { dice.between(3, 9) } else { 1 };
        for _ in 0..several {
            if left == 0 {
                break;
            }
            let start = start.plus_secs(-dice.between(0, 40 * (several - 1)));
            let mut family = family(dice, agent, start);
            family.children = family.children.min(left - 1);
            family.retry &= left > 1 + family.children;
            left -= 1 + family.children + usize::from(family.retry);
            families.push(family);
        }
    }
    families
}

fn family(dice: &mut Dice, agent: &'static Agent, start: Timestamp) -> Family {
    let end = story::fate(dice, agent);
    let children = match agent.hands_to {
        Some((_, most)) if dice.chance(0.7) => usize::try_from(dice.between(1, most)).unwrap_or(0),
        _ => 0,
    };
    let retry = agent.retries && end == Status::Failed && dice.chance(0.75);
    let seed = dice.between(0, i64::MAX).unsigned_abs();
    Family { start, agent, seed, end, children, retry }
}

/// The family's runs; when they would end after now, all of them earlier.
fn told(family: &Family, now: Timestamp) -> Vec<NewExecution> {
    let runs = told_at(family, family.start);
    let end = runs.iter().filter_map(|r| r.completed_at).max().unwrap_or(now);
    let excess = end.millis_since(now);
    if excess == 0 { runs } else { told_at(family, family.start.plus_millis(-excess - 1_000)) }
}

fn told_at(family: &Family, start: Timestamp) -> Vec<NewExecution> {
    let mut dice = Dice::new(family.seed);
    let first = story::run(&mut dice, family.agent, start, family.end);
    let until = first.completed_at.unwrap_or(start);
    let mut runs = vec![first];
    for _ in 0..family.children {
        let Some(agent) = family.agent.hands_to.and_then(|(name, _)| agents::by_name(name)) else { break };
        let at = start.plus_millis(dice.between(0, until.millis_since(start) / 2));
        let end = story::fate(&mut dice, agent);
        let mut child = story::run(&mut dice, agent, at, end);
        child.parent_id.clone_from(&runs[0].id);
        child.triggered_by = Some(Trigger::Agent);
        child.labels.clone_from(&runs[0].labels);
        runs.push(child);
    }
    if family.retry {
        let end = if dice.chance(0.8) { Status::Success } else { Status::Failed };
        let again_at = until.plus_secs(dice.between(20, 400));
        let mut retry = story::run(&mut dice, family.agent, again_at, end);
        retry.retry_of.clone_from(&runs[0].id);
        retry.message.clone_from(&runs[0].message);
        retry.attempt = Some(2);
        runs.push(retry);
    }
    runs
}

/// A moment in the last thirty days that suits the agent.
fn start_time(dice: &mut Dice, agent: &Agent, now: Timestamp) -> Timestamp {
    let mut at = now;
    // On a Monday morning the last 24 hours may suit nobody from the office: then another day.
    for attempt in 0..40 {
        let back = if attempt < 12 && dice.chance(TODAY) { 0 } else { dice.between(1, DAYS - 1) };
        at = candidate(dice, agent, now, back);
        let days = at.millis().div_euclid(DAY);
        let weekend = matches!((days + 4).rem_euclid(7), 0 | 6);
        let suits = match agent.habit {
            Habit::Office | Habit::At { weekends: false, .. } => !weekend || dice.chance(0.06),
            Habit::Always | Habit::Bursts => !weekend || dice.chance(0.6),
            _ => true,
        };
        if suits {
            break;
        }
    }
    at
}

/// `back` days before the last 24 hours, at an hour of the agent's.
fn candidate(dice: &mut Dice, agent: &Agent, now: Timestamp, back: i64) -> Timestamp {
    let midnight = now.millis() - now.millis().rem_euclid(DAY);
    let on_the_clock = |ms_of_day: i64| {
        let today = midnight + ms_of_day;
        today - if today > now.millis() { DAY } else { 0 } - back * DAY
    };
    let ms = match agent.habit {
        Habit::At { hours, minute, .. } => {
            let hour = dice.pick(hours).copied().unwrap_or(0);
            on_the_clock((i64::from(hour) * 60 + i64::from(minute)) * 60_000) + dice.between(0, 20_000)
        }
        Habit::Every { minutes } => {
            let every = i64::from(minutes) * 60_000;
            let any = now.millis() - back * DAY - dice.between(0, DAY);
            any - any.rem_euclid(every) + dice.between(0, 9_000)
        }
        Habit::Office => {
            const HOURS: [f64; 24] = [
                0.1, 0.0, 0.0, 0.0, 0.1, 0.4, 2.0, 5.0, 8.0, 9.0, 8.0, 6.0, 5.0, 8.0, 9.0, 7.0, 5.0, 3.0, 1.5, 1.0,
                0.8, 0.5, 0.3, 0.2,
            ];
            on_the_clock(dice.weighted(HOURS.into_iter()) as i64 * 3_600_000 + dice.between(0, 3_599_999))
        }
        Habit::Always | Habit::Bursts | Habit::Called => now.millis() - back * DAY - dice.between(0, DAY),
    };
    Timestamp::from_millis(ms.min(now.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    const NOW: Timestamp = Timestamp::from_millis(1_774_000_000_000);

    fn fleet() -> Vec<NewExecution> {
        past_runs(NOW, 5_000, 1).collect()
    }

    #[test]
    fn the_number_is_exact_and_the_same_seed_gives_the_same_runs() {
        for runs in [0, 1, 7, 333] {
            let fleet: Vec<_> = past_runs(NOW, runs, 5).collect();
            assert_eq!(fleet.len(), runs);
            assert_eq!(past_runs(NOW, runs, 5).collect::<Vec<_>>(), fleet);
        }
    }

    #[test]
    fn every_run_has_ended_within_the_last_thirty_days() {
        for run in fleet() {
            let (queued, start, end) =
                (run.queued_at.expect("queued"), run.started_at.expect("start"), run.completed_at.expect("end"));
            assert!(run.status.is_some_and(Status::is_terminal));
            assert!(queued <= start && start <= end && end <= NOW, "{run:?}");
            assert!(NOW.millis_since(start) <= (DAYS + 1) * DAY);
            for call in &run.tool_calls {
                assert!(call.started_at >= Some(start) && call.completed_at <= Some(end), "{run:?}");
            }
        }
    }

    #[test]
    fn ids_are_unique_and_relations_point_back() {
        let mut seen = BTreeSet::new();
        let mut children = 0;
        let mut retries = 0;
        for run in fleet() {
            for earlier in [&run.parent_id, &run.retry_of].into_iter().flatten() {
                assert!(seen.contains(earlier));
            }
            children += usize::from(run.parent_id.is_some());
            retries += usize::from(run.retry_of.is_some());
            assert!(seen.insert(run.id.expect("an id")));
        }
        assert!(children > 100 && retries > 20, "{children} {retries}");
    }

    #[test]
    fn the_last_day_is_busier_and_weekends_are_quieter() {
        let mut by_day = BTreeMap::new();
        let mut today = 0;
        for run in fleet() {
            let start = run.started_at.expect("start");
            today += i32::from(NOW.millis_since(start) < DAY);
            *by_day.entry((start.millis().div_euclid(DAY) + 4).rem_euclid(7)).or_insert(0) += 1;
        }
        assert!((500..1_400).contains(&today), "{today}");
        assert!(by_day[&0] + by_day[&6] < by_day[&2] + by_day[&3], "{by_day:?}");
    }

    #[test]
    fn the_fleet_is_believable() {
        let fleet = fleet();
        let share =
            |f: &dyn Fn(&NewExecution) -> bool| fleet.iter().filter(|r| f(r)).count() as f64 / fleet.len() as f64;
        let failed = share(&|r| r.status == Some(Status::Failed));
        let unpriced = share(&|r| r.cost.is_none());
        assert!((0.03..0.12).contains(&failed), "{failed}");
        assert!((0.05..0.35).contains(&unpriced), "{unpriced}");
        assert!(fleet.iter().all(|r| (r.status == Some(Status::Failed)) == r.error.is_some()));
        assert!(fleet.iter().all(|r| !r.message.contains('{') && !r.log.is_empty()));
        assert!(fleet.iter().any(|r| r.message.contains("予約")));
        assert!(fleet.iter().any(|r| r.message.contains("شحنتي")));
        let cost: f64 = fleet.iter().filter_map(|r| r.cost).sum();
        assert!((50.0..1_000.0).contains(&cost), "{cost}");
    }
}
