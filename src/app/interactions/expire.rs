//! Server. What nobody decided in time.

use super::{seen, settle, told};
use crate::app::App;
use crate::domain::interaction::names;
use crate::domain::{Error, InteractionKind, InteractionStatus, Result, Timestamp};
use crate::store::interactions::{self as rows, InteractionRow};
use crate::store::{Tx, executions, parts};

/// Ends what is too late, each alone, and reminds those whose time runs out.
pub async fn expire_due(app: &App) -> Result<()> {
    let now = app.now();
    let mut db = app.store.read();
    for id in rows::expiring(&mut db, now).await? {
        let named = id.clone();
        let ended = app.store.write(move |tx| Box::pin(async move { expire(tx, &id, now).await })).await;
        unless_away(ended, &named)?;
    }
    for id in rows::reminding(&mut db, now).await? {
        let named = id.clone();
        let reminded = app.store.write(move |tx| Box::pin(async move { remind(tx, &id, now).await })).await;
        unless_away(reminded, &named)?;
    }
    Ok(())
}

/// What is wrong with one stands in the way of no other, unless the database is away.
fn unless_away(done: Result<()>, id: &str) -> Result<()> {
    match done {
        Err(e @ Error::Unavailable(_)) => return Err(e),
        Err(e) => tracing::error!(id, error = %e, "what nobody has decided in time can't be ended, or nobody reminded"),
        Ok(()) => {}
    }
    Ok(())
}

async fn expire(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    // Read again: somebody may have been faster.
    let Some(row) = rows::find_for_update(tx, id).await? else { return Ok(()) };
    if row.status != InteractionStatus::Pending || row.expires_at.is_none_or(|at| at > now.micros()) {
        return Ok(());
    }
    let mut run = executions::by_key_for_update(tx, row.execution_key).await?;
    let why = too_late(tx, &row).await?;
    parts::note(tx, run.key, &why, now).await?;
    settle::refused(tx, &row, &mut run, InteractionStatus::Timeout, &why, now).await
}

async fn too_late(tx: &mut Tx, row: &InteractionRow) -> Result<String> {
    let people = rows::approvers(tx, &[row.key]).await?;
    let silent: Vec<&str> = people.iter().filter(|p| p.turn).map(|p| p.display_name.as_str()).collect();
    let verb = match row.kind {
        InteractionKind::Approval => "decide about",
        InteractionKind::Question => "answer",
    };
    let by = seen::time(row.expires_at);
    Ok(if silent.is_empty() {
        format!("timeout: nobody came to {verb} “{}” by {by}", row.title)
    } else {
        format!("timeout: {} did not {verb} “{}” by {by}", names(&silent), row.title)
    })
}

async fn remind(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    let Some(row) = rows::find_for_update(tx, id).await? else { return Ok(()) };
    if rows::reminded(tx, row.key).await? {
        told::reminder(tx, &row, now).await?;
    }
    Ok(())
}
