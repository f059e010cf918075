//! Server. Trying out whether an agent could do a run, without one.

use super::job::Failure;
use super::outside::{self, Reach};
use super::{openai, webhook};
use crate::app::agents::{self, stored_config};
use crate::app::control::startable;
use crate::app::{App, Caller, budgets};
use crate::domain::{AgentConfig, CommandConfig, Error, OpenaiConfig, Result, Trial, WebhookConfig};
use crate::store::agents::AgentRow;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(20);

/// What came of it, in words: good news or why not.
type Verdict = Result<String, Failure>;

/// Tries an agent out. Only for those who may start its runs.
pub async fn test(caller: &Caller, name: &str) -> Result<Trial> {
    let agent = agents::find(caller, name).await?;
    caller.operator(agent.key)?;
    startable(&agent, &caller.app.config)?;
    // It asks the same endpoint with the same key as a run, and is paid for in the same way.
    budgets::check(&mut caller.app.store.read(), &agent, caller.now()).await?;
    caller.app.trials.check(&caller.user_key)?;
    let begun = Instant::now();
    let verdict = match timeout(PATIENCE, ask(&caller.app, &agent)).await {
        Ok(verdict) => verdict?,
        Err(_) => Err(Failure::lasting(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let (ok, detail) = match verdict {
        Ok(detail) => (true, detail),
        Err(failure) => (false, failure.error),
    };
    Ok(Trial { ok, detail, duration_ms })
}

async fn ask(app: &App, agent: &AgentRow) -> Result<Verdict> {
    match stored_config(agent)? {
        AgentConfig::External {} => Err(Error::Conflict("external agents do their own runs".to_owned())),
        AgentConfig::Command(config) => Ok(command(app, Reach::of(app, agent).await?, &config)),
        AgentConfig::Openai(config) => endpoint(app, agent, &config).await,
        AgentConfig::Webhook(config) => hook(app, agent, &config).await,
    }
}

/// Looks whether everything is there, and runs nothing.
fn command(app: &App, reach: Reach, config: &CommandConfig) -> Verdict {
    if let Some(folder) = config.cwd.as_deref().filter(|folder| !Path::new(folder).is_dir()) {
        return Err(Failure::lasting(format!("there is no folder {folder}")));
    }
    for name in &config.env {
        outside::secret(&app.config, reach, Some(name)).map_err(Failure::lasting)?;
    }
    let program = config.argv.first().map_or("", String::as_str);
    let found = if program.contains('/') {
        let base = config.cwd.as_deref().map_or_else(PathBuf::new, PathBuf::from);
        Some(base.join(program)).filter(|path| runs(path))
    } else {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| runs(path))
    };
    let found = found.ok_or_else(|| Failure::lasting(format!("{program}: command not found")))?;
    Ok(format!("the program is {}", found.display()))
}

fn runs(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

async fn endpoint(app: &App, agent: &AgentRow, config: &OpenaiConfig) -> Result<Verdict> {
    let client = outside::client(Reach::of(app, agent).await?)?;
    // About the least one can ask for.
    let messages = json!([{"role": "user", "content": "ping"}]);
    let question = json!({"model": config.model, "messages": messages, "max_tokens": 16});
    let sent = openai::send(app, &client, agent, config, &question).await?;
    Ok(sent.map(|(response, _)| format!("the endpoint answered {}", response.status())))
}

async fn hook(app: &App, agent: &AgentRow, config: &WebhookConfig) -> Result<Verdict> {
    let client = outside::client(Reach::of(app, agent).await?)?;
    let id = uuid::Uuid::now_v7().to_string();
    let payload = json!({"type": "test", "agent_name": agent.name});
    let sent = webhook::send(app, &client, agent, config, &id, &payload).await?;
    Ok(sent.map(|(response, _)| format!("the webhook answered {}", response.status())))
}
