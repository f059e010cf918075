//! Server. Lists of executions: which index answers which filter, keyset pages, counts.
//!
//! A list is a union of *branches*, each of which one index delivers in the order of the sort, so that a page
//! costs its own length and not the length of the history. Branches never overlap: an agent (or status, or
//! trigger) each, and the unfinished runs outside the window apart from the window itself.

use super::db::{Executor, Tx};
use super::executions::{COLUMNS, Record};
use super::query::{Query, Value};
use super::{Visible, search};
use crate::domain::{Choice, ExecutionId, Filter, Result, Sort, SortField, Status, Timestamp, page};

/// A multi-valued filter becomes one branch per value up to here; beyond, it is checked row by row.
const MAX_BRANCHES: usize = 32;
/// Up to this many hits of the trigram index the hits drive the query; beyond, the sort does and each row is checked.
const RARE: i64 = 5_000;

const UNFINISHED: &str = "e.status in ('queued', 'running', 'waiting', 'paused')";

/// Where a page goes on: the sort value and key of the last row before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// `None`: among the rows without a value, which come last.
    pub value: Option<i64>,
    pub key: i64,
}

/// One condition of a `where`.
#[derive(Debug, Clone)]
enum Cond {
    Plain(&'static str),
    Value(&'static str, Value, &'static str),
    List(&'static str, Vec<Value>, &'static str),
    /// Alternatives.
    Any(Vec<Cond>),
}

impl Cond {
    fn write(&self, q: &mut Query) {
        match self {
            Self::Plain(sql) => {
                q.push(sql);
            }
            Self::Value(before, value, after) => {
                q.push(before).value(value.clone()).push(after);
            }
            Self::List(before, values, after) => {
                q.push(before).list(values.iter().cloned()).push(after);
            }
            Self::Any(conditions) => {
                for (i, c) in conditions.iter().enumerate() {
                    q.push(if i == 0 { "(" } else { " or " });
                    c.write(q);
                }
                q.push(")");
            }
        }
    }
}

/// A filter resolved against the database: branches of conditions, and conditions all of them share.
pub struct Selection {
    branches: Vec<Vec<Cond>>,
    shared: Vec<Cond>,
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
        shared.extend(row_conditions(filter));
        if !agents.exclude.is_empty() {
            shared.push(ints("+e.agent_key not in ", &agents.exclude));
        }

