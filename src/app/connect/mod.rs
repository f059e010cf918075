//! Server. The set-up page: how each framework is pointed here, a token for it, and whether anything has come.

mod frameworks;

use super::Caller;
use super::tokens::{self, TokenRequest};
use crate::domain::{Arrivals, ConnectPage, Result, Scope, Timestamp};
use crate::store::{executions, traces};

pub fn page(caller: &Caller) -> Result<ConnectPage> {
    caller.fleet()?;
    Ok(ConnectPage { frameworks: frameworks::all().to_vec(), since: caller.now() })
}

/// A token that may record runs, named after what it is for. It is shown this once.
pub async fn token(caller: &Caller, name: String) -> Result<String> {
    let request = TokenRequest { name, scope: Some(Scope::Write), ..TokenRequest::default() };
    Ok(tokens::create(caller, request).await?.1)
}

/// What the reader's programs have sent since then.
pub async fn arrivals(caller: &Caller, since: Timestamp) -> Result<Arrivals> {
    let mut db = caller.app.store.read();
    let (traces, run) = traces::arrived(&mut db, caller.user_key, since).await?;
    let run = executions::by_keys(&mut db, run.as_slice()).await?.pop();
    let run = run.filter(|run| caller.visible().includes(run.agent_key));
    Ok(Arrivals { traces, run: run.map(|run| run.summary()).transpose()? })
}
