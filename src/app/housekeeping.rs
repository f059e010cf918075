//! Server. What nobody waits for: forgetting old events, sessions and idempotency keys.

use super::App;
use crate::domain::Result;
use crate::store::{bulk, events, idempotency, users};

/// Once around; called every minute.
pub async fn tidy(app: &App) -> Result<()> {
    let now = app.now();
    let oldest = now.plus_secs(-app.config.events_kept_hours * 3_600);
    let keep = app.config.events_kept;
    // Jobs of another server that has gone.
    app.bulk.wake();
    app.requests.tidy();
    app.sign_in_account.tidy();
    app.sign_in_address.tidy();
    app.store
        .write(move |tx| {
            Box::pin(async move {
                events::prune(tx, oldest, keep).await?;
                users::forget_sessions(tx, now).await?;
                bulk::forget(tx, now.plus_secs(-30 * 86_400)).await?;
                idempotency::forget(tx, now.plus_secs(-86_400)).await.map(|_| ())
            })
        })
        .await
}
