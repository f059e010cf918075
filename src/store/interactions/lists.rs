//! Server. Approvals and questions in lists: what waits for whom, and what was decided.

use super::{InteractionRow, SELECT, ids};
use crate::domain::{InteractionStatus, Result, Timestamp};
use crate::store::Visible;
use crate::store::db::Executor;
use crate::store::query::Query;

/// Who looks: the agents they may see, and themselves as somebody who is asked.
pub struct Reader<'a> {
    pub visible: &'a Visible,
    pub user_key: i64,
    /// Their token is for these agents only: what they are asked elsewhere is not theirs to see with it.
    pub limited: bool,
}

impl Reader<'_> {
    /// `… and (they may see it)`
    fn may_see(&self, q: &mut Query) {
        let Visible::Agents(keys) = self.visible else { return };
        self.within(q);
        if self.limited {
            return;
        }
        q.push(" and (");
        if !keys.is_empty() {
            q.push("i.agent_key in ").list(keys.iter().copied()).push(" or ");
        }
        q.push("exists (select 1 from approvers p where p.interaction_key = i.key and p.user_key = ");
        q.value(self.user_key).push("))");
    }

    /// `… and (their token is for it)`
    fn within(&self, q: &mut Query) {
        let (true, Visible::Agents(keys)) = (self.limited, self.visible) else { return };
        if keys.is_empty() {
            q.push(" and i.key is null");
        } else {
            q.push(" and i.agent_key in ").list(keys.iter().copied());
        }
    }
}

/// How many wait for somebody.
pub async fn count_waiting_for(db: &mut impl Executor, reader: &Reader<'_>) -> Result<i64> {
    let (n,): (i64,) = db.one(count_query(reader)).await?;
    Ok(n)
}

fn count_query(reader: &Reader<'_>) -> Query {
    let mut q = Query::new("select count(*) from approvers p join interactions i on i.key = p.interaction_key ");
    q.push("where p.turn and p.user_key = ").value(reader.user_key);
    reader.within(&mut q);
    q
}

/// Whether anything waits for somebody.
pub async fn anything_waits_for(db: &mut impl Executor, user_key: i64) -> Result<bool> {
    let q = Query::new("select interaction_key from approvers where user_key = $1 and turn limit 1").bind(user_key);
    Ok(db.maybe::<(i64,)>(q).await?.is_some())
}

/// Whether it still waits for somebody.
pub async fn is_turn_of(db: &mut impl Executor, id: &str, user_key: i64) -> Result<bool> {
    let sql = "select p.user_key from interactions i join approvers p on p.interaction_key = i.key \
               where i.id = $1 and p.user_key = $2 and p.turn";
    Ok(db.maybe::<(i64,)>(Query::new(sql).bind(id).bind(user_key)).await?.is_some())
}

/// What waits for somebody, longest first.
pub async fn waiting_for(
    db: &mut impl Executor,
    reader: &Reader<'_>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<InteractionRow>> {
    db.all(waiting_query(reader, after, limit)).await
}

fn waiting_query(reader: &Reader<'_>, after: Option<i64>, limit: i64) -> Query {
    let mut q = Query::new(SELECT);
    q.push("join approvers p on p.interaction_key = i.key where p.turn and p.user_key = ").value(reader.user_key);
    q.push(" and p.interaction_key > ").value(after.unwrap_or(0));
    reader.within(&mut q);
    q.push(" order by p.interaction_key limit ").value(limit);
    q
}

/// What waits for others, newest first.
pub async fn waiting_for_others(
    db: &mut impl Executor,
    reader: &Reader<'_>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<InteractionRow>> {
    db.all(others_query(reader, before, limit)).await
}

fn others_query(reader: &Reader<'_>, before: Option<i64>, limit: i64) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where i.status = 'pending' and i.key < ").value(before.unwrap_or(i64::MAX));
    reader.may_see(&mut q);
    q.push(" and not exists (select 1 from approvers t where t.interaction_key = i.key and t.turn and t.user_key = ");
    q.value(reader.user_key).push(") order by i.key desc limit ").value(limit);
    q
}

