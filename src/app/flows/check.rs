//! Server. The rules on flows. Every broken one is named, all at once.

use crate::app::validate::Check;
use crate::app::{Caller, agent_check, interactions};
use crate::domain::flow::MOST_STEPS;
use crate::domain::{AgentConfig, FlowStep, Result};
use crate::store::Tx;

const NAME_CHARS: usize = 100;
const TITLE_CHARS: usize = 200;

pub fn flow(who: &Caller, name: &str, steps: &[FlowStep]) -> Result<()> {
    if steps.iter().any(FlowStep::is_program) {
        agent_check::may_use_commands(who)?;
    }
    let mut check = Check::default();
    characters(&mut check, "name", name, NAME_CHARS);
    if steps.is_empty() || steps.len() > MOST_STEPS {
        check.wrong("steps", format!("needs 1 to {MOST_STEPS} steps"));
    }
    for (i, step) in steps.iter().take(MOST_STEPS).enumerate() {
        let at = format!("steps[{i}]");
        if let Some(asked) = step.interaction() {
            interactions::check_new(&mut check, &format!("{at}."), &asked);
            continue;
        }
        characters(&mut check, &format!("{at}.title"), step.title(), TITLE_CHARS);
        match step {
            FlowStep::Prompt { prompt, .. } => {
                agent_check::text(&mut check, &format!("{at}.prompt"), prompt, agent_check::PROMPT_BYTES);
            }
            _ => match step.config() {
                Some(AgentConfig::Command(config)) => agent_check::command(&mut check, who, &at, &config),
                Some(AgentConfig::Webhook(config)) => agent_check::webhook(&mut check, who, &at, &config),
                _ => {}
            },
        }
    }
    check.done()
}

/// Whether the people whom steps ask are there.
pub async fn people(tx: &mut Tx, steps: &[FlowStep]) -> Result<()> {
    for (i, step) in steps.iter().enumerate() {
        if let Some(asked) = step.interaction() {
            interactions::check_named(tx, &format!("steps[{i}]."), &asked.approvers).await?;
        }
    }
    Ok(())
}

fn characters(check: &mut Check, field: &str, text: &str, most: usize) {
    if text.trim().is_empty() || text.chars().count() > most {
        check.wrong(field, format!("needs 1 to {most} characters"));
    }
}
