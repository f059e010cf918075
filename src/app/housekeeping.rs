//! Server. What nobody waits for: forgetting old events, sessions, idempotency keys and failure groups without runs.

use super::App;
use crate::domain::Result;
use crate::store::{bulk, events, executions, idempotency, schedules, users};

/// Once around; called every minute.
pub async fn tidy(app: &App) -> Result<()> {
    let now = app.now();
    let oldest = now.plus_secs(-app.config.events_kept_hours * 3_600);
    let keep = app.config.events_kept;
    // Jobs of another server that has gone.
    app.bulk.wake();
    app.requests.tidy();
    app.trials.tidy();
    app.sign_in_account.tidy();
    app.sign_in_address.tidy();
    app.store
        .write(move |tx| {
            Box::pin(async move {
                events::prune(tx, oldest, keep).await?;
                users::forget_sessions(tx, now).await?;
                let anywhere = uuid::Uuid::new_v4().simple().to_string();
                executions::forget_groups(tx, &anywhere[..16]).await?;
                bulk::forget(tx, now.plus_secs(-30 * 86_400)).await?;
                schedules::forget(tx, now.plus_secs(-30 * 86_400)).await?;
                idempotency::forget(tx, now.plus_secs(-86_400)).await.map(|_| ())
            })
        })
        .await
}
