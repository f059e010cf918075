//! Server. Runs that belong together: sub-runs and retries.

use crate::domain::{Error, Result, RunLink, Status};
use crate::store::Visible;
use crate::store::db::Executor;
use crate::store::query::Query;

/// A run of a family as read.
#[derive(sqlx::FromRow)]
pub struct LinkRow {
    id: String,
    agent_key: i64,
    agent_name: String,
    #[sqlx(try_from = "String")]
    status: Status,
    message: String,
    attempt: i64,
}

impl LinkRow {
    /// `None` where it may not be seen.
    pub fn visible(self, visible: &Visible) -> Result<Option<RunLink>> {
        if !visible.includes(self.agent_key) {
            return Ok(None);
        }
        Ok(Some(RunLink {
            id: self.id.parse().map_err(|_| Error::Internal(self.id.clone()))?,
            agent_name: self.agent_name,
            status: self.status,
            message: self.message,
            attempt: self.attempt,
        }))
    }
}

fn links(rows: Vec<LinkRow>, visible: &Visible) -> Result<Vec<RunLink>> {
    rows.into_iter().filter_map(|r| r.visible(visible).transpose()).collect()
}

/// Sub-runs, newest first, at most 200.
pub async fn children(db: &mut impl Executor, id: &str, visible: &Visible) -> Result<Vec<RunLink>> {
    let sql = "select e.id, e.agent_key, a.name as agent_name, e.status, e.message, e.attempt \
               from executions e join agents a on a.key = e.agent_key where e.parent_id = $1 \
               order by e.sort_at desc, e.key desc limit 200";
    links(db.all(Query::new(sql).bind(id)).await?, visible)
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
               select e.id, e.agent_key, a.name as agent_name, e.status, e.message, e.attempt \
               from (select id, min(depth) as depth from down group by id) d \
               join executions e on e.id = d.id join agents a on a.key = e.agent_key \
               order by d.depth, e.key limit 200";
    let chain = links(db.all(Query::new(sql).bind(id)).await?, visible)?;
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
