//! Server. Cards and facets out of counted groups: plain arithmetic, the same whether cells or runs were counted.

use crate::domain::{AgentCounts, AgentStats, FacetValue, Facets, Filter, Stats, Status, Trigger};
use crate::store::rollup::{ERROR, INTERACTION, ROOT};
use crate::store::stats::Group;
use std::collections::{BTreeMap, HashMap};

/// Values of a facet that are told.
const MOST_VALUES: usize = 200;

/// The filters that have a facet of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Agent,
    Status,
    Trigger,
    Model,
    Interaction,
}

/// Runs by everything the facets look at, under all other filters.
pub struct Cube {
    /// In the window.
    pub inside: Vec<Group>,
    /// Unfinished runs outside of it, when they are wanted.
    pub outside: Vec<Group>,
    /// Of all agents that may be seen.
    pub names: HashMap<i64, String>,
}

impl Cube {
    fn all(&self) -> impl Iterator<Item = &Group> {
        self.inside.iter().chain(&self.outside)
    }

    /// An agent that was registered a moment after the names were read has no group yet.
    fn name(&self, g: &Group) -> &str {
        self.names.get(&g.agent_key).map_or("", String::as_str)
    }

    fn passes(&self, f: &Filter, g: &Group, but: Option<Dimension>) -> bool {
        let asks = |d: Dimension| but != Some(d);
        let has = |bit: i64| g.flags & bit > 0;
        (!asks(Dimension::Agent) || f.agent.allows_str(Some(self.name(g))))
            && (!asks(Dimension::Status) || f.status.allows(Some(&g.status)))
            && (!asks(Dimension::Trigger) || f.trigger.allows(Some(&g.triggered_by)))
            && (!asks(Dimension::Model) || f.model.allows_str(Some(g.model.as_str()).filter(|m| !m.is_empty())))
            && (!asks(Dimension::Interaction) || f.has_interaction.is_none_or(|yes| yes == has(INTERACTION)))
            && f.has_error.is_none_or(|yes| yes == has(ERROR))
            && (!f.root_only || has(ROOT))
    }

    /// Runs in the window, whatever the filters with facets say.
    pub fn size(&self) -> i64 {
        self.inside.iter().map(|g| g.runs).sum()
    }

    /// Finished runs with a duration that pass.
    pub fn timed(&self, f: &Filter) -> i64 {
        self.all().filter(|g| self.passes(f, g, None)).map(|g| g.timed).sum()
    }

    /// What the list shows beside its window.
    pub fn outside_by_status(&self, f: &Filter) -> BTreeMap<Status, i64> {
        let mut all = BTreeMap::new();
        for g in self.outside.iter().filter(|g| self.passes(f, g, None)) {
            *all.entry(g.status).or_default() += g.runs;
        }
        all
    }

    /// The keys of the agents a filter leaves; `None` when it names none.
    pub fn agent_keys(&self, f: &Filter) -> Option<Vec<i64>> {
        if f.agent.is_empty() {
            return None;
        }
        let mut keys: Vec<i64> =
            self.names.iter().filter(|(_, name)| f.agent.allows_str(Some(name))).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        Some(keys)
    }

    pub fn facets(&self, f: &Filter) -> Facets {
        let count = |but: Dimension, value: &dyn Fn(&Group) -> String, known: Vec<String>| {
            let mut all: HashMap<String, i64> = known.into_iter().map(|v| (v, 0)).collect();
            for g in self.all().filter(|g| self.passes(f, g, Some(but))) {
                *all.entry(value(g)).or_default() += g.runs;
            }
            all.remove("");
            let mut values: Vec<FacetValue> =
                all.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
            values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            values.truncate(MOST_VALUES);
            values
        };
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let has = |g: &Group| (g.flags & INTERACTION > 0).to_string();
        Facets {
            status: count(Dimension::Status, &|g| g.status.to_string(), words(&Status::ALL.map(Status::as_str))),
            trigger: count(
                Dimension::Trigger,
                &|g| g.triggered_by.to_string(),
                words(&Trigger::ALL.map(Trigger::as_str)),
            ),
            agent: count(Dimension::Agent, &|g| self.name(g).to_owned(), self.names.values().cloned().collect()),
            tool: Vec::new(),
            model: count(Dimension::Model, &|g| g.model.clone(), Vec::new()),
            has_interaction: count(Dimension::Interaction, &has, words(&["true", "false"])),
        }
    }

