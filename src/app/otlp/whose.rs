//! Server. Whose a run is: the record that it was taken for before, its agent, and whether who sent its traces may say so.

use super::made;
use super::write::Writing;
use crate::app::record;
use crate::domain::agent::slug;
use crate::domain::{Error, Result};
use crate::otlp::derive::DerivedRun;
use crate::store::agents::AgentRow;
use crate::store::executions::{self as rows, Record};
use crate::store::traces::TraceRow;
use std::collections::BTreeSet;

impl Writing<'_> {
    /// Traces new to a run whose senders may not change it.
    pub(super) fn strange(&self, own: &[&TraceRow], agent_key: i64) -> Vec<i64> {
        let may = |row: &TraceRow| {
            let sender = self.derived.callers.get(&row.agents).and_then(Option::as_ref);
            sender.is_some_and(|caller| caller.operates(agent_key)) || self.registered(row, agent_key)
        };
        own.iter().filter(|row| row.execution_key.is_none() && !may(row)).map(|row| row.key).collect()
    }

    /// Whether it is one of theirs that was registered a moment ago, and is not in their set yet.
    fn registered(&self, row: &TraceRow, agent_key: i64) -> bool {
        let of = |((by, _), found): (&(Option<String>, String), &Result<AgentRow>)| {
            *by == row.agents && found.as_ref().is_ok_and(|agent| agent.key == agent_key)
        };
        self.agents.iter().any(of)
    }

    /// The run that these traces were taken for before.
    pub(super) async fn existing(
        &mut self,
        run: &DerivedRun,
        own: &[&TraceRow],
        taken: &BTreeSet<i64>,
    ) -> Result<Option<Record>> {
        let id = made::id_of(self.user_key, &run.key)?;
        let keys: BTreeSet<i64> = own.iter().filter_map(|row| row.execution_key).collect();
        let mut found = None;
        for key in keys.into_iter().filter(|key| !taken.contains(key)) {
            let record = rows::by_key_for_update(self.tx, key).await?;
            if record.id == id.as_str() {
                return Ok(Some(record));
            }
            // What is known under another id was another run: its key says what it is. Unless its own was taken.
            if !made::is_made(&record.id) {
                found = Some(record);
            }
        }
        Ok(found)
    }

    /// The agent of a run, if all who sent its traces may record for it; else those that may not, and why.
    pub(super) async fn agent_of(
        &mut self,
        run: &DerivedRun,
        own: &[&TraceRow],
    ) -> Result<Result<AgentRow, (Vec<i64>, String)>> {
        let name = made::agent_name(run);
        let mut agent = None;
        let mut refused = (Vec::new(), String::new());
        for row in own {
            match self.agent(row, name).await? {
                Ok(found) => agent = Some(found),
                Err(e) => {
                    refused.0.push(row.key);
                    refused.1 = e.to_string();
                }
            }
        }
        Ok(agent.filter(|_| refused.0.is_empty()).ok_or(refused))
    }

    /// The agent of that name for who sent this trace, asked for once.
    async fn agent(&mut self, row: &TraceRow, name: &str) -> Result<Result<AgentRow>> {
        let of = (row.agents.clone(), slug(name));
        if !self.agents.contains_key(&of) {
            let found = match self.derived.callers.get(&row.agents).and_then(Option::as_ref) {
                Some(who) => {
                    let changed = &mut self.outcome.agents_changed;
                    record::agent(self.tx, who, &of.1, name, self.now, changed).await
                }
                None => Err(Error::Forbidden("who sent this has left".to_owned())),
            };
            if let Err(e @ (Error::Unavailable(_) | Error::Internal(_))) = found {
                return Err(e);
            }
            self.agents.insert(of.clone(), found);
        }
        self.agents.get(&of).cloned().ok_or(Error::NotFound)
    }
}
