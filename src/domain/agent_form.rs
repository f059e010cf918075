//! Both sides. What the pages that make and change agents are given.

use super::agent::AgentSummary;
use super::memory::Memory;
use super::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The texts of a form by the names of the API's fields, such as `config.base_url`. Those of all kinds are there.
pub type Texts = BTreeMap<String, String>;

/// An agent as a form has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentForm {
    pub texts: Texts,
    /// Why the viewer makes and changes no agents that run commands, if so.
    pub no_commands: Option<String>,
}

/// Somebody an agent is shared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentShare {
    pub email: String,
    /// `view` or `operate`.
    pub access: String,
}

/// All that the owner of an agent sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentSettings {
    pub summary: AgentSummary,
    pub form: AgentForm,
    /// Why Runboard does not start its runs, if so.
    pub not_run_here: Option<String>,
    pub schedule: Option<Schedule>,
    pub shares: Vec<AgentShare>,
    pub memories: Vec<Memory>,
    /// (id, name) of its flows, by name.
    pub flows: Vec<(String, String)>,
    /// Deleted while it had runs.
    pub retired: bool,
}