    /// Agents by a part of their name, most runs first.
    pub fn agents_like(&self, f: &Filter, text: &str, limit: usize) -> Vec<FacetValue> {
        let text = text.trim().to_lowercase();
        let mut all: HashMap<&str, i64> = self.names.values().map(|name| (name.as_str(), 0)).collect();
        for g in self.all().filter(|g| self.passes(f, g, Some(Dimension::Agent))) {
            *all.entry(self.name(g)).or_default() += g.runs;
        }
        let hits = all.into_iter().filter(|(name, _)| !name.is_empty() && name.to_lowercase().contains(&text));
        let mut values: Vec<FacetValue> =
            hits.map(|(name, count)| FacetValue { value: name.to_owned(), count }).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        values
    }

    /// The numbers of each agent that has runs, by its key.
    pub fn by_agent(&self, f: &Filter) -> HashMap<i64, AgentCounts> {
        let mut all: HashMap<i64, (AgentCounts, PerAgent)> = HashMap::new();
        for g in self.all().filter(|g| self.passes(f, g, None)) {
            let (counts, sums) = all.entry(g.agent_key).or_default();
            match g.status {
                Status::Queued => counts.queued += g.runs,
                Status::Running => counts.running += g.runs,
                Status::Waiting => counts.waiting += g.runs,
                Status::Paused => counts.paused += g.runs,
                Status::Success | Status::Failed | Status::Cancelled => counts.unpriced += g.runs - g.priced,
            }
            sums.add(g);
        }
        let finish = |(counts, sums): (AgentCounts, PerAgent)| AgentCounts {
            runs: sums.count,
            success_rate: rate(sums.success, sums.terminal),
            cost: sums.cost_nanos / 1e9,
            priced: sums.priced,
            ..counts
        };
        all.into_iter().map(|(key, both)| (key, finish(both))).collect()
    }

    /// The cards, except percentiles.
    pub fn stats(&self, f: &Filter) -> Stats {
        let mut s = Stats::default();
        let mut agents: BTreeMap<&str, PerAgent> = BTreeMap::new();
        let (mut cost, mut tokens, mut duration, mut timed) = (0.0, 0.0, 0.0, 0);
        for g in self.all().filter(|g| self.passes(f, g, None)) {
            let slot = match g.status {
                Status::Queued => &mut s.queued,
                Status::Running => &mut s.running,
                Status::Waiting => &mut s.waiting,
                Status::Paused => &mut s.paused,
                Status::Success => &mut s.successful,
                Status::Failed => &mut s.failed,
                Status::Cancelled => &mut s.cancelled,
            };
            *slot += g.runs;
            s.total_executions += g.runs;
            tokens += g.tokens;
            cost += g.cost_nanos;
            duration += g.duration_ms;
            timed += g.timed;
            *s.by_trigger.entry(g.triggered_by.to_string()).or_default() += g.runs;
            agents.entry(self.name(g)).or_default().add(g);
            if g.status.is_terminal() {
                s.unpriced += g.runs - g.priced;
            }
        }
        s.total_cost = cost / 1e9;
        s.total_tokens = whole(tokens);
        s.success_rate = rate(s.successful, s.successful + s.failed + s.cancelled);
        s.avg_duration_ms = (timed > 0).then(|| duration / timed as f64);
        s.by_agent = agents
            .into_iter()
            .map(|(name, a)| AgentStats {
                agent_name: name.to_owned(),
                count: a.count,
                success_rate: rate(a.success, a.terminal),
                cost: a.cost_nanos / 1e9,
            })
            .collect();
        s.by_agent.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.agent_name.cmp(&b.agent_name)));
        s.by_agent.truncate(100);
        s
    }
}

