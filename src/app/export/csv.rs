//! Server. Runs as comma-separated values: RFC 4180, UTF-8, and nothing in them that a spreadsheet would run.

use crate::domain::visible::is_invisible;
use crate::domain::{Error, ExecutionSummary, Result, Timestamp};

const COLUMNS: &str = "id,agent_name,agent_display_name,status,triggered_by,message,response_preview,error,has_error,\
    queued_at,started_at,completed_at,duration_ms,queue_ms,cost,input_tokens,output_tokens,total_tokens,model,\
    tool_call_count,steps_done,steps_total,thread_id,flow_id,parent_id,retry_of,attempt,labels,version,updated_at";

pub fn write_head(out: &mut Vec<u8>) {
    out.extend_from_slice(COLUMNS.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Unknown values are empty cells; labels are a JSON object.
pub fn write_row(out: &mut Vec<u8>, r: &ExecutionSummary) -> Result<()> {
    let labels = if r.labels.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&r.labels).map_err(|e| Error::Internal(format!("labels: {e}")))?
    };
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    let time = |t: Option<Timestamp>| t.map(|t| t.to_string()).unwrap_or_default();
    let optional = |t: &Option<String>| t.as_deref().map(text).unwrap_or_default();
    let id = |id: &Option<crate::domain::ExecutionId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    let cells = [
        r.id.to_string(),
        text(&r.agent_name),
        text(&r.agent_display_name),
        r.status.to_string(),
        r.triggered_by.to_string(),
        text(&r.message),
        optional(&r.response_preview),
        optional(&r.error),
        r.has_error.to_string(),
        r.queued_at.to_string(),
        time(r.started_at),
        time(r.completed_at),
        number(r.duration_ms),
        number(r.queue_ms),
        r.cost.map(|c| c.to_string()).unwrap_or_default(),
        number(r.input_tokens),
        number(r.output_tokens),
        number(r.total_tokens),
        optional(&r.model),
        r.tool_call_count.to_string(),
        r.steps_done.to_string(),
        number(r.steps_total),
        optional(&r.thread_id),
        optional(&r.flow_id),
        id(&r.parent_id),
        id(&r.retry_of),
        r.attempt.to_string(),
        text(&labels),
        r.version.to_string(),
        r.updated_at.to_string(),
    ];
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(quoted(cell).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Spreadsheets take text with one of these in front for a formula, some of them also in full width or after blanks,
/// and what an agent wrote could do anything there.
fn text(value: &str) -> String {
    let first = value.trim_start_matches(is_invisible);
    let formula = first.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || value.starts_with(['\t', '\r']);
    if formula { format!("'{value}") } else { value.to_owned() }
}

fn quoted(cell: &str) -> String {
    let needed = cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    if needed { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(message: &str) -> ExecutionSummary {
        let at = "2026-01-01T00:00:00Z";
        serde_json::from_value(serde_json::json!({
            "id": "0199a3f2-0000-7000-8000-00000000c41e", "agent_name": "build", "agent_display_name": "build",
            "status": "success", "triggered_by": "cli", "message": message, "has_error": false,
            "queued_at": at, "updated_at": at, "tool_call_count": 0, "steps_done": 0, "attempt": 1,
            "labels": {}, "cancel_requested": false, "version": 1,
        }))
        .expect("a run")
    }

    fn row(r: &ExecutionSummary) -> String {
        let mut out = Vec::new();
        write_row(&mut out, r).expect("written");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn each_row_has_a_cell_for_each_column() {
        let line = row(&run("work"));
        assert_eq!(line.trim_end().matches(',').count(), COLUMNS.matches(',').count());
        assert!(line.ends_with("\r\n"));
    }

    #[test]
    fn commas_quotes_and_lines_are_quoted() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\"\nnow"), "\"say \"\"hi\"\"\nnow\"");
        assert_eq!(quoted(" x"), "\" x\"");
    }

    #[test]
    fn nothing_an_agent_wrote_is_a_formula() {
        for bad in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1",
            "＋1",
            "－1",
            "＠SUM(A1)",
            " =1",
            "\u{a0}\t@x",
            "\n=1",
            "\u{feff}=1",
            "\u{3000}＝1",
        ] {
            assert!(text(bad).starts_with('\''), "{bad:?}");
        }
        for good in ["a=1", " a", "", " "] {
            assert_eq!(text(good), good);
        }
        let line = row(&run("=HYPERLINK(\"x\",\"y\")"));
        assert!(line.contains("\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""), "{line}");
    }
}
