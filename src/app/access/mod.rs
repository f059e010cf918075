//! Server. The one access check: who asks, which agents they may see, which they may operate.
//! Every list, count, message and write goes through a `Caller`.

mod limits;

use super::App;
use crate::auth::secret;
use crate::domain::{Error, Me, Result, Role, Scope, Timestamp};
use crate::store::users::UserRow;
use crate::store::{Tx, Visible, agents, idempotency, users};
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What is known about a credential holds this long at most, so that another process's change is seen.
const FRESH_MS: i64 = 2_000;
const CACHED_AT_MOST: usize = 10_000;

/// How somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Hash of a session's secret.
    Session(String),
    /// Hash of a token.
    Token(String),
    /// Somebody who asked for work that goes on without them: what they may do is asked anew.
    Person(i64),
    /// A command on the machine itself, with the database in hand.
    Local,
}

/// A request that must take effect once: its key, and a fingerprint of what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub key: String,
    pub request: String,
}

/// Somebody who asks for something, with what they may see and operate.
#[derive(Clone)]
pub struct Caller {
    pub app: App,
    pub credential: Credential,
    pub user_key: i64,
    pub email: String,
    pub display_name: String,
    pub role: Role,
    pub scope: Scope,
    visible: Arc<Visible>,
    operable: Arc<Visible>,
    /// The token names the agents it is for.
    limited: bool,
    /// Set for requests with an `Idempotency-Key`.
    pub claim: Option<Claim>,
}

impl Caller {
    pub fn me(&self) -> Me {
        Me { email: self.email.clone(), display_name: self.display_name.clone(), role: self.role }
    }

    /// For what concerns all of a person's tokens: a token for some agents is not told and may not touch it.
    pub fn unlimited(&self) -> Result<()> {
        if self.limited {
            return Err(Error::Forbidden("a token for some agents only has no part in other tokens".to_owned()));
        }
        Ok(())
    }

