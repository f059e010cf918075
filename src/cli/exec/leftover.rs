//! Server. What could not be delivered: says so on stderr and keeps it in a file.

use super::deliver::Outcome;
use super::queue::Queue;
use crate::domain::{ExecutionPatch, NewExecution};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub fn report(outcome: &Outcome, record: NewExecution, end: ExecutionPatch, queue: &Queue) {
    if queue.lost() > 0 {
        say!("{} log lines were lost", queue.lost());
    }
    let Outcome::Undelivered { created, reason } = outcome else { return };
    let lines = queue.len();
    let (target, saved) = if *created {
        let target = queue.path().with_extension("log.ndjson");
        let status = end.status.map_or("ended", |s| s.as_str());
        say!("the server is away ({reason}): it does not know that this run ended ({status})");
        if lines == 0 {
            return;
        }
        let saved = queue.save(&target);
        (target, saved)
    } else {
        let target = queue.path().with_extension("ndjson");
        say!("the server is away ({reason}): this run is not recorded");
        let saved = save_record(finished(record, end), queue, &target);
        (target, saved)
    };
    match saved {
        Ok(()) if *created => say!("the last {lines} log lines are in {}", target.display()),
        Ok(()) => say!("record it later with: runboard import {}", target.display()),
        Err(error) => say!("{lines} log lines are lost: {}: {error}", target.display()),
    }
}

fn finished(record: NewExecution, end: ExecutionPatch) -> NewExecution {
    let ExecutionPatch { status, error, response, completed_at, .. } = end;
    NewExecution { status, completed_at, response, error, ..record }
}

/// One record as `import` takes it. The log goes from the queue to the file line by line: it may be large.
fn save_record(record: NewExecution, queue: &Queue, target: &Path) -> io::Result<()> {
    let json = serde_json::to_string(&NewExecution { log: Vec::new(), ..record })?;
    let head = json.strip_suffix("]}").ok_or_else(|| io::Error::other("the log is not the record's last field"))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
    let mut out = BufWriter::new(file);
    out.write_all(head.as_bytes())?;
    let mut first = true;
    loop {
        let lines = queue.take(1_000, 4 << 20);
        if lines.is_empty() {
            break;
        }
        for line in lines {
            write!(out, "{}{line}", if first { "" } else { "," })?;
            first = false;
        }
    }
    writeln!(out, "]}}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::super::queue::Limits;
    use super::*;
    use crate::domain::{LogStream, NewLogLine, Status};

    #[test]
    fn a_record_that_never_arrived_can_be_imported() {
        let dir = tempfile::tempdir().expect("dir");
        let queue = Queue::new(dir.path().join("run.spool"), Limits::default());
        for text in ["a", "b"] {
            queue.push(&NewLogLine { ts: None, stream: LogStream::Stderr, text: text.to_owned(), seq: None });
        }
        let record = NewExecution { agent_name: "build".to_owned(), ..NewExecution::default() };
        let end = ExecutionPatch { status: Some(Status::Failed), ..ExecutionPatch::default() };
        let target = dir.path().join("run.ndjson");
        save_record(finished(record, end), &queue, &target).expect("saved");
        let text = std::fs::read_to_string(target).expect("text");
        let read: NewExecution = serde_json::from_str(&text).expect("one record");
        assert_eq!((read.status, read.log.len()), (Some(Status::Failed), 2));
        assert!(text.ends_with("]}\n"));
    }
}
