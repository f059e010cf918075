//! Server. Being told: news become messages in the transaction of what they tell of, so that nothing is lost and nothing is
//! told that did not happen; a worker of each server sends them, later and as often as it takes.

mod budgets;
mod concern;
mod hook;
mod log;
mod mail;
mod send;
mod settings;
mod site;
mod trial;
mod words;
mod work;

pub use budgets::watch as watch_budgets;
pub use log::{list, page};
pub use mail::MailConfig;
pub use settings::{get, renew_secret, save};
pub use site::public_url;
pub use trial::{test_mail, test_webhook};
pub use work::{Desk, close, idle, open, step, waiting, work};

use crate::domain::{Channel, DeliveryState, NewsKind, Result, Spending, Status, Timestamp};
use crate::store::agents::AgentRow;
use crate::store::deliveries::{self as rows, Destination, NewDelivery};
use crate::store::executions::Record;
use crate::store::{Tx, notify, settings as values};
use words::{Counted, Message};

/// Set while servers of this database send mail.
const MAIL: &str = "notify_mail";
/// Of one kind to one person by one way, so many are told singly within a minute. What comes beyond is summed up.
const SINGLY: usize = 5;
const MINUTE_MS: i64 = 60_000;
/// Of failures that go on and on, sums come this often.
const STORM_MS: i64 = 10 * MINUTE_MS;
/// A run that failed longer ago is history that somebody brings in: nobody is told.
const FRESH_MS: i64 = 3_600_000;

/// An approval or a question that waits for people.
#[derive(Debug, Clone, Copy)]
pub struct Waits<'a> {
    /// Those who may answer and have not: each is told as they have chosen. Once each.
    pub user_keys: &'a [i64],
    /// Of the interaction; the message links to `/approvals/{id}`.
    pub interaction_id: &'a str,
    pub execution_id: &'a str,
    pub agent_key: i64,
    pub agent_name: &'a str,
    pub agent_display_name: &'a str,
    /// What is asked; anybody's text, of any length.
    pub title: &'a str,
    pub expires_at: Option<Timestamp>,
}

/// What people are told of.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// It waits since now.
    Waiting(Waits<'a>),
    /// It still waits, and expires soon. Say so once; only to those who have not answered.
    Reminder(Waits<'a>),
    /// Runs that became failed now, or were recorded as such. Goes to the owners of their agents.
    Failed { runs: &'a [&'a Record] },
    /// An agent has used up a good part of a limit, or all of it. Goes to its owner.
    Budget { agent: &'a AgentRow, span: Span, spending: &'a Spending },
}

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Day,
    Month,
}

impl Span {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// Tells people of news, in the transaction that makes them so. Cheap where nobody wants to know.
pub async fn tell(tx: &mut Tx, news: News<'_>, now: Timestamp) -> Result<()> {
    match news {
        News::Waiting(w) => tell_all(tx, w.user_keys, NewsKind::Waiting, &[words::waiting(&w, false)], now).await,
        News::Reminder(w) => tell_all(tx, w.user_keys, NewsKind::Reminder, &[words::waiting(&w, true)], now).await,
        News::Failed { runs } => tell_failed(tx, runs, now).await,
        News::Budget { agent, span, spending } => {
            let message = words::budget(agent, span, spending);
            tell_all(tx, &[agent.owner_key], NewsKind::Budget, &[message], now).await
        }
    }
}

async fn tell_failed(tx: &mut Tx, runs: &[&Record], now: Timestamp) -> Result<()> {
    let is_news = |run: &&&Record| {
        run.status == Status::Failed
            && run.completed_at.is_none_or(|at| now.millis_since(Timestamp::from_micros(at)) <= FRESH_MS)
    };
    let mut fresh: Vec<&Record> = runs.iter().filter(is_news).copied().collect();
    fresh.sort_by_key(|run| run.agent_key);
    for of_agent in fresh.chunk_by(|a, b| a.agent_key == b.agent_key) {
        let Some(owner) = notify::owner_of(tx, of_agent[0].agent_key).await? else { continue };
        let messages: Vec<Message> = of_agent.iter().map(|run| words::failed(run)).collect();
        tell_all(tx, &[owner], NewsKind::Failed, &messages, now).await?;
    }
    Ok(())
}

/// Each person, by each way they have chosen.
async fn tell_all(tx: &mut Tx, users: &[i64], kind: NewsKind, messages: &[Message], now: Timestamp) -> Result<()> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    for user_key in users {
        let (mail, webhook) = notify::settings(tx, user_key).await?.told(kind);
        if mail && values::get(tx, MAIL).await?.is_some() {
            post(tx, Destination { user_key, channel: Channel::Mail }, kind, messages, now).await?;
        }
        if webhook {
            post(tx, Destination { user_key, channel: Channel::Webhook }, kind, messages, now).await?;
        }
    }
    Ok(())
}

/// Puts messages into the outbox: the first ones singly, the rest as a sum that is sent when some time has passed.
async fn post(tx: &mut Tx, to: Destination, kind: NewsKind, messages: &[Message], now: Timestamp) -> Result<()> {
    // As long as a sum gathers, and until the next one; of one minute there are never so many.
    let recent = rows::recent(tx, to, kind, now.plus_millis(-2 * STORM_MS), 4 * SINGLY as i64).await?;
    let minute = now.plus_millis(-MINUTE_MS).micros();
    let lately = recent.iter().filter(|r| r.created_at > minute).count();
    let open = recent.iter().find(|r| r.more.is_some() && r.attempts == 0 && r.state == DeliveryState::Waiting);
    let since_sum = now.plus_millis(-STORM_MS).micros();
    let storm = kind == NewsKind::Failed && recent.iter().any(|r| r.more.is_some() && r.next_at > since_sum);
    let singly = if open.is_some() || storm { 0 } else { SINGLY.saturating_sub(lately).min(messages.len()) };
    let (single, rest) = messages.split_at(singly);
    for message in single {
        add(tx, to, kind, message, None, now, now).await?;
    }
    let Some(last) = rest.last() else { return Ok(()) };
    let news = rest.len() as i64;
    let Some(open) = open else {
        let mut sum = words::Payload::default();
        sum.count_all(rest);
        let message = words::summary(kind, news, sum);
        let after = if storm { STORM_MS } else { MINUTE_MS };
        return add(tx, to, kind, &message, Some(news), now.plus_millis(after), now).await;
    };
    let mut sum = words::read(&open.payload)?;
    sum.count_all(rest);
    let more = open.more.unwrap_or(0) + news;
    let agent_key = open.agent_key.filter(|key| rest.iter().all(|m| m.agent_key == *key) && last.agent_key == *key);
    let message = words::summary(kind, more, sum);
    let payload = words::written(&message.payload)?;
    rows::gather(tx, open.key, more, agent_key, &message.title, &payload, &message.link).await
}

async fn add(
    tx: &mut Tx,
    to: Destination,
    kind: NewsKind,
    message: &Message,
    more: Option<i64>,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let agent_key = match message.payload.agents.as_slice() {
        [] => Some(message.agent_key),
        [Counted { key, .. }] => Some(*key),
        _ => None,
    };
    let delivery = NewDelivery {
        id: uuid::Uuid::now_v7().to_string(),
        user_key: to.user_key,
        agent_key,
        channel: to.channel,
        kind,
        title: &message.title,
        payload: &words::written(&message.payload)?,
        link: &message.link,
        more,
        next_at,
    };
    rows::add(tx, &delivery, now).await
}
