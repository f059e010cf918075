//! Server. Pages of a selection by keyset, and its count.

use super::conditions::Cond;
use super::selection::Selection;
use crate::domain::{Result, Sort, SortField, page};
use crate::store::db::{Executor, Tx};
use crate::store::executions::{COLUMNS, Record};
use crate::store::query::{Query, Value};

/// Where a page goes on: the sort value and key of the last row before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// `None`: among the rows without a value, which come last.
    pub value: Option<i64>,
    pub key: i64,
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
    let found = keys(tx, selection, sort, after, limit + offset).await?;
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let wanted: Vec<(Option<i64>, i64)> = found.into_iter().skip(skip).collect();
    rows(tx, wanted).await
}

/// The sort values and keys of a page, in order.
pub async fn keys(
    tx: &mut Tx,
    selection: &Selection,
    sort: Sort,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<(Option<i64>, i64)>> {
    if selection.is_empty() {
        return Ok(Vec::new());
    }
    let order = order(sort);
    let mut found: Vec<(Option<i64>, i64)> = Vec::new();
    if after.is_none_or(|a| a.value.is_some()) {
        found = keys_with_value(tx, selection, &order, after, limit).await?;
    }
    if order.nullable.is_some() && (found.len() as i64) < limit {
        let rest = limit - found.len() as i64;
        let from = after.filter(|a| a.value.is_none());
        found.extend(keys_without_value(tx, selection, &order, from, rest).await?);
    }
    Ok(found)
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
    let mut q = Query::new("");
    write_keys(&mut q, selection, &order(sort), None, page::DEFAULT_LIMIT);
    crate::store::db::explain(tx, q).await
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
