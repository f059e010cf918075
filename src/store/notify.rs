//! Server. Who is told of what, and by which way; and which budgets were told of.

use super::db::{Executor, Tx};
use super::query::Query;
use crate::domain::{NewsKind, Result, Timestamp};

/// A person's settings as stored.
#[derive(Clone, sqlx::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
pub struct SettingsRow {
    pub mail_waiting: bool,
    pub mail_failed: bool,
    pub mail_budget: bool,
    pub webhook_waiting: bool,
    pub webhook_failed: bool,
    pub webhook_budget: bool,
    /// Sealed.
    pub webhook_url: Option<String>,
    pub webhook_address: Option<String>,
    pub webhook_format: Option<String>,
    /// Sealed.
    pub webhook_secret: Option<String>,
    pub webhook_on: bool,
    pub webhook_note: Option<String>,
}

impl Default for SettingsRow {
    /// Whoever has set nothing.
    fn default() -> Self {
        Self {
            mail_waiting: true,
            mail_failed: false,
            mail_budget: true,
            webhook_waiting: true,
            webhook_failed: true,
            webhook_budget: true,
            webhook_url: None,
            webhook_address: None,
            webhook_format: None,
            webhook_secret: None,
            webhook_on: false,
            webhook_note: None,
        }
    }
}

impl SettingsRow {
    /// Whether they want to be told of this by mail, and by webhook.
    pub fn told(&self, kind: NewsKind) -> (bool, bool) {
        let (mail, webhook) = match kind {
            NewsKind::Waiting | NewsKind::Reminder => (self.mail_waiting, self.webhook_waiting),
            NewsKind::Failed => (self.mail_failed, self.webhook_failed),
            NewsKind::Budget => (self.mail_budget, self.webhook_budget),
        };
        (mail, webhook && self.webhook_on)
    }
}

const COLUMNS: &str = "mail_waiting, mail_failed, mail_budget, webhook_waiting, webhook_failed, webhook_budget, \
    webhook_url, webhook_address, webhook_format, webhook_secret, webhook_on, webhook_note";

pub async fn settings(db: &mut impl Executor, user_key: i64) -> Result<SettingsRow> {
    let mut q = Query::new("select ");
    q.push(COLUMNS).push(" from notify_settings where user_key = ").value(user_key);
    Ok(db.maybe(q).await?.unwrap_or_default())
}

pub async fn save_settings(tx: &mut Tx, user_key: i64, s: &SettingsRow, now: Timestamp) -> Result<()> {
    let mut q = Query::new("insert into notify_settings (user_key, updated_at, ");
    q.push(COLUMNS).push(") values ");
    q.list([user_key.into(), super::Value::from(now.micros())].into_iter().chain([
        s.mail_waiting.into(),
        s.mail_failed.into(),
        s.mail_budget.into(),
        s.webhook_waiting.into(),
        s.webhook_failed.into(),
        s.webhook_budget.into(),
        s.webhook_url.as_deref().into(),
        s.webhook_address.as_deref().into(),
        s.webhook_format.as_deref().into(),
        s.webhook_secret.as_deref().into(),
        s.webhook_on.into(),
        s.webhook_note.as_deref().into(),
    ]));
    q.push(
        " on conflict (user_key) do update set updated_at = excluded.updated_at, \
         mail_waiting = excluded.mail_waiting, mail_failed = excluded.mail_failed, \
         mail_budget = excluded.mail_budget, webhook_waiting = excluded.webhook_waiting, \
         webhook_failed = excluded.webhook_failed, webhook_budget = excluded.webhook_budget, \
         webhook_url = excluded.webhook_url, webhook_address = excluded.webhook_address, \
         webhook_format = excluded.webhook_format, webhook_secret = excluded.webhook_secret, \
         webhook_on = excluded.webhook_on, webhook_note = excluded.webhook_note",
    );
    tx.run(q).await.map(|_| ())
}

/// Switches a webhook off that is still the same; says why.
pub async fn switch_off(tx: &mut Tx, user_key: i64, sealed_url: &str, why: &str) -> Result<()> {
    // SQLite and PostgreSQL both know the word.
    let sql = "update notify_settings set webhook_on = false, webhook_note = $1 \
               where user_key = $2 and webhook_url = $3";
    tx.run(Query::new(sql).bind(why).bind(user_key).bind(sealed_url)).await.map(|_| ())
}

/// The owner of an agent.
pub async fn owner_of(db: &mut impl Executor, agent_key: i64) -> Result<Option<i64>> {
    let row: Option<(i64,)> =
        db.maybe(Query::new("select owner_key from agents where key = $1").bind(agent_key)).await?;
    Ok(row.map(|(key,)| key))
}

/// Agents that have a budget and still run.
pub async fn budgeted(db: &mut impl Executor) -> Result<Vec<i64>> {
    let rows: Vec<(i64,)> = db.all(budgeted_query()).await?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

fn budgeted_query() -> Query {
    Query::new("select key from agents where budget is not null and retired_at is null")
}

/// How far a limit was used up in a day or month.
#[derive(Debug, Clone, Copy)]
pub struct BudgetMark {
    pub agent_key: i64,
    pub span: &'static str,
    pub starts_at: Timestamp,
    pub limit_nanos: i64,
    pub level: &'static str,
}

/// Remembers that a level was reached; whether that is new.
pub async fn mark_budget(tx: &mut Tx, m: &BudgetMark) -> Result<bool> {
    let sql = "insert into budget_marks (agent_key, span, starts_at, limit_nanos, level) values ($1, $2, $3, $4, $5) \
               on conflict (agent_key, span, starts_at, limit_nanos, level) do nothing";
    let q = Query::new(sql).bind(m.agent_key).bind(m.span).bind(m.starts_at.micros()).bind(m.limit_nanos).bind(m.level);
    Ok(tx.run(q).await? > 0)
}

pub async fn budget_is_marked(db: &mut impl Executor, m: &BudgetMark) -> Result<bool> {
    let sql = "select agent_key from budget_marks where agent_key = $1 and span = $2 and starts_at = $3 \
               and limit_nanos = $4 and level = $5";
    let q = Query::new(sql).bind(m.agent_key).bind(m.span).bind(m.starts_at.micros()).bind(m.limit_nanos).bind(m.level);
    Ok(db.maybe::<(i64,)>(q).await?.is_some())
}

pub async fn forget_marks(tx: &mut Tx, oldest: Timestamp) -> Result<u64> {
    tx.run(Query::new("delete from budget_marks where starts_at <= $1").bind(oldest.micros())).await
}

/// How the database would answer; for tests.
pub async fn explain(tx: &mut Tx) -> Result<Vec<String>> {
    super::db::explain(tx, budgeted_query()).await
}