        let mut branches = vec![Vec::new()];
        // The most selective dimension with an index of its own leads; the others are checked on its rows.
        if !filter.thread.include.is_empty() || !filter.flow.include.is_empty() || !filter.model.include.is_empty() {
            branches = fan_out(branches, "e.thread_id = ", texts(&filter.thread.include));
            branches = fan_out(branches, "e.flow_id = ", texts(&filter.flow.include));
            branches = fan_out(branches, "e.model = ", texts(&filter.model.include));
            check_rest(&mut shared, &agents, filter);
        } else if !filter.parent.include.is_empty() || !filter.retry_of.include.is_empty() {
            branches = fan_out(branches, "e.parent_id = ", ids(&filter.parent.include));
            branches = fan_out(branches, "e.retry_of = ", ids(&filter.retry_of.include));
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

    fn write_where(&self, q: &mut Query, branch: &[Cond], more: &[Cond]) {
        for (i, cond) in branch.iter().chain(&self.shared).chain(more).enumerate() {
            q.push(if i == 0 { " where " } else { " and " });
            cond.write(q);
        }
    }

    /// Appends `select {columns} from executions e where …` of all branches, as one union.
    pub(super) fn write_union(&self, q: &mut Query, columns: &'static str, more: &[&'static str]) {
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

/// Search: an execution id finds that run; text is found by trigrams when they are rare, else row by row.
async fn search_conditions(tx: &mut Tx, text: &str) -> Result<Vec<Cond>> {
    if let Ok(id) = text.trim().parse::<ExecutionId>() {
        return Ok(vec![Cond::Value("e.id = ", id.as_str().into(), "")]);
    }
    let term = search::fold(text);
    if !tx.is_sqlite() {
        let pattern = format!("%{}%", like_escaped(&term));
        return Ok(vec![Cond::Value(
            "e.key in (select s.key from execution_search s where s.folded like ",
            pattern.into(),
            ")",
        )]);
    }
    let mut conditions = Vec::new();
    if let Some(trigrams) = search::trigrams(&term) {
        let mut q =
            Query::new("select count(*) from (select 1 from execution_trigrams where execution_trigrams match ");
        q.value(trigrams.as_str()).push(" limit ").value(RARE + 1).push(") hits");
        let (hits,): (i64,) = tx.one(q).await?;
        if hits <= RARE {
            conditions.push(Cond::Value(
                "e.key in (select rowid from execution_trigrams where execution_trigrams match ",
                trigrams.into(),
                ")",
            ));
        }
    }
    conditions.push(Cond::Value(
        "exists (select 1 from execution_search s where s.key = e.key and instr(s.folded, ",
        term.into(),
        ") > 0)",
    ));
    Ok(conditions)
}

fn like_escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if matches!(c, '\\' | '%' | '_') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// Conditions that are checked row by row, whatever leads.
fn row_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    let bound = |c: &mut Vec<Cond>, sql: &'static str, v: Option<i64>| {
        if let Some(v) = v {
            c.push(Cond::Value(sql, v.into(), ""));
        }
    };
    bound(&mut c, "e.duration_ms >= ", f.duration_ms.min);
    bound(&mut c, "e.duration_ms <= ", f.duration_ms.max);
    bound(&mut c, "e.cost_nanos >= ", f.cost.min.map(super::executions::nanos));
    bound(&mut c, "e.cost_nanos <= ", f.cost.max.map(super::executions::nanos));
    bound(&mut c, "e.total_tokens >= ", f.tokens.min);
    bound(&mut c, "e.total_tokens <= ", f.tokens.max);
    check(&mut c, "e.status || '' not in ", words(&f.status.exclude));
    check(&mut c, "e.triggered_by || '' not in ", words(&f.trigger.exclude));
    for (sql, values) in [
        ("coalesce(e.model, '') not in ", texts(&f.model.exclude)),
        ("coalesce(e.thread_id, '') not in ", texts(&f.thread.exclude)),
        ("coalesce(e.flow_id, '') not in ", texts(&f.flow.exclude)),
        ("coalesce(e.parent_id, '') not in ", ids(&f.parent.exclude)),
        ("coalesce(e.retry_of, '') not in ", ids(&f.retry_of.exclude)),
    ] {
        check(&mut c, sql, values);
    }
    if f.root_only {
        c.push(Cond::Plain("e.parent_id is null"));
    }
    if let Some(yes) = f.has_error {
        c.push(Cond::Value("e.has_error = ", yes.into(), ""));
    }
    if let Some(yes) = f.has_interaction {
        c.push(Cond::Value("e.had_interaction = ", yes.into(), ""));
    }
    c.extend(label_conditions(f));
    c.extend(tool_conditions(f));
    c
}

/// Labels of different keys narrow, of one key are alternatives.
fn label_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    let pair = |name: &str, value: &str| Value::from(format!("{name}\u{1}{value}"));
    let mut names: Vec<&str> = f.label.include.iter().map(|l| l.key.as_str()).collect();
    names.dedup();
    for name in names {
        let values = f.label.include.iter().filter(|l| l.key == name).map(|l| pair(name, &l.value)).collect();
        c.push(Cond::List(
            "exists (select 1 from execution_labels l where l.execution_key = e.key and l.name || '\u{1}' || l.value in ",
            values,
            ")",
        ));
    }
    if !f.label.exclude.is_empty() {
        c.push(Cond::List(
            "not exists (select 1 from execution_labels l where l.execution_key = e.key and l.name || '\u{1}' || l.value in ",
            f.label.exclude.iter().map(|l| pair(&l.key, &l.value)).collect(),
            ")",
        ));
    }
    c
}

/// Tools by glob: any of the included, none of the excluded.
fn tool_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    let pattern = |glob: &str| Value::from(like_escaped(&glob.to_lowercase()).replace('*', "%"));
    let uses = "exists (select 1 from tool_calls t where t.execution_key = e.key and lower(t.name) like ";
    if !f.tool.include.is_empty() {
        c.push(Cond::Any(f.tool.include.iter().map(|g| Cond::Value(uses, pattern(g), " escape '\\')")).collect()));
    }
    for glob in &f.tool.exclude {
        c.push(Cond::Value(
            "not exists (select 1 from tool_calls t where t.execution_key = e.key and lower(t.name) like ",
            pattern(glob),
            " escape '\\')",
        ));
    }
    c
}

