//! Server. A run as its page reads it: the record with its texts rendered, calls without long values, the log searched.

use super::executions::{self, find};
use super::{Caller, cursor, markdown};
use crate::domain::ansi::plain;
use crate::domain::find::Needle;
use crate::domain::{
    ApprovalRecord, Error, ExecutionId, ListedCall, LogHits, Result, RunExtras, RunRecord, SubRun, ToolCall, page,
};
use crate::store::parts as rows;
use crate::store::reading;

/// Characters of what is looked for in a log.
const MOST_WANTED: usize = 200;
/// Lines and bytes one request looks at, and what it answers at most; the page asks again for the rest. A line has up
/// to 64 KiB, so few are read at a time.
const SCAN: i64 = 20_000;
const SCAN_BYTES: usize = 8 << 20;
const AT_ONCE: i64 = 200;
const MOST_HITS: usize = 2_000;

/// One execution in full, with its texts as HTML.
pub async fn run(caller: &Caller, id: &str) -> Result<RunRecord> {
    let detail = executions::get(caller, id).await?;
    let record = find(caller, id).await?;
    let mut db = caller.app.store.read();
    let steps = reading::count_steps(&mut db, record.key).await?;
    let below = reading::below(&mut db, &record.id, caller.visible()).await?;
    let extras = RunExtras {
        message: markdown::render(&detail.summary.message),
        response: detail.response.as_deref().and_then(markdown::render),
        steps,
        spans: super::otlp::count(&caller.app, record.key).await?,
        below: parents_first(&detail.summary.id, below),
    };
    Ok(RunRecord { detail, extras })
}

/// An approval or a question in full, with its message as HTML.
pub async fn approval(caller: &Caller, id: &str) -> Result<ApprovalRecord> {
    let detail = super::interactions::get(caller, id).await?;
    let message = markdown::render(&detail.approval.message);
    Ok(ApprovalRecord { detail, message })
}

/// Each run right after its parent and the parent's earlier children.
fn parents_first(root: &ExecutionId, mut levels: Vec<SubRun>) -> Vec<SubRun> {
    fn add(parent: &ExecutionId, levels: &mut Vec<SubRun>, out: &mut Vec<SubRun>) {
        let own: Vec<SubRun> = levels.extract_if(.., |run| run.parent == *parent).collect();
        for run in own {
            let id = run.link.id.clone();
            out.push(run);
            add(&id, levels, out);
        }
    }
    let mut out = Vec::with_capacity(levels.len());
    add(root, &mut levels, &mut out);
    out
}

/// Tool calls in order of their start, without long values.
pub async fn tool_calls(caller: &Caller, id: &str, after: Option<String>) -> Result<(Vec<ListedCall>, Option<String>)> {
    let record = find(caller, id).await?;
    let after = after.map(|text| cursor::decode_pair(&text, &record.id)).transpose()?;
    let mut db = caller.app.store.read();
    let mut calls = reading::listed_calls(&mut db, record.key, after, page::MAX_LIMIT + 1).await?;
    let more = calls.len() as i64 > page::MAX_LIMIT;
    calls.truncate(usize::try_from(page::MAX_LIMIT).unwrap_or(usize::MAX));
    let next = if more { calls.last().map(|(at, _)| cursor::encode_pair(&record.id, *at)) } else { None };
    Ok((calls.into_iter().map(|(_, call)| call).collect(), next))
}

/// One call with all its values.
pub async fn tool_call(caller: &Caller, id: &str, call_id: &str) -> Result<ToolCall> {
    let record = find(caller, id).await?;
    reading::tool_call(&mut caller.app.store.read(), record.key, call_id).await
}

/// The lines after `after` that contain `wanted`, whatever the case; of a long log a stretch at a time. Looks at
/// what the reader sees: without colours and the like.
pub async fn search_log(caller: &Caller, id: &str, wanted: &str, after: i64) -> Result<LogHits> {
    let needle = Needle::new(wanted).filter(|_| wanted.chars().count() <= MOST_WANTED);
    let needle = needle.ok_or_else(|| Error::invalid("wanted", format!("must have 1 to {MOST_WANTED} characters")))?;
    let record = find(caller, id).await?;
    let mut hits = LogHits { lines: Vec::new(), through: after.max(0), done: false };
    let stop = hits.through.saturating_add(SCAN);
    let mut bytes = 0;
    while hits.through < record.log_lines {
        if hits.through >= stop || hits.lines.len() >= MOST_HITS || bytes >= SCAN_BYTES {
            return Ok(hits);
        }
        let lines = rows::log(&mut caller.app.store.read(), record.key, hits.through, AT_ONCE).await?;
        let Some(last) = lines.last() else { break };
        hits.through = last.seq;
        bytes += lines.iter().map(|line| line.text.len()).sum::<usize>();
        let found = lines.iter().filter(|line| needle.find(&plain(&line.text)).is_some());
        hits.lines.extend(found.map(|line| line.seq));
    }
    hits.done = true;
    Ok(hits)
}
