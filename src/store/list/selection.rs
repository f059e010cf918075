//! Server. A filter resolved against the database.
//!
//!
//! A list is a union of *branches*, each of which one index delivers in the order of the sort, so that a page
//! costs its own length and not the length of the history. Branches never overlap: an agent (or status, or
//! trigger) each, and the unfinished runs outside the window apart from the window itself.

use super::conditions::{
    Cond, RARE, check, ids, ints, rare_conditions, row_conditions, search_conditions, texts, words,
};
use crate::domain::{Choice, Filter, Result, Sort, SortField, Status, Timestamp};
use crate::store::Visible;
use crate::store::db::{Executor, Tx};
use crate::store::query::{Query, Value};

/// A multi-valued filter becomes one branch per value up to here; beyond, it is checked row by row.
const MAX_BRANCHES: usize = 32;

const UNFINISHED: &str = "e.status in ('queued', 'running', 'waiting', 'paused')";

const ENDED: &str = "e.status in ('success', 'failed', 'cancelled')";

/// A filter resolved against the database: branches of conditions, and conditions all of them share.
pub struct Selection {
    pub(super) branches: Vec<Vec<Cond>>,
    pub(super) shared: Vec<Cond>,
}

impl Selection {
    /// Nothing can match.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// Resolves agent names and the search term, then decides on the branches.
    pub async fn resolve(tx: &mut Tx, filter: &Filter, visible: &Visible, now: Timestamp) -> Result<Self> {
        let Some(agents) = agents(tx, &filter.agent, visible).await? else {
            return Ok(Self { branches: Vec::new(), shared: Vec::new() });
        };
        let mut shared = Vec::new();
        if let Some(text) = &filter.search {
            shared.extend(search_conditions(tx, text).await?);
        }
        shared.extend(rare_conditions(tx, filter).await?);
        shared.extend(row_conditions(filter));
        if !agents.exclude.is_empty() {
            shared.push(ints("+e.agent_key not in ", &agents.exclude));
        }

        let mut branches = vec![Vec::new()];
        // The most selective dimension with an index of its own leads; the others are checked on its rows.
        let led = [&filter.error_group, &filter.thread, &filter.flow, &filter.model];
        if led.iter().any(|choice| !choice.include.is_empty()) {
            let by = [
                (
                    "e.error_group = ",
                    "e.error_group in ",
                    "e.error_group || '' in ",
                    texts(&filter.error_group.include),
                ),
                ("e.thread_id = ", "e.thread_id in ", "e.thread_id || '' in ", texts(&filter.thread.include)),
                ("e.flow_id = ", "e.flow_id in ", "e.flow_id || '' in ", texts(&filter.flow.include)),
                ("e.model = ", "e.model in ", "e.model || '' in ", texts(&filter.model.include)),
            ];
            branches = led_by_first(by, &mut shared);
            check(&mut shared, "e.parent_id || '' in ", ids(&filter.parent.include));
            check(&mut shared, "e.retry_of || '' in ", ids(&filter.retry_of.include));
            check_rest(&mut shared, &agents, filter);
        } else if !filter.parent.include.is_empty() || !filter.retry_of.include.is_empty() {
            let by = [
                ("e.parent_id = ", "e.parent_id in ", "e.parent_id || '' in ", ids(&filter.parent.include)),
                ("e.retry_of = ", "e.retry_of in ", "e.retry_of || '' in ", ids(&filter.retry_of.include)),
            ];
            branches = led_by_first(by, &mut shared);
            check_rest(&mut shared, &agents, filter);
        } else if !agents.include.is_empty() && agents.include.len() <= MAX_BRANCHES {
            branches = fan_out(branches, "e.agent_key = ", agents.include.iter().map(|k| Value::from(*k)).collect());
            if agents.include.len() * filter.status.include.len() <= MAX_BRANCHES {
                branches = fan_out(branches, "e.status = ", words(&filter.status.include));
            } else {
                check(&mut shared, "e.status || '' in ", words(&filter.status.include));
            }
            check(&mut shared, "e.triggered_by || '' in ", words(&filter.trigger.include));
        } else {
            check(&mut shared, "+e.agent_key in ", agents.include.iter().map(|k| Value::from(*k)).collect());
            if filter.status.include.is_empty() {
                branches = fan_out(branches, "e.triggered_by = ", words(&filter.trigger.include));
            } else {
                branches = fan_out(branches, "e.status = ", words(&filter.status.include));
                check(&mut shared, "e.triggered_by || '' in ", words(&filter.trigger.include));
            }
        }
        Ok(Self { branches: with_window(branches, filter, now), shared })
    }

    /// The same runs, `count` of them, for pages in this order: SQLite goes by the index of the sort and checks each
    /// row, unless they are so few that sorting them takes no time.
    #[must_use]
    pub fn for_sort(self, sort: Sort, count: i64, is_sqlite: bool) -> Self {
        if count <= RARE || !is_sqlite {
            return self;
        }
        let checked = |c: Cond| Cond::Checked(Box::new(c));
        let mut shared: Vec<Cond> = self
            .shared
            .into_iter()
            .map(|c| if matches!(&c, Cond::Bound(of, ..) if *of != sort.field) { checked(c) } else { c })
            .collect();
        // By start, each branch has an index that is in this order.
        if sort.field == SortField::StartedAt || self.branches.iter().all(Vec::is_empty) {
            return Self { branches: self.branches, shared };
        }
        let all = |branch: Vec<Cond>| Cond::All(branch.into_iter().map(checked).collect());
        shared.push(Cond::Any(self.branches.into_iter().map(all).collect()));
        Self { branches: vec![Vec::new()], shared }
    }