fn texts(values: &[String]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

fn ids(values: &[ExecutionId]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

fn words<T: std::fmt::Display>(values: &[T]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.to_string())).collect()
}

fn ints(sql: &'static str, values: &[i64]) -> Cond {
    Cond::List(sql, values.iter().map(|v| Value::from(*v)).collect(), "")
}

fn check(conditions: &mut Vec<Cond>, sql: &'static str, values: Vec<Value>) {
    if !values.is_empty() {
        conditions.push(Cond::List(sql, values, ""));
    }
}

fn check_rest(shared: &mut Vec<Cond>, agents: &Choice<i64>, filter: &Filter) {
    check(shared, "+e.agent_key in ", agents.include.iter().map(|k| Value::from(*k)).collect());
    check(shared, "e.status || '' in ", words(&filter.status.include));
    check(shared, "e.triggered_by || '' in ", words(&filter.trigger.include));
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
        let unfinished_possible =
            f.status.include.is_empty() || f.status.include.iter().any(|s: &Status| !s.is_terminal());
        if f.include_unfinished && unfinished_possible {
            let before = from.map(|t| Cond::Value("e.sort_at < ", t.into(), ""));
            let after = to.map(|t| Cond::Value("e.sort_at > ", t.into(), ""));
            for outside in [before, after].into_iter().flatten() {
                all.push([branch.as_slice(), &[Cond::Plain(UNFINISHED), outside]].concat());
            }
        }
        all.push([branch.as_slice(), &inside].concat());
    }
    all
}

/// A sort as the index has it.
struct Order {
    column: &'static str,
    /// Tests for rows without and with a value, for columns that may lack one.
    nullable: Option<(&'static str, &'static str)>,
    by: &'static str,
    key_only: &'static str,
    less: bool,
}

fn order(sort: Sort) -> Order {
    let (column, nullable) = match sort.field {
        SortField::StartedAt => ("e.sort_at", None),
        SortField::Duration => ("e.duration_ms", Some(("e.duration_ms is null", "e.duration_ms is not null"))),
        SortField::Cost => ("e.cost_nanos", Some(("e.cost_nanos is null", "e.cost_nanos is not null"))),
    };
    let (by, key_only) = if sort.descending {
        (" order by v desc, key desc", " order by key desc")
    } else {
        (" order by v, key", " order by key")
    };
    Order { column, nullable, by, key_only, less: sort.descending }
}

/// A page: rows with their sort values, in order, at most `limit`.
pub async fn page(
    tx: &mut Tx,
    selection: &Selection,
    sort: Sort,
    after: Option<After>,
    offset: i64,
    limit: i64,
) -> Result<Vec<(Option<i64>, Record)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let order = order(sort);
    let mut found: Vec<(Option<i64>, i64)> = Vec::new();
    if after.is_none_or(|a| a.value.is_some()) {
        found = keys_with_value(tx, selection, &order, after, limit + offset).await?;
    }
    if order.nullable.is_some() && (found.len() as i64) < limit + offset {
        let rest = limit + offset - found.len() as i64;
        let from = after.filter(|a| a.value.is_none());
        found.extend(keys_without_value(tx, selection, &order, from, rest).await?);
    }
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let wanted: Vec<(Option<i64>, i64)> = found.into_iter().skip(skip).collect();
    rows(tx, wanted).await
}

async fn keys_with_value(
    tx: &mut Tx,
    selection: &Selection,
    order: &Order,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<(Option<i64>, i64)>> {
    let mut q = Query::new("");
    write_keys(&mut q, selection, order, after, limit);
    let rows: Vec<(i64, i64)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(v, k)| (Some(v), k)).collect())
}

/// How the database would find the keys of the first page, a line for each part; for tests.
pub async fn explain(tx: &mut Tx, selection: &Selection, sort: Sort) -> Result<Vec<String>> {
    if !tx.is_sqlite() {
        tx.run(Query::new("set local enable_seqscan = off")).await?;
    }
    let mut q = Query::new(if tx.is_sqlite() { "explain query plan " } else { "explain " });
    write_keys(&mut q, selection, &order(sort), None, page::DEFAULT_LIMIT);
    if tx.is_sqlite() {
        let rows: Vec<(i64, i64, i64, String)> = tx.all(q).await?;
        Ok(rows.into_iter().map(|(_, _, _, line)| line).collect())
    } else {
        let rows: Vec<(String,)> = tx.all(q).await?;
        Ok(rows.into_iter().map(|(line,)| line).collect())
    }
}

