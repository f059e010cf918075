//! Server. The rules on what an agent is set to. Every broken one is named, all at once.

use super::addresses::{NEVER, Place, place};
use super::secret_like::holds_secret;
use super::validate::Check;
use super::{Caller, Config};
use crate::domain::agent::slug;
use crate::domain::{
    AgentConfig, AgentKind, AgentLimits, Budget, CommandConfig, Error, Result, RetryPolicy, Role, WebhookConfig,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

pub const PROMPT_BYTES: usize = 64 << 10;
const ARGUMENTS: usize = 256;
const WEEK_S: i64 = 7 * 86_400;

/// The name of an agent as it is: nothing is made of it that its maker did not write.
pub fn name(check: &mut Check, name: &str) {
    if name.is_empty() || slug(name) != name {
        check.wrong("name", "needs 1 to 80 lower case letters, digits, `.`, `_` or `-`");
    } else if name == "new" {
        check.wrong("name", "is the address of a page");
    }
}

/// The configuration of an agent of this kind, checked. Commands only by admins, where the operator allows them.
pub fn config(check: &mut Check, who: &Caller, kind: AgentKind, given: BTreeMap<String, Value>) -> Result<AgentConfig> {
    let config = match kind {
        AgentKind::External => {
            if let Some(field) = given.keys().next() {
                return Err(Error::invalid(
                    format!("config.{field}"),
                    "external agents run elsewhere and have no config",
                ));
            }
            AgentConfig::External {}
        }
        AgentKind::Openai => AgentConfig::Openai(parse(given)?),
        AgentKind::Command => {
            may_use_commands(who)?;
            AgentConfig::Command(parse(given)?)
        }
        AgentKind::Webhook => AgentConfig::Webhook(parse(given)?),
    };
    match &config {
        AgentConfig::External {} => {}
        AgentConfig::Openai(c) => {
            url(check, "config.base_url", &c.base_url);
            text(check, "config.model", &c.model, 200);
            if let Some(prompt) = &c.system_prompt {
                text(check, "config.system_prompt", prompt, PROMPT_BYTES);
            }
            variable(check, who, "config.api_key_env", c.api_key_env.as_deref());
        }
        AgentConfig::Command(c) => command(check, who, "config", c),
        AgentConfig::Webhook(c) => webhook(check, who, "config", c),
    }
    Ok(config)
}

/// A command; `at`: where it stands.
pub fn command(check: &mut Check, who: &Caller, at: &str, c: &CommandConfig) {
    if c.argv.is_empty() || c.argv.len() > ARGUMENTS {
        check.wrong(&format!("{at}.argv"), format!("needs 1 to {ARGUMENTS} words, the program first"));
    }
    for (i, word) in c.argv.iter().enumerate() {
        let field = format!("{at}.argv[{i}]");
        if i == 0 && word.is_empty() {
            check.wrong(&field, "is empty");
        }
        argument(check, &field, word);
    }
    if c.cwd.as_deref().is_some_and(|folder| !folder.starts_with('/') || folder.contains('\0')) {
        check.wrong(&format!("{at}.cwd"), "must be an absolute path");
    }
    for (i, name) in c.env.iter().enumerate() {
        variable(check, who, &format!("{at}.env[{i}]"), Some(name));
    }
}

pub fn webhook(check: &mut Check, who: &Caller, at: &str, c: &WebhookConfig) {
    url(check, &format!("{at}.url"), &c.url);
    variable(check, who, &format!("{at}.secret_env"), c.secret_env.as_deref());
}

/// Why this caller makes and changes no agents that run commands, if so.
pub fn no_commands(who: &Caller) -> Option<String> {
    may_use_commands(who).err().map(|e| e.to_string())
}

pub fn may_use_commands(who: &Caller) -> Result<()> {
    who.admin()
        .map_err(|_| Error::Forbidden("only an admin may make or change agents that run commands".to_owned()))?;
    if who.app.config.allow_commands {
        return Ok(());
    }
    Err(Error::Forbidden("this server runs no commands; its operator can start it with --allow-commands".to_owned()))
}

fn parse<T: DeserializeOwned>(given: BTreeMap<String, Value>) -> Result<T> {
    let value = Value::Object(given.into_iter().collect());
    serde_path_to_error::deserialize(value).map_err(|e| {
        let path = e.path().to_string();
        let message = e.into_inner().to_string();
        let about_a_name = message.starts_with("missing field") || message.starts_with("unknown field");
        let named = message.split('`').nth(1).filter(|_| about_a_name);
        Error::invalid(format!("config.{}", named.unwrap_or(&path)), message)
    })
}

pub fn text(check: &mut Check, field: &str, text: &str, max: usize) {
    if text.trim().is_empty() {
        check.wrong(field, "is empty");
    } else if text.len() > max {
        check.wrong(field, format!("is longer than {max} bytes"));
    }
    no_secret(check, field, text);
}

fn argument(check: &mut Check, field: &str, word: &str) {
    if word.len() > 8 << 10 || word.contains('\0') {
        check.wrong(field, "is longer than 8 KiB or has a NUL");
    }
    no_secret(check, field, word);
}

/// What is saved here is shown to everybody who operates the agent, and lies in every backup.
fn no_secret(check: &mut Check, field: &str, text: &str) {
    if holds_secret(text) {
        check.wrong(
            field,
            "holds what looks like a secret; put it into an environment variable of the server and give the variable's name",
        );
    }
}

fn url(check: &mut Check, field: &str, text: &str) {
    let Ok(url) = reqwest::Url::parse(text) else {
        check.wrong(field, "is not a URL");
        return;
    };
    if !matches!(url.scheme(), "http" | "https") {
        check.wrong(field, "must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        check.wrong(field, "must not hold a user or password; secrets go into environment variables");
    }
    let host = url.host_str().map(|h| h.trim_start_matches('[').trim_end_matches(']'));
    if host.and_then(|h| h.parse().ok()).is_some_and(|a| place(a) == Place::Never) {
        check.wrong(field, format!("is {NEVER}"));
    }
    no_secret(check, field, text);
}

fn variable(check: &mut Check, who: &Caller, field: &str, name: Option<&str>) {
    let Some(name) = name else { return };
    let well_formed = !name.is_empty()
        && name.len() <= 128
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !well_formed {
        check.wrong(field, "must be the name of an environment variable of the server, never the secret itself");
    } else if !allowed(&who.app.config, name, who.role == Role::Admin) {
        check.wrong(field, "may not be used by your agents; the operator says which may with --secret-env");
    }
}

/// What a variable of the server holds, if agents may use it. `admins`: if an admin's agents may.
pub fn variable_value(rules: &Config, name: &str, admins: bool) -> Option<std::ffi::OsString> {
    if allowed(rules, name, admins) { std::env::var_os(name) } else { None }
}

/// Whether agents may use this variable. Runboard's own are never theirs: they hold the database's password. An agent
/// sends it wherever its owner says, so those the operator has not named are for admins.
fn allowed(rules: &Config, name: &str, admins: bool) -> bool {
    if name.starts_with("RUNBOARD_") || name == "DATABASE_URL" {
        return false;
    }
    if rules.secret_env.is_empty() {
        admins && (name.ends_with("_API_KEY") || name.ends_with("_SECRET"))
    } else {
        rules.secret_env.iter().any(|n| n.trim() == name)
    }
}

pub fn limits(check: &mut Check, limits: &AgentLimits) {
    if !(1..=1_000).contains(&limits.max_concurrency) {
        check.wrong("max_concurrency", "must be from 1 to 1000");
    }
    if limits.timeout_s.is_some_and(|s| !(1..=WEEK_S).contains(&s)) {
        check.wrong("timeout_s", format!("must be from 1 to {WEEK_S} seconds"));
    }
    if let Some(RetryPolicy { attempts, backoff_s, on }) = &limits.retry {
        if !(1..=10).contains(attempts) {
            check.wrong("retry.attempts", "must be from 1 to 10");
        }
        if !(0..=3_600).contains(backoff_s) {
            check.wrong("retry.backoff_s", "must be from 0 to 3600 seconds");
        }
        if on.is_empty() {
            check.wrong("retry.on", "names no error");
        }
    }
    if let Some(Budget { usd_per_day, usd_per_month }) = &limits.budget {
        for (field, usd) in [("budget.usd_per_day", usd_per_day), ("budget.usd_per_month", usd_per_month)] {
            if usd.is_some_and(|v| !v.is_finite() || v <= 0.0 || v > 1_000_000.0) {
                check.wrong(field, "must be USD above 0, at most 1 000 000");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runboards_own_variables_are_never_an_agents() {
        let open = Config { secret_env: vec!["RUNBOARD_DATABASE_URL".into(), "TOKEN".into()], ..Config::default() };
        let of = |name| (allowed(&open, name, true), allowed(&open, name, false));
        assert_eq!(
            [of("RUNBOARD_DATABASE_URL"), of("X_API_KEY"), of("TOKEN")],
            [(false, false), (false, false), (true, true)]
        );
        let usual = Config::default();
        let of = |name| (allowed(&usual, name, true), allowed(&usual, name, false));
        assert_eq!([of("X_API_KEY"), of("HOOK_SECRET")], [(true, false), (true, false)]);
        assert_eq!([of("PATH"), of("RUNBOARD_API_KEY")], [(false, false), (false, false)]);
    }
}
