//! Server. Saved views: a person's own, and those others share with everybody who sees the fleet.

use super::Caller;
use crate::domain::view::{NewView, View, ViewPage, ViewPatch, view_name, view_query};
use crate::domain::{Error, Result, Timestamp};
use crate::store::Tx;
use crate::store::views::{self as rows, NewRow, ViewRow};

const MOST: i64 = 200;
const PAGE: i64 = 200;

fn view(row: ViewRow, caller: &Caller) -> View {
    View {
        mine: row.owner_key == caller.user_key,
        id: row.id,
        name: row.name,
        query: row.query,
        shared: row.shared,
        owner: row.owner,
        default: row.chosen,
        created_at: Timestamp::from_micros(row.created_at),
        updated_at: Timestamp::from_micros(row.updated_at),
    }
}

/// Own and shared views, oldest first; `cursor` goes on from an earlier page.
pub async fn list(caller: &Caller, cursor: Option<&str>, limit: Option<i64>) -> Result<ViewPage> {
    caller.fleet()?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be from 1 to {PAGE}")));
    }
    let after =
        cursor.map_or(Ok(0), str::parse).map_err(|_| Error::invalid("cursor", "is not a cursor of this list"))?;
    let mut found = rows::list(&mut caller.app.store.read(), caller.user_key, after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = more.then(|| found.last().map(|v| v.key.to_string())).flatten();
    Ok(ViewPage { views: found.into_iter().map(|row| view(row, caller)).collect(), next_cursor })
}

pub async fn create(caller: &Caller, new: NewView) -> Result<View> {
    caller.fleet()?;
    caller.writer()?;
    caller.unlimited()?;
    let (name, query) = (view_name(&new.name)?, view_query(&new.query)?);
    let (user, now) = (caller.user_key, caller.now());
    let row = NewRow { id: uuid::Uuid::now_v7().to_string(), owner_key: user, name, query, shared: new.shared };
    let stored = caller
        .write(move |tx| {
            Box::pin(async move {
                if rows::count(tx, user).await? >= MOST {
                    return Err(Error::Conflict(format!("you have {MOST} views; delete one first")));
                }
                if !rows::add(tx, &row, now).await? {
                    return Err(taken(&row.name));
                }
                let stored = visible(tx, user, &row.id).await?;
                if new.default {
                    rows::set_default(tx, user, stored.key).await?;
                }
                Ok(ViewRow { chosen: new.default, ..stored })
            })
        })
        .await?;
    Ok(view(stored, caller))
}

/// Name, query and sharing are the owner's and the admins' to change, the default is everybody's own.
pub async fn patch(caller: &Caller, id: &str, patch: ViewPatch) -> Result<View> {
    caller.fleet()?;
    caller.writer()?;
    caller.unlimited()?;
    let name = patch.name.as_deref().map(view_name).transpose()?;
    let query = patch.query.as_deref().map(view_query).transpose()?;
    let changes = name.is_some() || query.is_some() || patch.shared.is_some();
    let (who, id, now) = (caller.clone(), id.to_owned(), caller.now());
    let stored = caller
        .write(move |tx| {
            Box::pin(async move {
                let mut row = visible(tx, who.user_key, &id).await?;
                if changes {
                    may_change(&who, &row)?;
                    row.name = name.unwrap_or(row.name);
                    row.query = query.unwrap_or(row.query);
                    row.shared = patch.shared.unwrap_or(row.shared);
                    if rows::is_taken(tx, row.owner_key, &row.name, row.key).await? {
                        return Err(taken(&row.name));
                    }
                    rows::save(tx, &row, now).await?;
                    row.updated_at = now.micros();
                }
                if let Some(chosen) = patch.default {
                    if chosen {
                        rows::set_default(tx, who.user_key, row.key).await?;
                    } else {
                        rows::unset_default(tx, who.user_key, row.key).await?;
                    }
                    row.chosen = chosen;
                }
                Ok(row)
            })
        })
        .await?;
    Ok(view(stored, caller))
}

pub async fn delete(caller: &Caller, id: &str) -> Result<()> {
    caller.fleet()?;
    caller.writer()?;
    caller.unlimited()?;
    let (who, id) = (caller.clone(), id.to_owned());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let row = visible(tx, who.user_key, &id).await?;
                may_change(&who, &row)?;
                rows::remove(tx, row.key).await
            })
        })
        .await
}

async fn visible(tx: &mut Tx, user: i64, id: &str) -> Result<ViewRow> {
    rows::find(tx, user, id).await?.ok_or(Error::NotFound)
}

fn may_change(caller: &Caller, row: &ViewRow) -> Result<()> {
    if row.owner_key == caller.user_key || caller.admin().is_ok() {
        Ok(())
    } else {
        Err(Error::Forbidden("only its owner or an admin may change this view".to_owned()))
    }
}

fn taken(name: &str) -> Error {
    Error::Conflict(format!("there is already a view called “{name}”"))
}
