//! Server. The rules on flows. Every broken one is named, all at once.

use crate::app::validate::Check;
use crate::app::{Caller, agent_check};
use crate::domain::flow::MOST_STEPS;
use crate::domain::{FlowStep, Result};

const NAME_CHARS: usize = 100;
const TITLE_CHARS: usize = 200;

pub fn flow(who: &Caller, name: &str, steps: &[FlowStep]) -> Result<()> {
    if steps.iter().any(|step| matches!(step, FlowStep::Command { .. })) {
        agent_check::may_use_commands(who)?;
    }
    let mut check = Check::default();
    characters(&mut check, "name", name, NAME_CHARS);
    if steps.is_empty() || steps.len() > MOST_STEPS {
        check.wrong("steps", format!("needs 1 to {MOST_STEPS} steps"));
    }
    for (i, step) in steps.iter().take(MOST_STEPS).enumerate() {
        let at = format!("steps[{i}]");
        characters(&mut check, &format!("{at}.title"), step.title(), TITLE_CHARS);
        match step {
            FlowStep::Prompt { prompt, .. } => {
                agent_check::text(&mut check, &format!("{at}.prompt"), prompt, agent_check::PROMPT_BYTES);
            }
            FlowStep::Command { .. } => {
                if let Some(config) = step.command() {
                    agent_check::command(&mut check, who, &at, &config);
                }
            }
            FlowStep::Webhook { .. } => {
                if let Some(config) = step.webhook() {
                    agent_check::webhook(&mut check, who, &at, &config);
                }
            }
        }
    }
    check.done()
}

fn characters(check: &mut Check, field: &str, text: &str, most: usize) {
    if text.trim().is_empty() || text.chars().count() > most {
        check.wrong(field, format!("needs 1 to {most} characters"));
    }
}
