//! Server. Whether somebody is still to be told: asked again just before a message is sent.

use super::words::{self, Payload};
use crate::app::Caller;
use crate::domain::{NewsKind, Result, Timestamp};
use crate::store::deliveries::DueRow;
use crate::store::interactions::lists;

/// What is to be told now, or why nothing is.
pub enum Verdict {
    Tell { title: String, link: String, payload: Payload },
    Not(&'static str),
}

const HIDDEN: Verdict = Verdict::Not("the agent is no longer this person's to see");

pub async fn judge(who: &Caller, row: &DueRow) -> Result<Verdict> {
    let payload = words::read(&row.payload)?;
    let as_written = |payload| Verdict::Tell { title: row.title.clone(), link: row.link.clone(), payload };
    match row.kind {
        NewsKind::Waiting | NewsKind::Reminder => Ok(match not_waiting(who, &payload).await? {
            Some(why) => Verdict::Not(why),
            None => as_written(payload),
        }),
        NewsKind::Failed | NewsKind::Budget if payload.agents.is_empty() => {
            let seen = row.agent_key.is_some_and(|key| who.visible().includes(key));
            Ok(if seen { as_written(payload) } else { HIDDEN })
        }
        NewsKind::Failed | NewsKind::Budget => Ok(seen_part(who, row, payload)),
    }
}

/// Why nothing waits any more, if so. A sum of several is told as it is: it names agents, and leads to the list.
async fn not_waiting(who: &Caller, payload: &Payload) -> Result<Option<&'static str>> {
    if payload.expires_at.is_some_and(|at| at <= who.now()) {
        return Ok(Some("it has expired"));
    }
    // Whoever is asked to decide may see this much of it, also of an agent that is not theirs.
    let Some(id) = payload.approval_id.as_deref() else {
        let any = lists::anything_waits_for(&mut who.app.store.read(), who.user_key).await?;
        return Ok((!any).then_some("nothing waits for this person any more"));
    };
    let waits = lists::is_turn_of(&mut who.app.store.read(), id, who.user_key).await?;
    Ok((!waits).then_some("it no longer waits for this person"))
}

/// Of a sum, the agents that may still be seen.
fn seen_part(who: &Caller, row: &DueRow, mut payload: Payload) -> Verdict {
    let all: i64 = payload.agents.iter().map(|a| a.n).sum();
    payload.agents.retain(|a| who.visible().includes(a.key));
    let seen: i64 = payload.agents.iter().map(|a| a.n).sum();
    if seen == 0 {
        return HIDDEN;
    }
    // Those beyond what is counted one by one are told of only where nothing is hidden.
    let n = if seen == all { row.more.unwrap_or(all) } else { seen };
    let message = words::summary(row.kind, n, payload);
    Verdict::Tell { title: message.title, link: message.link, payload: message.payload }
}

/// A message as it goes out.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The same at each attempt.
    pub id: String,
    pub kind: &'static str,
    pub at: Timestamp,
    pub title: String,
    /// Whole.
    pub link: String,
    pub payload: Payload,
}
