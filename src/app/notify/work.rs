//! Server. Sends what is in the outbox. Each server has one of these; who sends a message is decided by the writer, and holds
//! for a time: a server that dies leaves its message to the others.

use super::send::{Outcome, deliver};
use super::{MAIL, budgets};
use crate::app::App;
use crate::app::outside::Clients;
use crate::domain::{Channel, Result, Timestamp};
use crate::store::deliveries::{self as rows, DueRow};
use crate::store::{notify, settings};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The outbox is looked at this often.
const PACE: Duration = Duration::from_secs(1);
/// Budgets are looked at this often.
const BUDGETS: Duration = Duration::from_secs(15);
/// Messages one server sends at once; to one destination it is one at a time, from all servers together.
const AT_ONCE: usize = 32;
/// A server that has not said within this time what came of a message is taken to be gone. Longer than any attempt.
const LEASE_MS: i64 = 5 * 60_000;
/// The outcome could not be written: tried again after, so often.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: usize = 120;
/// Pauses after attempts that failed; the last one is for all further ones.
const PAUSES_S: [i64; 5] = [30, 120, 600, 1_800, 3_600];
/// After that it is of no use.
const GIVE_UP_MS: i64 = 24 * 3_600_000;

/// This server's part in sending.
pub struct Desk {
    /// The name messages are held under.
    owner: String,
    pub(super) clients: Clients,
    /// How many are being sent.
    sending: watch::Sender<usize>,
    closing: watch::Sender<bool>,
    budgets_seen: Mutex<Option<Duration>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            owner: uuid::Uuid::now_v7().to_string(),
            clients: Clients::default(),
            sending: watch::Sender::new(0),
            closing: watch::Sender::new(false),
            budgets_seen: Mutex::default(),
        }
    }
}

/// At the start: lets all of this database's servers know whether mail is sent.
pub async fn open(app: &App) -> Result<()> {
    let mail = app.config.mail.is_some();
    app.store
        .write(move |tx| {
            Box::pin(async move {
                if mail { settings::set(tx, MAIL, "on").await } else { settings::remove(tx, MAIL).await }
            })
        })
        .await
}

/// Works until it is closed.
pub async fn work(app: App) {
    let mut closing = app.notify.closing.subscribe();
    while !*closing.borrow() {
        if let Err(e) = step(&app).await {
            tracing::warn!(error = %e, "messages will be sent later");
        }
        // Either way there is a look to be had.
        drop(tokio::time::timeout(PACE, closing.wait_for(|closes| *closes)).await);
    }
}

/// Begins nothing more. What is being sent goes on; the rest is left to others, and to the next start.
pub fn close(app: &App) {
    app.notify.closing.send_replace(true);
}

/// Returns when this server sends nothing.
pub async fn idle(app: &App) {
    // The sender is ours, so it is there.
    drop(app.notify.sending.subscribe().wait_for(|n| *n == 0).await);
}

/// How many messages wait to be sent, by channel.
pub async fn waiting(app: &App) -> Result<Vec<(String, i64)>> {
    let counted = rows::waiting(&mut app.store.read()).await?;
    let of = |channel: Channel| {
        let known = counted.iter().find(|(name, _)| name == channel.as_str());
        (channel.as_str().to_owned(), known.map_or(0, |(_, waiting)| *waiting))
    };
    Ok([Channel::Mail, Channel::Webhook].map(of).into())
}

/// Once around: budgets from time to time, and what is due.
pub async fn step(app: &App) -> Result<()> {
    // What fails in one stands not in the way of the other.
    let parts = [look_at_budgets(app).await, begin(app).await];
    parts.into_iter().collect()
}

async fn look_at_budgets(app: &App) -> Result<()> {
    let passed = app.passed();
    let seen = || app.notify.budgets_seen.lock().unwrap_or_else(PoisonError::into_inner);
    if seen().is_some_and(|at| passed.saturating_sub(at) < BUDGETS) {
        return Ok(());
    }
    budgets::watch(app).await?;
    *seen() = Some(passed);
    Ok(())
}