    /// Of the same runs, those recorded after the event `seq`.
    #[must_use]
    pub fn newer_than(mut self, seq: i64) -> Self {
        self.shared.push(Cond::Value("e.created_seq >= ", seq.into(), ""));
        self
    }

    pub(super) fn write_where(&self, q: &mut Query, branch: &[Cond], more: &[Cond]) {
        for (i, cond) in branch.iter().chain(&self.shared).chain(more).enumerate() {
            q.push(if i == 0 { " where " } else { " and " });
            cond.write(q);
        }
    }

    /// Appends `select {columns} from executions e where …` of all branches, as one union.
    pub(in crate::store) fn write_union(&self, q: &mut Query, columns: &'static str, more: &[&'static str]) {
        let more: Vec<Cond> = more.iter().map(|sql| Cond::Plain(sql)).collect();
        for (i, branch) in self.branches.iter().enumerate() {
            q.push(if i == 0 { "select " } else { " union all select " }).push(columns).push(" from executions e");
            self.write_where(q, branch, &more);
        }
    }
}

/// The agents a filter names, as keys the caller may see; `None` when no run can match.
async fn agents(tx: &mut Tx, choice: &Choice<String>, visible: &Visible) -> Result<Option<Choice<i64>>> {
    let mut keys =
        Choice { include: keys_of(tx, &choice.include).await?, exclude: keys_of(tx, &choice.exclude).await? };
    if let Visible::Agents(seen) = visible {
        keys.include = if choice.include.is_empty() {
            seen.clone()
        } else {
            keys.include.into_iter().filter(|k| visible.includes(*k)).collect()
        };
        keys.include.retain(|k| !keys.exclude.contains(k));
        keys.exclude.clear();
        return Ok((!keys.include.is_empty()).then_some(keys));
    }
    Ok((choice.include.is_empty() || !keys.include.is_empty()).then_some(keys))
}

async fn keys_of(tx: &mut Tx, names: &[String]) -> Result<Vec<i64>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select key from agents where name in ");
    q.list(names.iter().map(String::as_str));
    let rows: Vec<(i64,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(k,)| k).collect())
}

fn check_rest(shared: &mut Vec<Cond>, agents: &Choice<i64>, filter: &Filter) {
    check(shared, "+e.agent_key in ", agents.include.iter().map(|k| Value::from(*k)).collect());
    check(shared, "e.status || '' in ", words(&filter.status.include));
    check(shared, "e.triggered_by || '' in ", words(&filter.trigger.include));
}

/// A column that may lead: its conditions for one value, for several by its index, and for several checked on rows.
type Lead = (&'static str, &'static str, &'static str, Vec<Value>);

/// Branches by the first column that is asked for; the others are checked on its rows.
fn led_by_first<const N: usize>(columns: [Lead; N], shared: &mut Vec<Cond>) -> Vec<Vec<Cond>> {
    let mut branches = vec![Vec::new()];
    let mut led = false;
    for (one, several, checked, values) in columns.into_iter().filter(|(.., values)| !values.is_empty()) {
        if led {
            check(shared, checked, values);
        } else if values.len() <= MAX_BRANCHES {
            branches = fan_out(branches, one, values);
        } else {
            branches = vec![vec![Cond::List(several, values, "")]];
        }
        led = true;
    }
    branches
}

/// Each branch once for each value; unchanged when there is none.
fn fan_out(branches: Vec<Vec<Cond>>, sql: &'static str, values: Vec<Value>) -> Vec<Vec<Cond>> {
    if values.is_empty() {
        return branches;
    }
    let with = |branch: &Vec<Cond>, v: &Value| {
        let mut b = branch.clone();
        b.push(Cond::Value(sql, v.clone(), ""));
        b
    };
    branches.iter().flat_map(|b| values.iter().map(move |v| with(b, v))).collect()
}

/// Adds the window, and beside it the unfinished runs outside of it when they are wanted.
fn with_window(branches: Vec<Vec<Cond>>, f: &Filter, now: Timestamp) -> Vec<Vec<Cond>> {
    let (from, to) = f.window.bounds(now);
    let (from, to) = (from.map(Timestamp::micros), to.map(Timestamp::micros));
    let mut inside = Vec::new();
    inside.extend(from.map(|t| Cond::Value("e.sort_at >= ", t.into(), "")));
    inside.extend(to.map(|t| Cond::Value("e.sort_at <= ", t.into(), "")));
    if inside.is_empty() {
        return branches;
    }
    let mut all = Vec::new();
    for branch in branches {
        let wanted = |ended: bool| {
            f.status.include.is_empty() || f.status.include.iter().any(|s: &Status| s.is_terminal() == ended)
        };
        if f.include_unfinished {
            let before = from.map(|t| Cond::Value("e.sort_at < ", t.into(), ""));
            let after = to.map(|t| Cond::Value("e.sort_at > ", t.into(), ""));
            for outside in [before, after].into_iter().flatten() {
                if wanted(false) {
                    all.push([branch.as_slice(), &[Cond::Plain(UNFINISHED), outside.clone()]].concat());
                }
                // What has ended since that moment was unfinished then.
                if let Some(seq) = f.as_of.filter(|_| wanted(true)) {
                    let since = Cond::Value("e.status_seq >= ", seq.into(), "");
                    all.push([branch.as_slice(), &[Cond::Plain(ENDED), since, outside]].concat());
                }
            }
        }
        all.push([branch.as_slice(), &inside].concat());
    }
    all
}