    /// Makes and takes back tokens: a person signed in, or a token with scope `admin`. Any other token could make
    /// itself one that outlives its own end.
    pub fn token_manager(&self) -> Result<()> {
        self.writer()?;
        self.unlimited()?;
        if matches!(self.credential, Credential::Token(_)) && self.scope < Scope::Admin {
            return Err(Error::Forbidden(
                "this is for a person signed in, or a token with scope `admin`: it outlives a token's own end"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    /// Whether their token is for some agents only: then they are nobody elsewhere.
    pub fn is_limited(&self) -> bool {
        self.limited
    }

    /// Whether their credential is for this agent: a token may be for some only. It says nothing of the person.
    pub fn reaches(&self, agent_key: i64) -> bool {
        !self.limited || self.visible.includes(agent_key)
    }

    /// Which agents' executions this caller may see.
    pub fn visible(&self) -> &Visible {
        &self.visible
    }

    /// For fleet-wide pages and routes: `client` users have none.
    pub fn fleet(&self) -> Result<&Visible> {
        match self.role {
            Role::Client => Err(Error::Forbidden("clients see the pages of their agents only".to_owned())),
            Role::Admin | Role::User => Ok(&self.visible),
        }
    }

    pub fn may_operate(&self, agent_key: i64) -> bool {
        self.scope >= Scope::Write && self.operable.includes(agent_key)
    }

    /// Whether this agent is theirs to operate, whatever their token may do: for reading what only operators read.
    pub fn operates(&self, agent_key: i64) -> bool {
        self.operable.includes(agent_key)
    }

    /// The agents that are theirs to operate, likewise.
    pub fn operable(&self) -> &Visible {
        &self.operable
    }

    /// May new agents be registered under this caller's name? Not with a token limited to known ones.
    pub fn may_register(&self) -> bool {
        self.scope >= Scope::Write && self.role != Role::Client && !self.limited
    }

    /// For changing anything at all.
    pub fn writer(&self) -> Result<()> {
        if self.scope >= Scope::Write { Ok(()) } else { Err(Error::Forbidden("this token may only read".to_owned())) }
    }

    /// For changing executions of an agent that is visible.
    pub fn operator(&self, agent_key: i64) -> Result<()> {
        self.writer()?;
        if self.operable.includes(agent_key) {
            Ok(())
        } else {
            Err(Error::Forbidden("this agent is shared with you for viewing only".to_owned()))
        }
    }

    /// For managing people and what they may do.
    pub fn admin(&self) -> Result<()> {
        if self.role == Role::Admin && self.scope == Scope::Admin {
            Ok(())
        } else {
            Err(Error::Forbidden("only an admin may do this".to_owned()))
        }
    }

    /// Runs a change in a transaction. With an `Idempotency-Key`, the key is claimed in the same
    /// transaction: a change takes effect once, whatever breaks in between.
    pub async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        self.write_and_keep(body, |_| (0, String::new())).await
    }

    /// The same; what the request is answered (status and body) is kept with the change.
    pub async fn write_and_keep<T, F>(&self, body: F, answer: fn(&T) -> (i64, String)) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let Some(claim) = self.claim.clone() else {
            return self.app.store.write(body).await;
        };
        let (user, now) = (self.user_key, self.now());
        self.app
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if idempotency::find(tx, user, &claim.key, now.plus_secs(-86_400)).await?.is_some() {
                        return Err(Error::Conflict(
                            "a request with this Idempotency-Key was already taken".to_owned(),
                        ));
                    }
                    let result = body(tx).await?;
                    let (status, body) = answer(&result);
                    let kept = idempotency::Kept { request: claim.request, status, body };
                    idempotency::keep(tx, user, &claim.key, &kept, now).await?;
                    Ok(result)
                })
            })
            .await
    }

    /// The same caller, whose next change takes effect once for this key.
    pub fn claiming(&self, key: String, request: String) -> Result<Self> {
        if !(1..=255).contains(&key.len()) {
            return Err(Error::invalid("request_key", "must be 1 to 255 characters"));
        }
        Ok(Self { claim: Some(Claim { key, request }), ..self.clone() })
    }

    /// The same caller, for several changes that are each judged alone: the answer to all of them is kept with the key.
    pub fn unclaimed(&self) -> Self {
        Self { claim: None, ..self.clone() }
    }

    /// The same caller as of now; `None` when the session or token has ended.
    pub async fn refreshed(&self) -> Result<Option<Self>> {
        match &self.credential {
            Credential::Local => Ok(Some(self.clone())),
            other => self.app.resolve(other.clone()).await,
        }
    }

    /// Somebody whom a command on the machine itself acts for.
    pub fn local(app: &App, user: UserRow) -> Self {
        app.caller(user, Credential::Local, Scope::Admin, Visible::All, Visible::All)
    }

    /// Who a command on the machine itself acts as: the first admin.
    pub async fn local_admin(app: &App) -> Result<Self> {
        let Some(user) = users::first_admin(&mut app.store.read()).await? else {
            return Err(Error::Conflict(
                "there is no admin yet; add one with: runboard user add EMAIL --role admin".to_owned(),
            ));
        };
        Ok(Self::local(app, user))
    }
}

/// Who is behind credentials, for a moment.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<Credential, (Timestamp, u64, Known)>>);

/// A caller without the app: kept in it, a caller would keep it, and its database, open for ever.
#[derive(Clone)]
struct Known {
    user_key: i64,
    email: String,
    display_name: String,
    role: Role,
    scope: Scope,
    visible: Arc<Visible>,
    operable: Arc<Visible>,
    limited: bool,
}

impl Known {
    fn of(caller: &Caller) -> Self {
        let Caller { user_key, role, scope, limited, .. } = *caller;
        let (email, display_name) = (caller.email.clone(), caller.display_name.clone());
        let (visible, operable) = (caller.visible.clone(), caller.operable.clone());
        Self { user_key, email, display_name, role, scope, visible, operable, limited }
    }

    fn caller(self, app: App, credential: Credential) -> Caller {
        let Self { user_key, email, display_name, role, scope, visible, operable, limited } = self;
        Caller { app, credential, user_key, email, display_name, role, scope, visible, operable, limited, claim: None }
    }
}

impl App {
    fn caller(&self, u: UserRow, credential: Credential, scope: Scope, visible: Visible, operable: Visible) -> Caller {
        Caller {
            app: self.clone(),
            credential,
            user_key: u.key,
            email: u.email,
            display_name: u.display_name,
            role: u.role,
            scope,
            visible: Arc::new(visible),
            operable: Arc::new(operable),
            limited: false,
            claim: None,
        }
    }

