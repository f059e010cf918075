//! Server. One action on many runs. The runs are fixed when the job is made; each is then acted on by itself, with
//! the access that holds at that moment, and the job goes on when the server is started again.

mod jobs;
mod plan;
mod work;

pub use jobs::{abort, get, list, progress, recent, start};
pub use plan::{Plan, Target, dry_run, plan, preview};
pub use work::{Desk, leave, work, work_off};

use crate::domain::{Error, ExecutionId, Result, RunLink};
use crate::store::executions::Record;

fn stored_id(text: &str) -> Result<ExecutionId> {
    text.parse().map_err(|_| Error::Internal(text.to_owned()))
}

fn link(r: &Record) -> Result<RunLink> {
    Ok(RunLink {
        id: stored_id(&r.id)?,
        agent_name: r.agent_name.clone(),
        status: r.status,
        message: r.message.clone(),
        attempt: r.attempt,
    })
}
