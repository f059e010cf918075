//! Server. "Since you left": the page says now and then that its reader is there. After ten minutes without a word they
//! were away; what happened between leaving and coming back stays on show, over reloads, until they say that they have
//! seen it or are away again.

use super::Caller;
use crate::domain::{Beside, Filter, Result, Since, Status, Timestamp, page};
use crate::store::list::{self, Selection};
use crate::store::marks::{self, MarkRow};
use crate::store::{Tx, events};

const AWAY_MS: i64 = 10 * 60_000;

/// What happened while the caller was away; `None`: they were never here.
pub async fn since(caller: &Caller) -> Result<Option<Since>> {
    caller.fleet()?;
    let mut tx = caller.app.store.snapshot().await?;
    let newest = events::newest(&mut tx).await?;
    match marks::get(&mut tx, caller.user_key).await? {
        Some(mark) => counted(caller, &mut tx, stands(mark, newest, caller.now())).await.map(Some),
        None => Ok(None),
    }
}

/// The reader is at the page, and it is visible.
pub async fn here(caller: &Caller) -> Result<Since> {
    caller.fleet()?;
    // A program with a token that may only read, or is for some agents, does not say where its person is.
    caller.writer()?;
    caller.unlimited()?;
    let (user, now) = (caller.user_key, caller.now());
    let store = &caller.app.store;
    let mark = store
        .write(move |tx| {
            Box::pin(async move {
                let newest = events::newest(tx).await?;
                let before = marks::get(tx, user).await?.unwrap_or_else(|| all_seen(newest, now));
                let mark = MarkRow { here_seq: newest, here_at: now.micros(), ..stands(before, newest, now) };
                marks::put(tx, user, mark).await?;
                Ok(mark)
            })
        })
        .await?;
    counted(caller, &mut store.snapshot().await?, mark).await
}

/// Everything up to the event `seq` is seen; without one, everything.
pub async fn seen(caller: &Caller, seq: Option<i64>) -> Result<Since> {
    caller.fleet()?;
    caller.writer()?;
    caller.unlimited()?;
    let (user, now) = (caller.user_key, caller.now());
    let mark = caller
        .write(move |tx| {
            Box::pin(async move {
                let newest = events::newest(tx).await?;
                let seq = seq.map_or(newest, |seq| seq.clamp(0, newest));
                let mark = MarkRow { back_seq: newest, ..all_seen(seq, now) };
                marks::put(tx, user, mark).await?;
                Ok(mark)
            })
        })
        .await?;
    counted(caller, &mut caller.app.store.snapshot().await?, mark).await
}

/// What the list's page says beside its rows.
pub async fn beside(caller: &Caller, query: &str) -> Result<Beside> {
    Ok(Beside {
        since: since(caller).await?,
        groups: super::failures::names_for_page(caller, query).await?,
        newer: newer(caller, query).await?,
    })
}

/// How many runs the page's moment leaves out; `None`: too many to count.
async fn newer(caller: &Caller, query: &str) -> Result<Option<i64>> {
    let (filter, _) = super::executions::page_query(query);
    let Some(seq) = filter.as_of else { return Ok(Some(0)) };
    // What ended since may count as unfinished then, so the two lists' totals do not tell.
    let all = Filter { as_of: None, ..filter };
    let mut tx = caller.app.store.snapshot().await?;
    let selection = Selection::resolve(&mut tx, &all, caller.fleet()?, caller.now()).await?;
    let count = list::count(&mut tx, &selection.newer_than(seq)).await?;
    Ok((count <= page::COUNT_CAP).then_some(count))
}

const fn all_seen(seq: i64, now: Timestamp) -> MarkRow {
    MarkRow { seq, at: now.micros(), back_seq: seq, here_seq: seq, here_at: now.micros() }
}

/// The mark as of now: who was away for long left when they were here last.
fn stands(mark: MarkRow, newest: i64, now: Timestamp) -> MarkRow {
    if now.millis_since(Timestamp::from_micros(mark.here_at)) < AWAY_MS {
        return mark;
    }
    MarkRow { seq: mark.here_seq, at: mark.here_at, back_seq: newest, ..mark }
}

async fn counted(caller: &Caller, tx: &mut Tx, mark: MarkRow) -> Result<Since> {
    let mut since = Since {
        seq: mark.seq,
        at: Timestamp::from_micros(mark.at),
        back_seq: mark.back_seq,
        success: 0,
        failed: 0,
        cancelled: 0,
        waiting: 0,
    };
    if mark.seq < mark.back_seq {
        for (status, count) in [
            (Status::Success, &mut since.success),
            (Status::Failed, &mut since.failed),
            (Status::Cancelled, &mut since.cancelled),
            (Status::Waiting, &mut since.waiting),
        ] {
            *count = marks::changed(tx, status, (mark.seq, mark.back_seq), caller.visible()).await?;
        }
    }
    Ok(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_is_no_absence_and_ten_minutes_are() {
        let start = Timestamp::from_millis(1_000_000);
        let mark = MarkRow { here_seq: 7, ..all_seen(5, start) };
        assert_eq!(stands(mark, 9, start.plus_millis(AWAY_MS - 1)), mark);
        let left = stands(mark, 9, start.plus_millis(AWAY_MS));
        assert_eq!((left.seq, left.back_seq, left.at), (7, 9, start.micros()));
    }
}
