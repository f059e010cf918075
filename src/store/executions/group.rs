//! Server. Which failure a run shares with others, and what its group is called.

use super::{Record, chunks};
use crate::domain::failure::fingerprint;
use crate::domain::{Failure, Result};
use crate::store::Visible;
use crate::store::db::{Executor, Tx};
use crate::store::query::{Query, Value};
use std::collections::HashMap;

/// Keys in one step of filling in, and errors read at once.
const STEP: i64 = 5_000;
const ERRORS: i64 = 250;
/// Groups looked at when tidying.
const FORGOTTEN: i64 = 500;

/// The failure of a run; `error` is the whole text when the row has only its beginning.
pub(super) fn of(r: &Record, error: Option<&str>) -> Option<Failure> {
    r.has_error.then(|| fingerprint(error.or(r.error.as_deref()).unwrap_or_default()))
}

/// Before a row is written: a run without an error is in no group, one with an error always is.
pub(super) async fn settle(tx: &mut Tx, r: &mut Record) -> Result<()> {
    if !r.has_error {
        r.error_group = None;
    } else if r.error_group.is_none()
        && let Some(failure) = of(r, None)
    {
        r.error_group = Some(keep_group(tx, &failure).await?);
    }
    Ok(())
}

/// Remembers what a group is called; answers its id.
pub async fn keep_group(tx: &mut Tx, failure: &Failure) -> Result<String> {
    keep_groups(tx, [failure]).await?;
    Ok(failure.id.clone())
}

pub(super) async fn keep_groups<'f>(tx: &mut Tx, failures: impl IntoIterator<Item = &'f Failure>) -> Result<()> {
    let new: HashMap<&str, &str> = failures.into_iter().map(|f| (f.id.as_str(), f.pattern.as_str())).collect();
    let new: Vec<_> = new.into_iter().collect();
    for chunk in chunks(&new) {
        let mut q = Query::new("insert into error_groups (id, pattern) values ");
        q.rows(chunk.iter().map(|(id, pattern)| vec![Value::from(*id), Value::from(*pattern)]));
        q.push(" on conflict (id) do nothing");
        tx.run(q).await?;
    }
    Ok(())
}

/// What these groups are called, as far as the reader may see a run of theirs.
pub async fn patterns(db: &mut impl Executor, ids: &[String], visible: &Visible) -> Result<Vec<(String, String)>> {
    if ids.is_empty() || *visible == Visible::Agents(Vec::new()) {
        return Ok(Vec::new());
    }
    let mut q = Query::new("select g.id, g.pattern from error_groups g where g.id in ");
    q.list(ids.iter().map(String::as_str));
    q.push(" and exists (select 1 from executions e where e.error_group = g.id");
    if let Visible::Agents(keys) = visible {
        q.push(" and e.agent_key in ").list(keys.iter().copied());
    }
    q.push(")");
    db.all(q).await
}

/// Forgets groups that no run is in any more, of a stretch of them from `start` on, an id: they are hashes, so that any
/// start is as good as another.
pub async fn forget_groups(tx: &mut Tx, start: &str) -> Result<()> {
    let sql = "delete from error_groups where id in (select g.id from error_groups g where g.id >= $1 order by g.id limit $2) \
               and not exists (select 1 from executions e where e.error_group = error_groups.id)";
    for (start, limit) in [(start, FORGOTTEN), ("", FORGOTTEN / 10)] {
        tx.run(Query::new(sql).bind(start).bind(limit)).await?;
    }
    Ok(())
}

/// A run without a group: key, and its error as far as a fingerprint looks at it, of the row and of the whole text.
type Unfilled = (i64, Option<String>, Option<String>);

/// Gives runs that have an error and no group their group: those after `after`, a bounded stretch of them. Answers
/// where to go on; `None` when all are done.
pub async fn fill_groups(tx: &mut Tx, after: i64) -> Result<Option<i64>> {
    let (newest,): (i64,) = tx.one(Query::new("select coalesce(max(key), 0) from executions")).await?;
    let end = after + STEP;
    // The ends of a long text are all that a fingerprint looks at.
    let sql = "select e.key, e.error, case when length(t.error) <= 8000 then t.error \
               else substr(t.error, 1, 4000) || $1 || substr(t.error, length(t.error) - 3999) end \
               from executions e left join execution_texts t on t.key = e.key \
               where e.key > $2 and e.key <= $3 and e.has_error and e.error_group is null order by e.key limit $4";
    let mut groups: HashMap<Failure, Vec<i64>> = HashMap::new();
    let mut reached = after;
    loop {
        let q = Query::new(sql).bind("\n").bind(reached).bind(end).bind(ERRORS);
        let rows: Vec<Unfilled> = tx.all(q).await?;
        let Some((last, ..)) = rows.last() else { break };
        reached = *last;
        for (key, short, whole) in rows {
            groups.entry(fingerprint(&whole.or(short).unwrap_or_default())).or_default().push(key);
        }
    }
    keep_groups(tx, groups.keys()).await?;
    for (failure, keys) in &groups {
        for chunk in chunks(keys) {
            let mut q = Query::new("update executions set error_group = ");
            q.value(failure.id.as_str()).push(" where key in ").list(chunk.iter().copied());
            tx.run(q).await?;
        }
    }
    Ok((end < newest).then_some(end))
}