    /// The person behind a session's secret.
    pub async fn by_session(&self, secret: &str) -> Result<Option<Caller>> {
        self.resolve(Credential::Session(secret::hash(secret))).await
    }

    /// The person behind a bearer token.
    pub async fn by_token(&self, token: &str) -> Result<Option<Caller>> {
        self.resolve(Credential::Token(secret::hash(token))).await
    }

    pub(super) async fn resolve(&self, credential: Credential) -> Result<Option<Caller>> {
        let now = self.now();
        let epoch = *self.access_changes.borrow();
        {
            let cache = self.access.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, e, known)) = cache.get(&credential)
                && *e == epoch
                && now.millis_since(*at) < FRESH_MS
            {
                return Ok(Some(known.clone().caller(self.clone(), credential)));
            }
        }
        let found = self.look_up(credential.clone(), now).await?;
        let mut cache = self.access.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Some(caller) => {
                if cache.len() >= CACHED_AT_MOST {
                    cache.clear();
                }
                cache.insert(credential, (now, epoch, Known::of(caller)));
            }
            None => {
                cache.remove(&credential);
            }
        }
        Ok(found)
    }

    async fn look_up(&self, credential: Credential, now: Timestamp) -> Result<Option<Caller>> {
        let mut db = self.store.read();
        let (user, scope, limit) = match &credential {
            Credential::Session(hash) => match users::by_session(&mut db, hash, now).await? {
                Some(user) => (user, Scope::Admin, None),
                None => return Ok(None),
            },
            Credential::Token(hash) => {
                let Some(token) = users::token_by_hash(&mut db, hash, now).await? else { return Ok(None) };
                let Some(user) = users::by_key(&mut db, token.user_key).await? else { return Ok(None) };
                self.note_use(&token, now);
                let limit = match &token.agents {
                    None => None,
                    Some(json) => {
                        let names: Vec<String> =
                            serde_json::from_str(json).map_err(|e| Error::Internal(e.to_string()))?;
                        Some(agents::keys(&mut db, &names).await?)
                    }
                };
                (user, token.scope, limit)
            }
            Credential::Person(key) => match users::by_key(&mut db, *key).await? {
                Some(user) => (user, Scope::Admin, None),
                None => return Ok(None),
            },
            Credential::Local => return Ok(None),
        };
        if user.left_at.is_some() {
            return Ok(None);
        }
        let (mut visible, mut operable) = if user.role == Role::Admin {
            (Visible::All, Visible::All)
        } else {
            let shares = agents::shared_with(&mut db, user.key).await?;
            let owned = if user.role == Role::User { agents::owned(&mut db, user.key).await? } else { Vec::new() };
            let seen = owned.iter().copied().chain(shares.iter().map(|(k, _)| *k)).collect();
            let operated = owned.iter().copied().chain(shares.iter().filter(|(_, op)| *op).map(|(k, _)| *k)).collect();
            (Visible::Agents(sorted(seen)), Visible::Agents(sorted(operated)))
        };
        let limited = limit.is_some();
        if let Some(limit) = limit {
            visible = narrowed(visible, &limit);
            operable = narrowed(operable, &limit);
        }
        Ok(Some(Caller { limited, ..self.caller(user, credential, scope, visible, operable) }))
    }

    /// Remembers when a token was last used, to the minute; nobody waits for it.
    fn note_use(&self, token: &users::TokenRow, now: Timestamp) {
        if token.last_used_at.is_some_and(|t| now.micros() - t < 60_000_000) {
            return;
        }
        let (store, key) = (self.store.clone(), token.key);
        tokio::spawn(async move {
            if let Err(e) = store.write(move |tx| Box::pin(users::note_token_use(tx, key, now))).await {
                tracing::warn!(error = %e, "the use of a token was not noted");
            }
        });
    }
}

fn sorted(mut keys: Vec<i64>) -> Vec<i64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn narrowed(visible: Visible, limit: &[i64]) -> Visible {
    Visible::Agents(sorted(limit.iter().copied().filter(|k| visible.includes(*k)).collect()))
}
