//! Server. Conditions of a `where`: what is checked row by row, and the search.

use crate::domain::{ExecutionId, Filter, Result, SortField, Status};
use crate::store::db::{Executor, Tx};
use crate::store::query::{Query, Value};
use crate::store::{executions, search};
use std::collections::BTreeMap;

/// Up to this many hits of an index the hits drive the query; beyond, the sort does and each row is checked.
pub const RARE: i64 = 5_000;

/// One condition of a `where`.
#[derive(Debug, Clone)]
pub(super) enum Cond {
    Plain(&'static str),
    Value(&'static str, Value, &'static str),
    List(&'static str, Vec<Value>, &'static str),
    /// Alternatives.
    Any(Vec<Cond>),
    All(Vec<Cond>),
    /// A bound on a column that lists can be sorted by.
    Bound(SortField, &'static str, Value),
    /// The run is one of these.
    Keys(Named),
    /// Of a column, for SQLite: checked on each row, no reason to go by the column's index.
    Checked(Box<Cond>),
}

impl Cond {
    pub(super) fn write(&self, q: &mut Query) {
        match self {
            Self::Plain(sql) => {
                q.push(sql);
            }
            Self::Value(before, value, after) => {
                q.push(before).value(value.clone()).push(after);
            }
            Self::Bound(_, sql, value) => {
                q.push(sql).value(value.clone());
            }
            Self::List(before, values, after) => {
                q.push(before).list(values.iter().cloned()).push(after);
            }
            Self::Any(conditions) => joined(q, conditions, " or "),
            Self::All(conditions) => joined(q, conditions, " and "),
            Self::Keys(named) => {
                named.write(q.push("e.key in ("));
                q.push(")");
            }
            Self::Checked(condition) => condition.write(q.push("+")),
        }
    }
}

fn joined(q: &mut Query, conditions: &[Cond], by: &'static str) {
    for (i, c) in conditions.iter().enumerate() {
        q.push(if i == 0 { "(" } else { by });
        c.write(q);
    }
    q.push(")");
}

/// Runs that one index names: the query for their keys.
#[derive(Debug, Clone)]
pub(super) struct Named {
    select: &'static str,
    conditions: Vec<Cond>,
}

impl Named {
    fn write(&self, q: &mut Query) {
        for (i, c) in self.conditions.iter().enumerate() {
            q.push(if i == 0 { self.select } else { " and " });
            c.write(q);
        }
    }

    async fn is_rare(&self, tx: &mut Tx) -> Result<bool> {
        let mut q = Query::new("select count(*) from (");
        self.write(&mut q);
        q.push(" limit ").value(RARE + 1).push(") hits");
        let (hits,): (i64,) = tx.one(q).await?;
        Ok(hits <= RARE)
    }
}

/// What a filter asks for beside the columns of the lists' indexes, where that is rare: the few runs with this label,
/// this tool, this cost. They drive the query then; otherwise the sort does and each row is checked. PostgreSQL
/// decides this by itself.
pub(super) async fn rare_conditions(tx: &mut Tx, f: &Filter) -> Result<Vec<Cond>> {
    if !tx.is_sqlite() {
        // Checked on rows as well, in a form that hides the column from its index.
        return Ok(f.changed.min.map(|seq| Cond::Value("e.status_seq >= ", seq.into(), "")).into_iter().collect());
    }
    let mut rare = Vec::new();
    for named in named(tx, f).await? {
        if named.is_rare(tx).await? {
            rare.push(Cond::Keys(named));
        }
    }
    Ok(rare)
}

async fn named(tx: &mut Tx, f: &Filter) -> Result<Vec<Named>> {
    let mut all = Vec::new();
    for (name, values) in labels_by_name(f) {
        let values = values.into_iter().map(Value::from).collect();
        all.push(Named {
            select: "select l.execution_key from execution_labels l where ",
            conditions: vec![Cond::Value("l.name = ", name.into(), ""), Cond::List("l.value in ", values, "")],
        });
    }
    if !f.tool.include.is_empty() {
        let names = tool_names(tx, &f.tool.include).await?;
        all.push(Named {
            select: "select t.execution_key from tool_calls t where ",
            conditions: vec![Cond::List("t.folded_name in ", texts(&names), "")],
        });
    }
    if !f.changed.is_empty() {
        let statuses = if f.status.include.is_empty() { words(&Status::ALL) } else { words(&f.status.include) };
        let mut conditions = vec![Cond::List("e.status in ", statuses, "")];
        conditions.extend(f.changed.min.map(|seq| Cond::Value("e.status_seq >= ", seq.into(), "")));
        conditions.extend(f.changed.max.map(|seq| Cond::Value("e.status_seq < ", seq.into(), "")));
        all.push(Named { select: "select e.key from executions e where ", conditions });
    }
    for [min, max] in bounds(f) {
        let conditions: Vec<Cond> = min.into_iter().chain(max).collect();
        if !conditions.is_empty() {
            all.push(Named { select: "select e.key from executions e where ", conditions });
        }
    }
    Ok(all)
}

/// Of the columns with an index of their own.
fn bounds(f: &Filter) -> [[Option<Cond>; 2]; 2] {
    let bound = |of, sql, value: Option<i64>| value.map(|v| Cond::Bound(of, sql, v.into()));
    let cost = |usd: Option<f64>| usd.map(executions::nanos);
    [
        [
            bound(SortField::Duration, "e.duration_ms >= ", f.duration_ms.min),
            bound(SortField::Duration, "e.duration_ms <= ", f.duration_ms.max),
        ],
        [
            bound(SortField::Cost, "e.cost_nanos >= ", cost(f.cost.min)),
            bound(SortField::Cost, "e.cost_nanos <= ", cost(f.cost.max)),
        ],
    ]
}

/// The case-folded names of tools that match one of the globs; there are few names, however many calls.
async fn tool_names(tx: &mut Tx, globs: &[String]) -> Result<Vec<String>> {
    let mut q = Query::new(
        "with recursive names (name) as (select min(folded_name) from tool_calls union all \
         select (select min(t.folded_name) from tool_calls t where t.folded_name > names.name) \
         from names where names.name is not null) \
         select name from names where name is not null and (",
    );
    for (i, glob) in globs.iter().enumerate() {
        q.push(if i == 0 { "name like " } else { " or name like " });
        q.value(tool_pattern(glob)).push(" escape '\\'");
    }
    q.push(")");
    let rows: Vec<(String,)> = tx.all(q).await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Search: an execution id finds that run; text is found by trigrams when they are rare, else row by row.
pub(super) async fn search_conditions(tx: &mut Tx, text: &str) -> Result<Vec<Cond>> {
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
pub(super) fn row_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    for [min, max] in bounds(f) {
        c.extend(min.into_iter().chain(max));
    }
    c.extend(f.tokens.min.map(|v| Cond::Value("e.total_tokens >= ", v.into(), "")));
    c.extend(f.tokens.max.map(|v| Cond::Value("e.total_tokens <= ", v.into(), "")));
    check(&mut c, "e.status || '' not in ", words(&f.status.exclude));
    check(&mut c, "e.triggered_by || '' not in ", words(&f.trigger.exclude));
    for (sql, values) in [
        ("coalesce(e.error_group, '') not in ", texts(&f.error_group.exclude)),
        ("coalesce(e.model, '') not in ", texts(&f.model.exclude)),
        ("coalesce(e.thread_id, '') not in ", texts(&f.thread.exclude)),
        ("coalesce(e.flow_id, '') not in ", texts(&f.flow.exclude)),
        ("coalesce(e.parent_id, '') not in ", ids(&f.parent.exclude)),
        ("coalesce(e.retry_of, '') not in ", ids(&f.retry_of.exclude)),
    ] {
        check(&mut c, sql, values);
    }
    c.extend(f.as_of.map(|seq| Cond::Value("e.created_seq < ", seq.into(), "")));
    c.extend(f.changed.min.map(|seq| Cond::Value("+e.status_seq >= ", seq.into(), "")));
    c.extend(f.changed.max.map(|seq| Cond::Value("+e.status_seq < ", seq.into(), "")));
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

fn labels_by_name(f: &Filter) -> BTreeMap<&str, Vec<&str>> {
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for label in &f.label.include {
        by_name.entry(&label.key).or_default().push(&label.value);
    }
    by_name
}

/// Labels of different keys narrow, of one key are alternatives.
fn label_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    let pair = |name: &str, value: &str| Value::from(format!("{name}\u{1}{value}"));
    for (name, values) in labels_by_name(f) {
        let values = values.into_iter().map(|v| pair(name, v)).collect();
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

fn tool_pattern(glob: &str) -> Value {
    like_escaped(&search::fold(glob)).replace('*', "%").into()
}

/// Tools by glob: any of the included, none of the excluded.
fn tool_conditions(f: &Filter) -> Vec<Cond> {
    let mut c = Vec::new();
    let uses = "exists (select 1 from tool_calls t where t.execution_key = e.key and t.folded_name like ";
    if !f.tool.include.is_empty() {
        c.push(Cond::Any(f.tool.include.iter().map(|g| Cond::Value(uses, tool_pattern(g), " escape '\\')")).collect()));
    }
    for glob in &f.tool.exclude {
        c.push(Cond::Value(
            "not exists (select 1 from tool_calls t where t.execution_key = e.key and t.folded_name like ",
            tool_pattern(glob),
            " escape '\\')",
        ));
    }
    c
}

pub(super) fn texts(values: &[String]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

pub(super) fn ids(values: &[ExecutionId]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

pub(in crate::store) fn words<T: std::fmt::Display>(values: &[T]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.to_string())).collect()
}

pub(super) fn ints(sql: &'static str, values: &[i64]) -> Cond {
    Cond::List(sql, values.iter().map(|v| Value::from(*v)).collect(), "")
}

pub(super) fn check(conditions: &mut Vec<Cond>, sql: &'static str, values: Vec<Value>) {
    if !values.is_empty() {
        conditions.push(Cond::List(sql, values, ""));
    }
}
