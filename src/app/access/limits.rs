//! Server. What a credential is limited to, kept with work that goes on without whoever asked for it.

use super::{Caller, Credential, narrowed};
use crate::app::App;
use crate::domain::{Error, Result};
use crate::store::Visible;
use std::sync::Arc;

impl Caller {
    /// The agents that their credential is limited to, for work that goes on without it: JSON. None: all of theirs.
    pub(in crate::app) fn limits(&self) -> Result<Option<String>> {
        match (self.limited, self.visible.as_ref()) {
            (true, Visible::Agents(keys)) => {
                serde_json::to_string(keys).map(Some).map_err(|e| Error::Internal(format!("agents: {e}")))
            }
            _ => Ok(None),
        }
    }
}

impl App {
    /// A person whose work goes on without them, within what `Caller::limits` said of their credential; none when they
    /// have left.
    pub(in crate::app) async fn person_within(&self, user_key: i64, limits: Option<&str>) -> Result<Option<Caller>> {
        let Some(person) = self.resolve(Credential::Person(user_key)).await? else { return Ok(None) };
        let Some(text) = limits else { return Ok(Some(person)) };
        let keys: Vec<i64> = serde_json::from_str(text).map_err(|e| Error::Internal(format!("agents: {e}")))?;
        Ok(Some(Caller {
            visible: Arc::new(narrowed(person.visible.as_ref().clone(), &keys)),
            operable: Arc::new(narrowed(person.operable.as_ref().clone(), &keys)),
            limited: true,
            ..person
        }))
    }
}
