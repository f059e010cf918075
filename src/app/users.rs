//! Server. The people of an installation; for admins.

use super::{App, Caller, interactions, session};
use crate::domain::{Error, Result, Role};
pub use crate::store::users::UserRow;
use crate::store::users::{self as rows, NewUser};

/// Adds a person. Without a password they can use tokens only.
pub async fn create(
    caller: &Caller,
    email: &str,
    display_name: &str,
    role: Role,
    password: Option<String>,
) -> Result<UserRow> {
    caller.admin()?;
    let user = session::new_user(email, display_name, role, password).await?;
    add(&caller.app, user).await
}

/// Somebody leaves, for admins: nothing of theirs is good any more, and nobody waits for them.
pub async fn remove(caller: &Caller, email: &str) -> Result<()> {
    caller.admin()?;
    let (who, email, now) = (caller.clone(), email.trim().to_lowercase(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let user = rows::by_email(tx, &email).await?.ok_or(Error::NotFound)?;
                if user.key == who.user_key {
                    return Err(Error::Conflict("another admin has to remove you".to_owned()));
                }
                rows::leave(tx, user.key, now).await?;
                interactions::recount_without(tx, (user.key, &user.display_name), &who.display_name, now).await
            })
        })
        .await?;
    caller.app.access_changed();
    caller.app.bell.ring();
    Ok(())
}

/// Adds a person from the machine itself, where there need not be an admin yet.
pub async fn create_locally(app: &App, email: &str, role: Role, password: Option<String>) -> Result<UserRow> {
    let user = session::new_user(email, "", role, password).await?;
    add(app, user).await
}

async fn add(app: &App, user: NewUser) -> Result<UserRow> {
    let (email, now) = (user.email.clone(), app.now());
    let added = app.store.write(move |tx| Box::pin(async move { rows::add(tx, &user, now).await })).await?;
    if !added {
        return Err(Error::Conflict(format!("there is already a user {email}")));
    }
    by_email(app, &email).await
}

pub async fn by_email(app: &App, email: &str) -> Result<UserRow> {
    rows::by_email(&mut app.store.read(), &email.trim().to_lowercase()).await?.ok_or(Error::NotFound)
}

/// People by e-mail after `after`, and the e-mail to go on from.
pub async fn list(caller: &Caller, after: &str, limit: i64) -> Result<(Vec<UserRow>, Option<String>)> {
    caller.admin()?;
    let mut found = rows::list(&mut caller.app.store.read(), after, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = more.then(|| found.last().map(|u| u.email.clone())).flatten();
    Ok((found, next))
}
