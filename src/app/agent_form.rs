//! Server. Agents as forms have them: texts, which are read here, and what stands beside them on the page.

use super::agents::{self, stored_config};
use super::control::startable;
use super::validate::Check;
use super::{Caller, agent_check, flows, memories, schedules};
use crate::domain::agent_form::{AgentForm, AgentSettings, AgentShare, Texts};
use crate::domain::filter::typed::{milliseconds, span_text};
use crate::domain::words::{read_words, write_words};
use crate::domain::{
    AgentConfig, AgentDetail, AgentKind, AgentLimits, AgentPatch, Budget, Error, NewAgent, Result, RetryOn,
    RetryPolicy, page,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

type ConfigMap = BTreeMap<String, Value>;

/// What a form of a new agent begins with.
pub fn blank(caller: &Caller) -> Result<AgentForm> {
    caller.writer()?;
    if !caller.may_register() {
        return Err(Error::Forbidden("you may not make agents".to_owned()));
    }
    let mut texts = limit_texts(&AgentLimits::default());
    texts.extend(config_texts(None));
    for (name, text) in [("name", ""), ("display_name", ""), ("description", ""), ("kind", "openai")] {
        texts.insert(name.to_owned(), text.to_owned());
    }
    Ok(AgentForm { texts, no_commands: agent_check::no_commands(caller) })
}

/// All that its owner and admins set.
pub async fn settings(caller: &Caller, name: &str) -> Result<AgentSettings> {
    let agent = agents::owned(caller, name).await?;
    let detail = agents::detail(caller, name).await?;
    let schedule = match schedules::get(caller, name).await {
        Ok(schedule) => Some(schedule),
        Err(Error::NotFound) => None,
        Err(e) => return Err(e),
    };
    // An agent has no more than this.
    let flows = flows::list(caller, Some(name), None, page::MAX_LIMIT).await?.0;
    Ok(AgentSettings {
        form: form_of(caller, &detail),
        not_run_here: startable(&agent, &caller.app.config).err().map(|e| e.to_string()),
        schedule,
        shares: shares(caller, name).await?,
        memories: memories::list(caller, name).await?,
        flows: flows.into_iter().map(|flow| (flow.id, flow.name)).collect(),
        retired: detail.retired_at.is_some(),
        summary: detail.summary,
    })
}

/// Makes an agent of what a form has, and answers its name.
pub async fn create(caller: &Caller, texts: &Texts) -> Result<String> {
    let kind: AgentKind = text(texts, "kind").parse()?;
    let read = Read::of(texts, kind)?;
    let new = NewAgent {
        name: text(texts, "name").to_owned(),
        display_name: some(texts, "display_name"),
        description: some(texts, "description"),
        kind,
        config: read.config,
        max_concurrency: Some(read.limits.max_concurrency),
        timeout_s: read.limits.timeout_s,
        retry: read.limits.retry,
        budget: read.limits.budget,
    };
    Ok(agents::create(caller, new).await?.summary.name)
}

/// Changes an agent to what a form has; answers what it then is.
pub async fn change(caller: &Caller, name: &str, texts: &Texts) -> Result<AgentForm> {
    let agent = agents::owned(caller, name).await?;
    let read = Read::of(texts, agent.kind)?;
    // What is not changed is not asked for: who may no longer make an agent run commands may still change the rest.
    let changed = read.config != as_map(&stored_config(&agent)?)?;
    let patch = AgentPatch {
        display_name: Some(text(texts, "display_name").to_owned()),
        description: Some(some(texts, "description")),
        config: changed.then_some(read.config),
        max_concurrency: Some(read.limits.max_concurrency),
        timeout_s: Some(read.limits.timeout_s),
        retry: Some(read.limits.retry),
        budget: Some(read.limits.budget),
    };
    Ok(form_of(caller, &agents::change(caller, name, patch).await?))
}

/// Everyone an agent is shared with.
pub async fn shares(caller: &Caller, name: &str) -> Result<Vec<AgentShare>> {
    let found = agents::shares(caller, name).await?;
    Ok(found.into_iter().map(|(email, access)| AgentShare { email, access }).collect())
}

fn form_of(caller: &Caller, agent: &AgentDetail) -> AgentForm {
    let a = &agent.summary;
    let mut texts = limit_texts(&agent.limits);
    texts.extend(config_texts(agent.config.as_ref()));
    for (name, text) in [
        ("name", a.name.as_str()),
        ("display_name", &a.display_name),
        ("description", a.description.as_deref().unwrap_or_default()),
        ("kind", a.kind.as_str()),
    ] {
        texts.insert(name.to_owned(), text.to_owned());
    }
    AgentForm { texts, no_commands: agent_check::no_commands(caller) }
}

fn config_texts(config: Option<&AgentConfig>) -> Texts {
    let names = ["base_url", "model", "system_prompt", "api_key_env", "argv", "cwd", "env", "url", "secret_env"];
    let mut texts: Texts = names.map(|name| (format!("config.{name}"), String::new())).into();
    let mut set = |name: &str, text: Option<&str>| {
        texts.insert(format!("config.{name}"), text.unwrap_or_default().to_owned());
    };
    match config {
        None | Some(AgentConfig::External {}) => {}
        Some(AgentConfig::Openai(c)) => {
            set("base_url", Some(&c.base_url));
            set("model", Some(&c.model));
            set("system_prompt", c.system_prompt.as_deref());
            set("api_key_env", c.api_key_env.as_deref());
        }
        Some(AgentConfig::Command(c)) => {
            set("argv", Some(&write_words(&c.argv)));
            set("cwd", c.cwd.as_deref());
            set("env", Some(&c.env.join("\n")));
        }
        Some(AgentConfig::Webhook(c)) => {
            set("url", Some(&c.url));
            set("secret_env", c.secret_env.as_deref());
        }
    }
    texts
}

/// How retries are made where they are switched on.
static USUAL: RetryPolicy = RetryPolicy { attempts: 3, backoff_s: 10, on: Vec::new() };
const ERRORS: [(RetryOn, &str); 4] = [
    (RetryOn::Timeout, "timeout"),
    (RetryOn::RateLimited, "rate_limited"),
    (RetryOn::Unavailable, "unavailable"),
    (RetryOn::Exit, "exit"),
];

fn limit_texts(limits: &AgentLimits) -> Texts {
    let retry = limits.retry.as_ref();
    let policy = retry.unwrap_or(&USUAL);
    let on: Vec<&str> = if retry.is_some() {
        ERRORS.iter().filter(|(error, _)| policy.on.contains(error)).map(|(_, word)| *word).collect()
    } else {
        vec!["rate_limited", "unavailable"]
    };
    let usd = |of: fn(&Budget) -> Option<f64>| {
        limits.budget.as_ref().and_then(of).map_or_else(String::new, |usd| usd.to_string())
    };
    [
        ("max_concurrency", limits.max_concurrency.to_string()),
        ("timeout_s", limits.timeout_s.map_or_else(String::new, seconds_text)),
        ("retry", if retry.is_some() { "on" } else { "" }.to_owned()),
        ("retry.attempts", policy.attempts.to_string()),
        ("retry.backoff_s", seconds_text(policy.backoff_s)),
        ("retry.on", on.join(",")),
        ("budget.usd_per_day", usd(|b| b.usd_per_day)),
        ("budget.usd_per_month", usd(|b| b.usd_per_month)),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

fn seconds_text(s: i64) -> String {
    if s == 0 { "0s".to_owned() } else { span_text(s * 1_000) }
}

fn as_map(config: &AgentConfig) -> Result<ConfigMap> {
    match serde_json::to_value(config) {
        Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
        _ => Err(Error::Internal("settings".to_owned())),
    }
}

fn text<'t>(texts: &'t Texts, name: &str) -> &'t str {
    texts.get(name).map_or("", |text| text.trim())
}

fn some(texts: &Texts, name: &str) -> Option<String> {
    Some(text(texts, name)).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What the texts say, before it is judged.
struct Read {
    config: ConfigMap,
    limits: AgentLimits,
}

impl Read {
    fn of(texts: &Texts, kind: AgentKind) -> Result<Self> {
        let mut check = Check::default();
        let retry = !text(texts, "retry").is_empty();
        let limits = AgentLimits {
            max_concurrency: whole(&mut check, texts, "max_concurrency").unwrap_or(1),
            timeout_s: seconds(&mut check, texts, "timeout_s"),
            retry: retry.then(|| RetryPolicy {
                attempts: whole(&mut check, texts, "retry.attempts").unwrap_or(USUAL.attempts),
                backoff_s: seconds(&mut check, texts, "retry.backoff_s").unwrap_or(0),
                on: ERRORS.iter().filter(|(_, word)| listed(text(texts, "retry.on"), word)).map(|(e, _)| *e).collect(),
            }),
            budget: budget(&mut check, texts),
        };
        check.done()?;
        Ok(Self { config: config(texts, kind), limits })
    }
}

fn listed(list: &str, word: &str) -> bool {
    list.split(',').any(|item| item == word)
}

fn config(texts: &Texts, kind: AgentKind) -> ConfigMap {
    let mut config = ConfigMap::new();
    let line = |name: &str| text(texts, &format!("config.{name}"));
    let (always, if_given): (&[&str], &[&str]) = match kind {
        AgentKind::External => (&[], &[]),
        AgentKind::Openai => (&["base_url", "model"], &["system_prompt", "api_key_env"]),
        AgentKind::Command => (&[], &["cwd"]),
        AgentKind::Webhook => (&["url"], &["secret_env"]),
    };
    config.extend(always.iter().map(|name| ((*name).to_owned(), line(name).into())));
    let given = if_given.iter().filter(|name| !line(name).is_empty());
    config.extend(given.map(|name| ((*name).to_owned(), line(name).into())));
    if kind == AgentKind::Command {
        let argv = read_words(texts.get("config.argv").map_or("", String::as_str));
        config.insert("argv".to_owned(), argv.into());
        let env: Vec<&str> = line("env").lines().map(str::trim).filter(|name| !name.is_empty()).collect();
        if !env.is_empty() {
            config.insert("env".to_owned(), env.into());
        }
    }
    config
}

fn budget(check: &mut Check, texts: &Texts) -> Option<Budget> {
    let mut usd =
        |name: &str| number::<f64>(check, name, text(texts, name).trim_start_matches('$'), "must be USD, such as 2.50");
    let budget = Budget { usd_per_day: usd("budget.usd_per_day"), usd_per_month: usd("budget.usd_per_month") };
    (budget.usd_per_day.is_some() || budget.usd_per_month.is_some()).then_some(budget)
}

fn whole(check: &mut Check, texts: &Texts, name: &str) -> Option<i64> {
    number(check, name, text(texts, name), "must be a whole number")
}

fn number<T: FromStr>(check: &mut Check, name: &str, text: &str, rule: &str) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok();
    if read.is_none() {
        check.wrong(name, rule);
    }
    read
}

/// `90`, `90s`, `5m`, `1h`.
fn seconds(check: &mut Check, texts: &Texts, name: &str) -> Option<i64> {
    let text = text(texts, name);
    if text.is_empty() {
        return None;
    }
    let ms = || milliseconds(text).filter(|ms| ms % 1_000 == 0).map(|ms| ms / 1_000);
    let read = text.parse::<i64>().ok().or_else(ms);
    if read.is_none() {
        check.wrong(name, "must be a time such as 90s, 5m or 1h");
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        let mut texts = limit_texts(&AgentLimits::default());
        texts.extend(config_texts(None));
        texts.extend(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        texts
    }

    #[test]
    fn limits_survive_being_written_and_read() {
        let retry = RetryPolicy { attempts: 4, backoff_s: 90, on: vec![RetryOn::Timeout, RetryOn::Exit] };
        let budget = Budget { usd_per_day: Some(2.5), usd_per_month: None };
        let full = AgentLimits { max_concurrency: 7, timeout_s: Some(3_600), retry: Some(retry), budget: Some(budget) };
        for limits in [AgentLimits::default(), full] {
            let written = limit_texts(&limits);
            assert_eq!(Read::of(&written, AgentKind::External).expect("readable").limits, limits, "{written:?}");
        }
        assert_eq!(limit_texts(&AgentLimits { timeout_s: Some(300), ..AgentLimits::default() })["timeout_s"], "5m");
    }

    #[test]
    fn texts_that_are_no_numbers_are_named() {
        let wrong = texts(&[
            ("max_concurrency", "many"),
            ("timeout_s", "soon"),
            ("retry", "on"),
            ("retry.attempts", "1.5"),
            ("retry.backoff_s", "500ms"),
            ("budget.usd_per_day", "two"),
        ]);
        let Err(Error::Invalid(errors)) = Read::of(&wrong, AgentKind::Openai) else { panic!("it is taken") };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["max_concurrency", "timeout_s", "retry.attempts", "retry.backoff_s", "budget.usd_per_day"]);
        let fine = texts(&[("timeout_s", "90"), ("budget.usd_per_month", "$25")]);
        let limits = Read::of(&fine, AgentKind::Openai).expect("readable").limits;
        assert_eq!((limits.timeout_s, limits.budget.and_then(|b| b.usd_per_month)), (Some(90), Some(25.0)));
    }

    #[test]
    fn each_line_is_an_argument() {
        let given =
            texts(&[("config.argv", "sh\r\n-c\r\n\r\n\"\"\n  echo hi \n\n"), ("config.env", " A_API_KEY \n\nB\n")]);
        let read = config(&given, AgentKind::Command);
        assert_eq!(read["argv"], serde_json::json!(["sh", "-c", "", "  echo hi "]));
        assert_eq!((&read["env"], read.get("cwd")), (&serde_json::json!(["A_API_KEY", "B"]), None));
        assert_eq!(config(&texts(&[]), AgentKind::Command)["argv"], serde_json::json!([]));
    }
}
