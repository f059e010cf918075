//! Server. Conditions of a `where`: what is checked row by row, and the search.

use crate::domain::{ExecutionId, Filter, Result};
use crate::store::db::{Executor, Tx};
use crate::store::query::{Query, Value};
use crate::store::{executions, search};

/// Up to this many hits of the trigram index the hits drive the query; beyond, the sort does and each row is checked.
const RARE: i64 = 5_000;

/// One condition of a `where`.
#[derive(Debug, Clone)]
pub(super) enum Cond {
    Plain(&'static str),
    Value(&'static str, Value, &'static str),
    List(&'static str, Vec<Value>, &'static str),
    /// Alternatives.
    Any(Vec<Cond>),
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
    let bound = |c: &mut Vec<Cond>, sql: &'static str, v: Option<i64>| {
        if let Some(v) = v {
            c.push(Cond::Value(sql, v.into(), ""));
        }
    };
    bound(&mut c, "e.duration_ms >= ", f.duration_ms.min);
    bound(&mut c, "e.duration_ms <= ", f.duration_ms.max);
    bound(&mut c, "e.cost_nanos >= ", f.cost.min.map(executions::nanos));
    bound(&mut c, "e.cost_nanos <= ", f.cost.max.map(executions::nanos));
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

pub(super) fn texts(values: &[String]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

pub(super) fn ids(values: &[ExecutionId]) -> Vec<Value> {
    values.iter().map(|v| Value::from(v.as_str())).collect()
}

pub(super) fn words<T: std::fmt::Display>(values: &[T]) -> Vec<Value> {
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
