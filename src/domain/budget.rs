//! Both sides. What an agent has spent of what it may spend.

use super::agent_settings::Budget;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;
/// From this share on, those who look are warned.
const WARN: f64 = 0.8;
/// A rate is not told from less time than this.
const SHORTEST_MS: i64 = 3_600_000;

/// Where an agent stands within one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BudgetLevel {
    Fine,
    /// 80 % are spent.
    Warn,
    /// All is spent: the agent's runs wait until the day or month is over.
    Spent,
}

/// One limit, and what is spent of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Spending {
    pub limit_usd: f64,
    /// Of runs whose cost is known; an agent without known costs spends nothing here.
    pub spent_usd: f64,
    pub level: BudgetLevel,
    /// On average since the day or month began.
    pub usd_per_hour: f64,
    /// At its end, if it goes on like this.
    pub forecast_usd: f64,
    /// When it begins anew.
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub until: Timestamp,
}

/// What an agent has spent in this UTC day and month, as far as it has limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct BudgetState {
    pub day: Option<Spending>,
    pub month: Option<Spending>,
}

impl BudgetState {
    pub fn of(budget: &Budget, spent_day: f64, spent_month: f64, now: Timestamp) -> Self {
        let (day, month) = (day_of(now), month_of(now));
        Self {
            day: budget.usd_per_day.map(|limit| Spending::of(limit, spent_day, day, now)),
            month: budget.usd_per_month.map(|limit| Spending::of(limit, spent_month, month, now)),
        }
    }

    /// The limit that most is used of, if that is worth a warning.
    pub fn worst(self) -> Option<Spending> {
        let warned = [self.day, self.month].into_iter().flatten().filter(|s| s.level != BudgetLevel::Fine);
        warned.max_by(|a, b| a.share().total_cmp(&b.share()))
    }

    /// The limit that is used up and lasts longest, if any is.
    pub fn spent(&self) -> Option<&Spending> {
        [&self.month, &self.day].into_iter().flatten().find(|s| s.level == BudgetLevel::Spent)
    }
}

impl Spending {
    /// What is spent of it, 0–1 and beyond.
    pub fn share(&self) -> f64 {
        self.spent_usd / self.limit_usd
    }

    fn of(limit_usd: f64, spent_usd: f64, (from, until): (Timestamp, Timestamp), now: Timestamp) -> Self {
        let level = match spent_usd / limit_usd {
            share if share >= 1.0 => BudgetLevel::Spent,
            share if share >= WARN => BudgetLevel::Warn,
            _ => BudgetLevel::Fine,
        };
        let per_ms = spent_usd / now.millis_since(from).max(SHORTEST_MS) as f64;
        let forecast_usd = per_ms.mul_add(until.millis_since(now) as f64, spent_usd);
        Self { limit_usd, spent_usd, level, usd_per_hour: per_ms * 3_600_000.0, forecast_usd, until }
    }
}

/// The UTC day: its first moment, and that of the next.
pub fn day_of(now: Timestamp) -> (Timestamp, Timestamp) {
    let from = now.millis().div_euclid(DAY_MS) * DAY_MS;
    (Timestamp::from_millis(from), Timestamp::from_millis(from + DAY_MS))
}

/// The UTC month, likewise.
pub fn month_of(now: Timestamp) -> (Timestamp, Timestamp) {
    use chrono::{DateTime, Datelike as _, Months, NaiveTime, Utc};
    let today = DateTime::<Utc>::from_timestamp_micros(now.micros()).unwrap_or_default().date_naive();
    let first = today.with_day(1).unwrap_or(today);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let start =
        |day: chrono::NaiveDate| Timestamp::from_micros(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
    (start(first), start(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn days_and_months_are_utcs() {
        assert_eq!(day_of(at("2026-02-28T23:59:59Z")), (at("2026-02-28T00:00:00Z"), at("2026-03-01T00:00:00Z")));
        assert_eq!(month_of(at("2026-02-28T23:59:59Z")), (at("2026-02-01T00:00:00Z"), at("2026-03-01T00:00:00Z")));
        assert_eq!(month_of(at("2026-12-01T00:00:00Z")), (at("2026-12-01T00:00:00Z"), at("2027-01-01T00:00:00Z")));
    }

    #[test]
    fn a_level_is_told_with_a_rate_and_a_forecast() {
        let budget = Budget { usd_per_day: Some(10.0), usd_per_month: Some(100.0) };
        let state = BudgetState::of(&budget, 8.0, 20.0, at("2026-01-10T12:00:00Z"));
        let day = state.day.as_ref().expect("a day");
        assert_eq!((day.level, day.forecast_usd.round()), (BudgetLevel::Warn, 16.0));
        assert!((day.usd_per_hour - 8.0 / 12.0).abs() < 1e-9);
        assert_eq!(state.month.as_ref().map(|m| m.level), Some(BudgetLevel::Fine));
        assert_eq!(state.spent(), None);
        assert_eq!(state.clone().worst().map(|s| s.limit_usd), Some(10.0));
        let state = BudgetState::of(&budget, 10.0, 100.0, at("2026-01-10T12:00:00Z"));
        assert_eq!(state.spent().map(|s| s.until), Some(at("2026-02-01T00:00:00Z")));
    }
}
