//! Server. What nobody waits for: forgetting old events, sessions, idempotency keys, messages and failure groups without
//! runs.

use super::App;
use crate::domain::Result;
use crate::store::{bulk, deliveries, events, executions, idempotency, notify, schedules, users};

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
        .await
}
