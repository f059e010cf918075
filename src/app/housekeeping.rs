//! Server. What nobody waits for: forgetting old events, sessions, idempotency keys, messages and failure groups without
//! runs.

use super::App;
use crate::domain::{Result, Timestamp};
use crate::store::{bulk, deliveries, departures, events, executions, idempotency, notify, schedules, traces, users};

/// Once around; called every minute.
pub async fn tidy(app: &App) -> Result<()> {
    let now = app.now();
    let oldest = now.plus_secs(-app.config.events_kept_hours * 3_600);
    let keep = app.config.events_kept;
    // Jobs of another server that has gone.
    app.bulk.wake();
    app.requests.tidy();
    app.trials.tidy();
    app.message_trials.tidy();
    app.sign_in_account.tidy();
    app.sign_in_address.tidy();
    app.store
        .write(move |tx| {
            Box::pin(async move {
                events::prune(tx, oldest, keep).await?;
                departures::forget(tx, oldest).await?;
                users::forget_sessions(tx, now).await?;
                let anywhere = uuid::Uuid::new_v4().simple().to_string();
                executions::forget_groups(tx, &anywhere[..16]).await?;
                bulk::forget(tx, now.plus_secs(-30 * 86_400)).await?;
                schedules::forget(tx, now.plus_secs(-30 * 86_400)).await?;
                // A day of attempts, and some time for whoever makes the last one.
                deliveries::tidy(tx, now.plus_secs(-30 * 86_400), now.plus_secs(-26 * 3_600), now).await?;
                notify::forget_marks(tx, now.plus_secs(-62 * 86_400)).await?;
                idempotency::forget(tx, now.plus_secs(-86_400)).await.map(|_| ())
            })
        })
        .await?;
    forget_traces(app, now.plus_secs(-86_400)).await
}

/// Traces that tell of no run: all that is sent by whoever points a whole collector here. In several jobs, so that others
/// have their turn at the writer, and so many in all that the next round comes in time.
async fn forget_traces(app: &App, since: Timestamp) -> Result<()> {
    const JOBS: usize = 20;
    const SPANS: i64 = 100_000;
    let mut spans = 0;
    for _ in 0..JOBS {
        let job = app.store.write(move |tx| Box::pin(async move { traces::forget_nothing(tx, since).await }));
        let forgotten = job.await?;
        spans += forgotten.spans;
        if !forgotten.more || spans >= SPANS {
            break;
        }
    }
    Ok(())
}
