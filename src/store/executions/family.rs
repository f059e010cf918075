//! Server. Runs that belong together: sub-runs and retries.

use crate::domain::{Error, Result, RunLink, Status};
use crate::store::Visible;
use crate::store::db::Executor;
use crate::store::query::Query;

/// A run of a family as read.
#[derive(sqlx::FromRow)]
pub struct LinkRow {
    id: String,
    agent_name: String,
    #[sqlx(try_from = "String")]
    status: Status,
    message: String,
    attempt: i64,
}

impl TryFrom<LinkRow> for RunLink {
    type Error = Error;
    fn try_from(row: LinkRow) -> Result<Self> {
        Ok(Self {
            id: row.id.parse().map_err(|_| Error::Internal(row.id.clone()))?,
            agent_name: row.agent_name,
            status: row.status,
            message: row.message,
            attempt: row.attempt,
        })
    }
}

/// Of the runs `e`, those of these agents; before any limit, so that what is hidden takes no place.
pub fn write_visible(q: &mut Query, visible: &Visible) {
    match visible {
        Visible::All => {}
        Visible::Agents(keys) if keys.is_empty() => drop(q.push(" and 1 = 0")),
        Visible::Agents(keys) => drop(q.push(" and +e.agent_key in ").list(keys.iter().copied())),
    }
}

/// Sub-runs, newest first, at most 200.
pub async fn children(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<RunLink>> {
    let mut q = Query::new(
        "select e.id, a.name as agent_name, e.status, e.message, e.attempt \
         from executions e join agents a on a.key = e.agent_key where e.parent_id = ",
    );
    q.value(id);
    write_visible(&mut q, visible);
    q.push(" order by e.sort_at desc, e.key desc limit 200");
    db.all::<LinkRow>(q).await?.into_iter().map(RunLink::try_from).collect()
}

/// The first attempt and everything that retried it, oldest first; empty when nothing did.
pub async fn retry_chain(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<RunLink>> {
    let sql = "with recursive up (id, retry_of, depth) as ( \
                 select id, retry_of, 0 from executions where id = $1 \
                 union all select p.id, p.retry_of, up.depth + 1 from executions p join up on p.id = up.retry_of \
                 where up.depth < 100), \
               down (id, depth) as ( \
                 select id, 0 from (select id from up order by depth desc limit 1) root \
                 union all select c.id, down.depth + 1 from executions c join down on c.retry_of = down.id \
                 where down.depth < 100) \
               select e.id, a.name as agent_name, e.status, e.message, e.attempt \
               from (select id, min(depth) as depth from down group by id) d \
               join executions e on e.id = d.id";
    let mut q = Query::new(sql).bind(id);
    write_visible(&mut q, visible);
    q.push(" join agents a on a.key = e.agent_key order by d.depth, e.key limit 200");
    let chain = db.all::<LinkRow>(q).await?.into_iter().map(RunLink::try_from).collect::<Result<Vec<_>>>()?;
    Ok(if chain.len() > 1 { chain } else { Vec::new() })
}

/// Keys and ids of unfinished runs below `id`, at any depth, that are not asked to stop; by key, after `after`.
pub async fn unfinished_below(db: &mut impl Executor, id: &str, after: i64) -> Result<Vec<(i64, String)>> {
    let sql = "with recursive below (id, depth) as ( \
                 select id, 1 from executions where parent_id = $1 \
                 union all select c.id, b.depth + 1 from executions c join below b on c.parent_id = b.id \
                 where b.depth < 50) \
               select distinct e.key, e.id from below b join executions e on e.id = b.id \
               where e.status in ('queued', 'running', 'waiting', 'paused') and e.cancel_requested_at is null \
               and e.key > $2 order by e.key limit 1000";
    db.all(Query::new(sql).bind(id).bind(after)).await
}