/// Runs, success, terminal, cost of one agent, and runs with a cost.
#[derive(Default)]
struct PerAgent {
    count: i64,
    success: i64,
    terminal: i64,
    cost_nanos: f64,
    priced: i64,
}

impl PerAgent {
    fn add(&mut self, g: &Group) {
        self.count += g.runs;
        self.cost_nanos += g.cost_nanos;
        self.priced += g.priced;
        if g.status.is_terminal() {
            self.terminal += g.runs;
        }
        if g.status == Status::Success {
            self.success += g.runs;
        }
    }
}

fn rate(success: i64, terminal: i64) -> Option<f64> {
    (terminal > 0).then(|| success as f64 / terminal as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "a sum of whole numbers; the cast saturates")]
fn whole(sum: f64) -> i64 {
    sum as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(agent_key: i64, status: Status, triggered_by: Trigger, runs: i64) -> Group {
        Group {
            agent_key,
            status,
            triggered_by,
            model: if agent_key == 1 { "m".to_owned() } else { String::new() },
            flags: ROOT,
            runs,
            cost_nanos: 0.0,
            priced: 0,
            tokens: 0.0,
            duration_ms: 0.0,
            timed: 0,
        }
    }

    fn cube() -> Cube {
        Cube {
            inside: vec![
                group(1, Status::Failed, Trigger::Api, 3),
                group(1, Status::Success, Trigger::Cli, 5),
                group(2, Status::Failed, Trigger::Cli, 7),
            ],
            outside: vec![group(2, Status::Running, Trigger::Cli, 2)],
            names: [(1, "a"), (2, "b"), (3, "idle")].map(|(k, n)| (k, n.to_owned())).into(),
        }
    }

    fn counts(values: &[FacetValue]) -> Vec<(&str, i64)> {
        values.iter().map(|v| (v.value.as_str(), v.count)).collect()
    }

    #[test]
    fn lesson_2_a_facet_leaves_out_its_own_filter_and_no_other() {
        let mut f = Filter::default();
        f.status.include = vec![Status::Failed];
        let facets = cube().facets(&f);
        // Its own filter is left out: picking one value does not zero the rest.
        assert_eq!(counts(&facets.status)[..3], [("failed", 10), ("success", 5), ("running", 2)]);
        assert_eq!(counts(&facets.agent), [("b", 7), ("a", 3), ("idle", 0)]);
        assert_eq!(counts(&facets.model), [("m", 3)]);
        let stats = cube().stats(&f);
        assert_eq!((stats.total_executions, stats.failed), (10, 10));
    }

    #[test]
    fn the_agents_add_up_to_the_cards() {
        let f = Filter::default();
        let (stats, agents) = (cube().stats(&f), cube().by_agent(&f));
        assert_eq!(agents.values().map(|a| a.runs).sum::<i64>(), stats.total_executions);
        assert_eq!(agents.values().map(|a| a.unpriced).sum::<i64>(), stats.unpriced);
        assert_eq!((agents[&2].running, agents[&2].success_rate), (2, Some(0.0)));
        assert_eq!(agents[&1].success_rate, Some(5.0 / 8.0));
        assert!(!agents.contains_key(&3));
    }

    #[test]
    fn each_facet_is_what_the_cards_say_under_that_value() {
        let mut f = Filter::default();
        f.trigger.include = vec![Trigger::Cli];
        for value in cube().facets(&f).status {
            let mut one = f.clone();
            one.status.include = vec![value.value.parse().expect("a status")];
            assert_eq!(cube().stats(&one).total_executions, value.count);
        }
        for value in cube().facets(&f).agent {
            let mut one = f.clone();
            one.agent.include = vec![value.value];
            assert_eq!(cube().stats(&one).total_executions, value.count);
        }
    }
}
