//! Server. Starting runs whose time has come. Taking a time and making its run are one transaction, so however many
//! servers look, it makes one; times that nobody was there for make one together.

use super::Engine;
use crate::app::App;
use crate::app::control::{Start, enqueue, first_run, may_start, may_wait, startable};
use crate::app::schedules::Times;
use crate::domain::{Error, NewExecution, Overlap, Result, Timestamp, Trigger};
use crate::store::schedules::{self as rows, ScheduleRow};
use crate::store::{Tx, agents, flows};

impl Engine {
    pub(super) async fn start_due(&self) -> Result<()> {
        let (app, now) = (self.0.app.clone(), self.0.app.now());
        if rows::due(&mut app.store.read(), now, app.config.allow_commands).await?.is_empty() {
            return Ok(());
        }
        let store = &self.0.app.store;
        store
            .write(move |tx| {
                Box::pin(async move {
                    for schedule in rows::due(tx, now, app.config.allow_commands).await? {
                        match start(tx, &app, &schedule, now).await {
                            Ok(()) => {}
                            Err(e @ Error::Unavailable(_)) => return Err(e),
                            Err(e) => missed(tx, &schedule, &e).await?,
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// A time that made no run, through a fault of ours or of the agent's settings: the others are not held up by it.
async fn missed(tx: &mut Tx, schedule: &ScheduleRow, e: &Error) -> Result<()> {
    tracing::error!(agent = schedule.agent_key, error = %e, "a time of a schedule made no run");
    let Some(due_at) = schedule.next_at else { return Ok(()) };
    rows::note(tx, schedule.agent_key, due_at, Err(&e.to_string())).await
}

async fn start(tx: &mut Tx, app: &App, schedule: &ScheduleRow, now: Timestamp) -> Result<()> {
    let Some(due_at) = schedule.next_at else { return Ok(()) };
    // Checked when it was set; what this version can't read any more comes no more.
    let next = Times::parse(&schedule.cron, &schedule.timezone).ok().and_then(|times| times.next(now));
    rows::set_next(tx, schedule.agent_key, next).await?;
    if !rows::take(tx, schedule.agent_key, due_at).await? {
        return Ok(());
    }
    let agent = agents::by_key(tx, schedule.agent_key).await?;
    let refused = match startable(&agent, &app.config) {
        Ok(()) => may_wait(tx, &agent, now).await.err(),
        refused => refused.err(),
    };
    match refused {
        None => {}
        Some(Error::Conflict(reason)) => return rows::note(tx, agent.key, due_at, Err(&reason)).await,
        Some(other) => return Err(other),
    }
    if schedule.overlap == Overlap::Skip && rows::under_way(tx, agent.key).await? {
        return rows::note(tx, agent.key, due_at, Err("the run before it had not ended")).await;
    }
    let (new, flow) = match &schedule.flow_id {
        None => {
            let (agent_name, message) = (agent.name.clone(), schedule.message.clone());
            (NewExecution { agent_name, message, ..NewExecution::default() }, None)
        }
        Some(id) => {
            let Some(flow) = flows::find(tx, id, None).await?.filter(|f| f.retired_at.is_none()) else {
                return rows::note(tx, agent.key, due_at, Err("its flow was deleted")).await;
            };
            match may_start(tx, &flow, &agent, Some(schedule.user_key), &app.config).await {
                Ok(()) => {}
                Err(e @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(e),
                Err(e) => return rows::note(tx, agent.key, due_at, Err(&e.to_string())).await,
            }
            let (new, flow) = first_run(&flow, Some(schedule.message.clone()))?;
            (new, Some(flow))
        }
    };
    let new = NewExecution { triggered_by: Some(Trigger::Schedule), ..new };
    let start =
        Start { agent: &agent, user_key: Some(schedule.user_key), new, attempt: 1, ready_at: now, tries: 1, flow };
    let id = enqueue(tx, start, now).await?;
    rows::note(tx, agent.key, due_at, Ok(id.as_str())).await
}