/// Takes what is due, one message for each destination, and sends each in a task of its own.
async fn begin(app: &App) -> Result<()> {
    let free = AT_ONCE.saturating_sub(*app.notify.sending.borrow());
    let (now, mail) = (app.now(), app.config.mail.is_some());
    // The writer is not bothered for nothing.
    if free == 0 || *app.notify.closing.borrow() || rows::due(&mut app.store.read(), now, mail, 1).await?.is_empty() {
        return Ok(());
    }
    let (owner, until) = (app.notify.owner.clone(), now.plus_millis(LEASE_MS));
    let taken = app
        .store
        .write(move |tx| {
            Box::pin(async move {
                let mut taken = Vec::new();
                for to in rows::due(tx, now, mail, free as i64).await? {
                    taken.extend(rows::claim(tx, to, &owner, now, until).await?);
                }
                Ok(taken)
            })
        })
        .await?;
    for row in taken {
        app.notify.sending.send_modify(|n| *n += 1);
        let place = Place(app.clone());
        tokio::spawn(async move { carry_out(&place.0, row).await });
    }
    Ok(())
}

/// A message's place among those that are being sent; free again when its task is over, however that came.
struct Place(App);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.notify.sending.send_modify(|n| *n -= 1);
    }
}

async fn carry_out(app: &App, row: DueRow) {
    let outcome = deliver(app, &row).await;
    match &outcome {
        Outcome::Sent => tracing::debug!(id = %row.id, "a message was sent"),
        Outcome::Later { why, .. } | Outcome::Never(why) | Outcome::Gone { why, .. } => {
            tracing::info!(id = %row.id, channel = %row.channel, why, "a message was not sent");
        }
    }
    // While its outcome is not written, it would be sent again when its time here is over.
    for _ in 0..TRIES {
        match note(app, &row, outcome.clone()).await {
            Ok(()) => return,
            Err(e) => tracing::warn!(id = %row.id, error = %e, "what came of a message can't be written yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
    tracing::error!(id = %row.id, "what came of a message could not be written; it may be sent once more");
}

async fn note(app: &App, row: &DueRow, outcome: Outcome) -> Result<()> {
    let (key, user_key, attempts, created) = (row.key, row.user_key, row.attempts, row.created_at);
    let (owner, now) = (app.notify.owner.clone(), app.now());
    app.store
        .write(move |tx| {
            Box::pin(async move {
                match outcome {
                    Outcome::Sent => rows::sent(tx, key, &owner, now).await,
                    Outcome::Never(why) => rows::give_up(tx, key, &owner, &why, now).await,
                    Outcome::Gone { why, sealed_url } => {
                        let day = now.to_string().get(..10).unwrap_or_default().to_owned();
                        notify::switch_off(tx, user_key, &sealed_url, &format!("On {day} {why}")).await?;
                        rows::give_up(tx, key, &owner, &why, now).await
                    }
                    Outcome::Later { why, wait_s } => match next(attempts, wait_s, created, now) {
                        Some(at) => rows::again(tx, key, &owner, &why, at).await,
                        None => rows::give_up(tx, key, &owner, &format!("given up after a day: {why}"), now).await,
                    },
                }
            })
        })
        .await
}

/// When to try again; `None`: not any more.
fn next(attempts: i64, wait_s: Option<i64>, created_at: i64, now: Timestamp) -> Option<Timestamp> {
    let made = usize::try_from(attempts - 1).unwrap_or(0).min(PAUSES_S.len() - 1);
    let at = now.plus_secs(PAUSES_S[made].max(wait_s.unwrap_or(0)));
    (at <= Timestamp::from_micros(created_at).plus_millis(GIVE_UP_MS)).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_a_day_is_over() {
        let mut now = Timestamp::from_millis(0);
        let mut pauses = Vec::new();
        for attempts in 1.. {
            let Some(at) = next(attempts, None, 0, now) else { break };
            pauses.push(at.millis_since(now) / 1_000);
            now = at;
        }
        assert_eq!(pauses[..6], [30, 120, 600, 1_800, 3_600, 3_600]);
        assert_eq!((pauses.len(), now.millis() / 3_600_000), (27, 23));
        assert_eq!(next(1, Some(90), 0, Timestamp::from_millis(0)), Some(Timestamp::from_millis(90_000)));
        assert_eq!(next(1, Some(86_401), 0, Timestamp::from_millis(0)), None);
    }
}
