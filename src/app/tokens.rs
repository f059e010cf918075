//! Server. API tokens of the signed-in person.

use super::Caller;
use crate::auth::secret;
use crate::domain::{Error, Result, Scope, Timestamp};
use crate::store::agents;
pub use crate::store::users::TokenRow;
use crate::store::users::{self, NewToken};
use std::collections::BTreeSet;

/// What a new token may be.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    pub name: String,
    pub scope: Option<Scope>,
    /// Limits it to these agents.
    pub agents: Option<Vec<String>>,
    pub expires_at: Option<Timestamp>,
}

/// Makes a token for the caller; answers its id and the token itself, which is never shown again.
pub async fn create(caller: &Caller, request: TokenRequest) -> Result<(String, String)> {
    let scope = request.scope.unwrap_or(Scope::Write);
    if scope > caller.scope {
        return Err(Error::Forbidden("a token can't allow more than what made it".to_owned()));
    }
    caller.token_manager()?;
    let name = request.name.trim();
    if name.chars().count() > 100 {
        return Err(Error::invalid("name", "is longer than 100 characters"));
    }
    let now = caller.now();
    if request.expires_at.is_some_and(|t| t <= now) {
        return Err(Error::invalid("expires_at", "lies in the past"));
    }
    if let Some(names) = &request.agents {
        if names.len() > 1_000 {
            return Err(Error::invalid("agents", "has more than 1 000 names"));
        }
        let names: BTreeSet<&String> = names.iter().collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let found = agents::keys(&mut caller.app.store.read(), &names).await?;
        let seen = found.iter().filter(|k| caller.visible().includes(**k)).count();
        if seen != names.len() {
            return Err(Error::invalid("agents", "names an agent that does not exist"));
        }
    }
    let token = secret::generate("rb_");
    let row = NewToken {
        id: uuid::Uuid::now_v7().to_string(),
        user_key: caller.user_key,
        name: if name.is_empty() { "token".to_owned() } else { name.to_owned() },
        scope,
        agents: match request.agents {
            None => None,
            Some(names) => Some(serde_json::to_string(&names).map_err(|e| Error::Internal(e.to_string()))?),
        },
        hash: secret::hash(&token),
        expires_at: request.expires_at.map(Timestamp::micros),
    };
    let id = row.id.clone();
    caller.write(move |tx| Box::pin(async move { users::add_token(tx, &row, now).await })).await?;
    Ok((id, token))
}

/// The caller's tokens, newest first, and the key to go on from.
pub async fn list(caller: &Caller, before: Option<i64>, limit: i64) -> Result<(Vec<TokenRow>, Option<i64>)> {
    caller.unlimited()?;
    let before = before.unwrap_or(i64::MAX);
    let mut found = users::tokens(&mut caller.app.store.read(), caller.user_key, before, limit + 1).await?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = more.then(|| found.last().map(|t| t.key)).flatten();
    Ok((found, next))
}

/// Takes a token back; whatever uses it stops at once.
pub async fn revoke(caller: &Caller, id: &str) -> Result<()> {
    caller.token_manager()?;
    let (user, id) = (caller.user_key, id.to_owned());
    let existed = caller.write(move |tx| Box::pin(async move { users::revoke_token(tx, user, &id).await })).await?;
    caller.app.access_changed();
    if existed { Ok(()) } else { Err(Error::NotFound) }
}