fn write_keys(q: &mut Query, selection: &Selection, order: &Order, after: Option<After>, limit: i64) {
    q.push("select v, key from (");
    for (i, branch) in selection.branches.iter().enumerate() {
        q.push(if i == 0 { "select * from (select " } else { " union all select * from (select " });
        q.push(order.column).push(" as v, e.key as key from executions e");
        let mut more = Vec::new();
        more.extend(order.nullable.map(|(_, present)| Cond::Plain(present)));
        selection.write_where(q, branch, &more);
        if let Some(After { value: Some(v), key }) = after {
            let has_where = !(branch.is_empty() && selection.shared.is_empty() && more.is_empty());
            q.push(if has_where { " and (" } else { " where (" }).push(order.column);
            q.push(if order.less { ", e.key) < (" } else { ", e.key) > (" }).value(v).push(", ").value(key).push(")");
        }
        q.push(order.by).push(" limit ").value(limit).push(") b");
    }
    q.push(") u").push(order.by).push(" limit ").value(limit);
}

async fn keys_without_value(
    tx: &mut Tx,
    selection: &Selection,
    order: &Order,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<(Option<i64>, i64)>> {
    let mut q = Query::new("select key from (");
    for (i, branch) in selection.branches.iter().enumerate() {
        q.push(if i == 0 { "select * from (select " } else { " union all select * from (select " });
        q.push("e.key as key from executions e");
        let mut more: Vec<Cond> = order.nullable.map(|(absent, _)| Cond::Plain(absent)).into_iter().collect();
        if let Some(a) = after {
            more.push(Cond::Value(if order.less { "e.key < " } else { "e.key > " }, a.key.into(), ""));
        }
        selection.write_where(&mut q, branch, &more);
        q.push(order.key_only).push(" limit ").value(limit).push(") b");
    }
    q.push(") u").push(order.key_only).push(" limit ").value(limit);
    let rows: Vec<(i64,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(k,)| (None, k)).collect())
}

/// The full rows of these keys, in this order.
async fn rows(tx: &mut Tx, wanted: Vec<(Option<i64>, i64)>) -> Result<Vec<(Option<i64>, Record)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from executions e join agents a on a.key = e.agent_key where e.key in ");
    q.list(wanted.iter().map(|(_, k)| *k));
    let found: Vec<Record> = tx.all(q).await?;
    let mut by_key: std::collections::HashMap<i64, Record> = found.into_iter().map(|r| (r.key, r)).collect();
    Ok(wanted.into_iter().filter_map(|(v, k)| by_key.remove(&k).map(|r| (v, r))).collect())
}

/// How many match, counted up to the cap and one more.
pub async fn count(tx: &mut Tx, selection: &Selection) -> Result<i64> {
    if selection.is_empty() {
        return Ok(0);
    }
    let mut q = Query::new("select count(*) from (");
    for (i, branch) in selection.branches.iter().enumerate() {
        q.push(if i == 0 { "select * from (select " } else { " union all select * from (select " });
        q.push("1 from executions e");
        selection.write_where(&mut q, branch, &[]);
        q.push(" limit ").value(page::COUNT_CAP + 1).push(") b");
    }
    q.push(") u");
    let (n,): (i64,) = tx.one(q).await?;
    Ok(n)
}

/// Of these runs, those the selection contains.
pub async fn among(tx: &mut Tx, selection: &Selection, keys: &[i64]) -> Result<Vec<i64>> {
    if selection.is_empty() || keys.is_empty() {
        return Ok(Vec::new());
    }
    let among = Cond::List("e.key in ", keys.iter().map(|k| Value::from(*k)).collect(), "");
    let mut q = Query::new("");
    for (i, branch) in selection.branches.iter().enumerate() {
        q.push(if i == 0 { "select e.key from executions e" } else { " union all select e.key from executions e" });
        selection.write_where(&mut q, branch, std::slice::from_ref(&among));
    }
    let rows: Vec<(i64,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(k,)| k).collect())
}