/// Those that stand so, or all, newest first.
pub async fn list(
    db: &mut impl Executor,
    reader: &Reader<'_>,
    status: Option<InteractionStatus>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<InteractionRow>> {
    db.all(list_query(reader, status, before, limit)).await
}

fn list_query(reader: &Reader<'_>, status: Option<InteractionStatus>, before: Option<i64>, limit: i64) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where i.key < ").value(before.unwrap_or(i64::MAX));
    if let Some(status) = status {
        q.push(" and i.status = ").value(status.as_str());
    }
    reader.may_see(&mut q);
    q.push(" order by i.key desc limit ").value(limit);
    q
}

/// What is over, the newest first, before this moment and key.
pub async fn decided(
    db: &mut impl Executor,
    reader: &Reader<'_>,
    before: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<InteractionRow>> {
    db.all(decided_query(reader, before, limit)).await
}

fn decided_query(reader: &Reader<'_>, before: Option<(i64, i64)>, limit: i64) -> Query {
    let (at, key) = before.unwrap_or((i64::MAX, i64::MAX));
    let mut q = Query::new(SELECT);
    match reader.visible {
        Visible::All => {
            q.push("where i.decided_at is not null and (i.decided_at, i.key) < (");
            q.value(at).push(", ").value(key).push(")");
        }
        // The newest of what they may see and of what they were asked, each from its own index.
        Visible::Agents(keys) => {
            q.push(
                "where i.key in (select key from (select p.interaction_key as key from approvers p where p.user_key = ",
            );
            q.value(reader.user_key).push(" and p.ended_at is not null and (p.ended_at, p.interaction_key) < (");
            q.value(at).push(", ").value(key).push(") order by p.ended_at desc, p.interaction_key desc limit ");
            q.value(limit).push(") as asked");
            if !keys.is_empty() {
                q.push(" union select key from (select s.key from interactions s where s.agent_key in ");
                q.list(keys.iter().copied()).push(" and s.decided_at is not null and (s.decided_at, s.key) < (");
                q.value(at).push(", ").value(key).push(") order by s.decided_at desc, s.key desc limit ");
                q.value(limit).push(") as seen");
            }
            q.push(")");
            reader.within(&mut q);
        }
    }
    q.push(" order by i.decided_at desc, i.key desc limit ").value(limit);
    q
}

/// Others that are equal and wait for somebody, oldest first: their ids.
pub async fn alike(db: &mut impl Executor, user_key: i64, to: &InteractionRow, limit: i64) -> Result<Vec<String>> {
    ids(db, alike_query(user_key, &to.alike, to.key, limit)).await
}

fn alike_query(user_key: i64, alike: &str, but: i64, limit: i64) -> Query {
    let sql = "select i.id from approvers p join interactions i on i.key = p.interaction_key where p.user_key = $1 \
               and p.alike = $2 and p.turn and p.interaction_key <> $3 order by p.interaction_key limit $4";
    Query::new(sql).bind(user_key).bind(alike).bind(but).bind(limit)
}

/// How often somebody has approved the same by hand, counted up to `most`.
pub async fn approved_alike(db: &mut impl Executor, user_key: i64, alike: &str, most: i64) -> Result<i64> {
    let (n,): (i64,) = db.one(approved_query(user_key, alike, most)).await?;
    Ok(n)
}

fn approved_query(user_key: i64, alike: &str, most: i64) -> Query {
    let sql = "select count(*) from (select 1 as one from approvers where user_key = $1 and alike = $2 \
               and decision = 'approve' and rule_key is null limit $3) as approved";
    Query::new(sql).bind(user_key).bind(alike).bind(most)
}

/// Changes told of at once.
pub const MOST_NEWS: i64 = 500;

/// Of these runs, what was asked, answered or ended since, at most `MOST_NEWS`.
pub async fn changed(db: &mut impl Executor, execution_keys: &[i64], since: Timestamp) -> Result<Vec<InteractionRow>> {
    if execution_keys.is_empty() {
        return Ok(Vec::new());
    }
    db.all(changed_query(execution_keys, since)).await
}

fn changed_query(execution_keys: &[i64], since: Timestamp) -> Query {
    let mut q = Query::new(SELECT);
    q.push("where i.execution_key in ").list(execution_keys.iter().copied());
    q.push(" and i.changed_at >= ").value(since.micros()).push(" order by i.key desc limit ").value(MOST_NEWS);
    q
}

/// Those that wait and name somebody who counts, at most 1 000: their ids.
pub async fn naming(db: &mut impl Executor, user_key: i64) -> Result<Vec<String>> {
    ids(db, naming_query(user_key)).await
}

fn naming_query(user_key: i64) -> Query {
    let sql = "select i.id from approvers p join interactions i on i.key = p.interaction_key \
               where p.user_key = $1 and p.ended_at is null and i.status = 'pending' and p.excluded is null limit 1000";
    Query::new(sql).bind(user_key)
}

pub(super) fn queries(now: Timestamp) -> Vec<Query> {
    let some = Visible::Agents(vec![1, 2]);
    let all = Reader { visible: &Visible::All, user_key: 1, limited: false };
    let few = Reader { visible: &some, user_key: 1, limited: false };
    let limited = Reader { visible: &some, user_key: 1, limited: true };
    let pending = Some(InteractionStatus::Pending);
    vec![
        count_query(&all),
        count_query(&limited),
        waiting_query(&few, None, 51),
        waiting_query(&limited, None, 51),
        others_query(&all, None, 51),
        others_query(&few, None, 51),
        list_query(&all, pending, None, 51),
        list_query(&few, None, None, 51),
        decided_query(&all, None, 51),
        decided_query(&few, None, 51),
        alike_query(1, "x", 1, 100),
        approved_query(1, "x", 5),
        changed_query(&[1, 2], now),
        naming_query(1),
    ]
}
