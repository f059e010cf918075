//! Server. Pausing runs of flows between their steps, and letting them go on.

use crate::app::executions::{locked, path_id};
use crate::app::{Caller, record};
use crate::domain::{Error, ExecutionPatch, ExecutionSummary, Result, Status};
use crate::store::executions::Record;
use crate::store::queue::{self, State};
use crate::store::{Tx, flows};

/// Lets a run of a flow pause: at once if it waits for its turn, else when its step is done.
pub async fn pause(caller: &Caller, id: &str) -> Result<ExecutionSummary> {
    let id = path_id(id)?;
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    caller
        .write(move |tx| {
            Box::pin(async move {
                let mut run = locked(tx, &who, &id).await?;
                match place(tx, &run).await? {
                    State::Ready => {
                        queue::park(tx, run.key, now).await?;
                        let paused = ExecutionPatch { status: Some(Status::Paused), ..ExecutionPatch::default() };
                        record::change(tx, &mut run, &paused, now).await?;
                    }
                    State::Working if run.cancel_requested_at.is_some() => {
                        return Err(Error::Conflict("the run is being stopped".to_owned()));
                    }
                    State::Working => {
                        flows::ask_to_pause(tx, run.key, Some(now)).await?;
                        record::tell(tx, &mut run, now).await?;
                    }
                    // When people have decided, it pauses before its next step.
                    State::Parked if run.status == Status::Waiting => {
                        flows::ask_to_pause(tx, run.key, Some(now)).await?;
                        record::tell(tx, &mut run, now).await?;
                    }
                    // It does not go on either way.
                    State::Parked | State::Away => {}
                }
                run.summary()
            })
        })
        .await
}

/// Lets a paused run go on; it waits for its turn when this returns. One that was to pause goes on without.
pub async fn resume(caller: &Caller, id: &str) -> Result<ExecutionSummary> {
    let id = path_id(id)?;
    caller.writer()?;
    let (who, now) = (caller.clone(), caller.now());
    let resumed = caller
        .write(move |tx| {
            Box::pin(async move {
                let mut run = locked(tx, &who, &id).await?;
                match place(tx, &run).await? {
                    State::Parked if run.status == Status::Waiting => {
                        let pausing = flows::of_run(tx, run.key).await?.is_some_and(|f| f.pause_requested_at.is_some());
                        if !pausing {
                            let who = run.waiting_on.as_deref().unwrap_or("a person");
                            return Err(Error::Conflict(format!("the run waits for {who}")));
                        }
                    }
                    State::Parked => {
                        queue::put_back(tx, run.key, now, None).await?;
                    }
                    State::Ready | State::Working | State::Away => {}
                }
                flows::ask_to_pause(tx, run.key, None).await?;
                record::tell(tx, &mut run, now).await?;
                run.summary()
            })
        })
        .await;
    caller.app.bell.ring();
    resumed
}

/// Where a run stands that could pause.
async fn place(tx: &mut Tx, run: &Record) -> Result<State> {
    if run.status.is_terminal() {
        return Err(Error::Conflict(format!("the run has already ended: {}", run.status)));
    }
    let none = || Error::Conflict("only runs of a flow that Runboard does can pause".to_owned());
    flows::of_run(tx, run.key).await?.ok_or_else(none)?;
    queue::of(tx, run.key).await?.map(|entry| entry.state).ok_or_else(none)
}
