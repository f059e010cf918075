//! Server. Who is asked: the people behind e-mails and roles, each once.

use crate::domain::interaction::MOST_APPROVERS;
use crate::domain::{Error, InteractionKind, NewInteraction, NotCounted, Result, Role};
use crate::store::agents::AgentRow;
use crate::store::{Executor, users};

/// Somebody who is asked, and why they do not count.
pub type Person = (i64, Option<NotCounted>);

/// Who is asked, and whether whoever operates the agent may answer too.
pub(super) struct People {
    pub asked: Vec<Person>,
    pub open: bool,
}

/// The people a request names; those of a role are who has it now.
pub(crate) async fn named(db: &mut impl Executor, at: &str, names: &[String]) -> Result<Vec<i64>> {
    let mut keys = Vec::new();
    for (i, name) in names.iter().enumerate().filter(|(_, name)| !name.trim().is_empty()) {
        let field = format!("{at}approvers[{i}]");
        let name = name.trim().to_lowercase();
        if let Some(role) = name.strip_prefix("role:") {
            // Clients are other people's customers: each is named, or not asked.
            let Ok(role @ (Role::Admin | Role::User)) = role.parse() else {
                return Err(Error::invalid(&field, format!("`{name}` is not role:admin or role:user")));
            };
            keys.extend(users::with_role(db, role, MOST_APPROVERS as i64 + 1).await?);
        } else {
            let user = users::by_email(db, &name).await?;
            let user = user.ok_or_else(|| Error::invalid(&field, format!("there is no user {name}")))?;
            keys.push(user.key);
        }
    }
    keys.sort_unstable();
    keys.dedup();
    if keys.len() > MOST_APPROVERS {
        return Err(Error::invalid(format!("{at}approvers"), format!("are more than {MOST_APPROVERS} people")));
    }
    Ok(keys)
}

/// Everybody who is asked. Whoever started the run, or asks for it, does not count, unless that is allowed.
pub(super) async fn asked(
    db: &mut impl Executor,
    new: &NewInteraction,
    requesters: &[Option<i64>],
    agent: &AgentRow,
) -> Result<People> {
    let keys = named(db, "", &new.approvers).await?;
    let nobody_named = new.approvers.iter().all(|name| name.trim().is_empty());
    if nobody_named && new.kind == InteractionKind::Question {
        let near: Vec<Option<i64>> = requesters.iter().copied().chain([Some(agent.owner_key)]).collect();
        let near = users::still_here(db, &near).await?;
        return Ok(People { asked: near.into_iter().map(|key| (key, None)).collect(), open: true });
    }
    let by_itself = new.kind == InteractionKind::Question || new.allow_requester;
    let excluded = |key: i64| (!by_itself && requesters.contains(&Some(key))).then_some(NotCounted::Requester);
    let asked: Vec<Person> = keys.into_iter().map(|key| (key, excluded(key))).collect();
    if asked.iter().all(|(_, excluded)| excluded.is_some()) {
        let problem = if asked.is_empty() {
            "names nobody who is still here"
        } else {
            "names only whoever started the run, and others have to decide"
        };
        return Err(Error::invalid("approvers", problem));
    }
    Ok(People { asked, open: false })
}
