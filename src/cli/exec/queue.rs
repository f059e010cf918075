//! Server. Log lines on their way to the server: in memory while it keeps up, in a file beyond that.

use crate::domain::NewLogLine;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// First in, first out. Lines are kept as the JSON they are sent as, so sizes are exact.
pub struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    limits: Limits,
    path: PathBuf,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub memory: usize,
    pub file: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 8 << 20, file: 1 << 30 }
    }
}

#[derive(Default)]
struct State {
    /// Older than everything in the file.
    memory: VecDeque<String>,
    memory_bytes: usize,
    spool: Option<Spool>,
    /// Lines there was no room for.
    lost: u64,
    /// Nobody will take lines any more.
    closed: bool,
}

struct Spool {
    file: File,
    /// Written but not in the file yet.
    buffer: Vec<u8>,
    read_at: u64,
    write_at: u64,
    lines: usize,
}

impl Queue {
    pub fn new(path: PathBuf, limits: Limits) -> Self {
        Self { state: Mutex::default(), arrived: Notify::new(), limits, path }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements: a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn push(&self, line: &NewLogLine) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let Ok(json) = serde_json::to_string(line) else {
            state.lost += 1;
            return;
        };
        let spooling = state.spool.as_ref().is_some_and(|s| s.lines > 0);
        if !spooling && state.memory_bytes + json.len() <= self.limits.memory {
            state.memory_bytes += json.len();
            state.memory.push_back(json);
        } else if let Err(error) = self.spool(&mut state, &json) {
            if state.lost == 0 {
                say!("log lines are lost: {}: {error}", self.path.display());
            }
            state.lost += 1;
        }
        drop(state);
        self.arrived.notify_one();
    }

    fn spool(&self, state: &mut State, json: &str) -> io::Result<()> {
        if state.spool.is_none() {
            // Output may hold secrets: the file is for its owner alone.
            let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&self.path)?;
            state.spool = Some(Spool { file, buffer: Vec::new(), read_at: 0, write_at: 0, lines: 0 });
        }
        let Some(spool) = &mut state.spool else { return Ok(()) };
        if spool.write_at + (spool.buffer.len() + json.len()) as u64 > self.limits.file {
            return Err(io::Error::other("the file has reached its limit of 1 GiB"));
        }
        spool.buffer.extend_from_slice(json.as_bytes());
        spool.buffer.push(b'\n');
        spool.lines += 1;
        if spool.buffer.len() >= 256 * 1024 { spool.write_out() } else { Ok(()) }
    }

    /// The oldest lines, within both limits; at least one when there is any.
    pub fn take(&self, max_lines: usize, max_bytes: usize) -> Vec<String> {
        let mut state = self.lock();
        if state.memory.is_empty() {
            self.refill(&mut state, max_lines, max_bytes);
        }
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < max_lines
            && let Some(line) = state.memory.pop_front()
        {
            if !batch.is_empty() && bytes + line.len() + 1 > max_bytes {
                state.memory.push_front(line);
                break;
            }
            bytes += line.len() + 1;
            state.memory_bytes -= line.len();
            batch.push(line);
        }
        batch
    }

    fn refill(&self, state: &mut State, max_lines: usize, max_bytes: usize) {
        let State { memory, memory_bytes, spool: Some(spool), lost, .. } = state else { return };
        match spool.read_back(max_lines, max_bytes) {
            Ok(lines) => {
                *memory_bytes += lines.iter().map(String::len).sum::<usize>();
                memory.extend(lines);
            }
            Err(error) => {
                say!("{} log lines are lost: {}: {error}", spool.lines, self.path.display());
                *lost += spool.lines as u64;
                spool.lines = 0;
            }
        }
    }

    /// Puts a batch that could not be delivered back in front.
    pub fn give_back(&self, batch: Vec<String>) {
        let mut state = self.lock();
        for line in batch.into_iter().rev() {
            state.memory_bytes += line.len();
            state.memory.push_front(line);
        }
    }

    /// Waits for a line; returns at once when there are some.
    pub async fn ready(&self) {
        while self.is_empty() {
            self.arrived.notified().await;
        }
    }

    pub fn len(&self) -> usize {
        let state = self.lock();
        state.memory.len() + state.spool.as_ref().map_or(0, |s| s.lines)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// Drops what is there and everything that comes: nobody will take it.
    pub fn close(&self) {
        let mut state = self.lock();
        *state = State { closed: true, lost: state.lost, ..State::default() };
        drop(state);
        self.remove_file();
    }

    pub fn remove_file(&self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            say!("{} can't be removed: {error}", self.path.display());
        }
    }

    /// Writes every line that is left to a new file at `target`, one JSON object each.
    pub fn save(&self, target: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target)?;
        let mut out = io::BufWriter::new(file);
        loop {
            let batch = self.take(1_000, 4 << 20);
            if batch.is_empty() {
                out.flush()?;
                self.remove_file();
                return Ok(());
            }
            for line in batch {
                writeln!(out, "{line}")?;
            }
        }
    }
}

impl Spool {
    fn write_out(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.write_at))?;
        self.file.write_all(&self.buffer)?;
        self.write_at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn read_back(&mut self, max_lines: usize, max_bytes: usize) -> io::Result<Vec<String>> {
        self.write_out()?;
        self.file.seek(SeekFrom::Start(self.read_at))?;
        let mut reader = BufReader::new((&self.file).take(self.write_at - self.read_at));
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < max_lines && bytes < max_bytes {
            let mut line = String::new();
            let read = reader.read_line(&mut line)?;
            if read == 0 {
                break;
            }
            self.read_at += read as u64;
            bytes += read;
            line.truncate(line.trim_end_matches('\n').len());
            lines.push(line);
        }
        self.lines -= lines.len().min(self.lines);
        if self.read_at == self.write_at {
            self.file.set_len(0)?;
            (self.read_at, self.write_at) = (0, 0);
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LogStream;

    fn line(i: usize) -> NewLogLine {
        NewLogLine { ts: None, stream: LogStream::Stdout, text: format!("line {i}"), seq: None }
    }

    fn numbers(batch: &[String]) -> Vec<usize> {
        let number = |json: &String| {
            let line: NewLogLine = serde_json::from_str(json).expect("a line");
            line.text.trim_start_matches("line ").parse().expect("a number")
        };
        batch.iter().map(number).collect()
    }

    #[test]
    fn lines_keep_their_order_through_memory_and_file() {
        let dir = tempfile::tempdir().expect("dir");
        let queue = Queue::new(dir.path().join("spool"), Limits { memory: 500, file: 1 << 20 });
        let mut seen = Vec::new();
        for i in 0..300 {
            queue.push(&line(i));
            if i % 7 == 0 {
                seen.extend(numbers(&queue.take(3, 1 << 20)));
            }
        }
        assert!(dir.path().join("spool").exists());
        while !queue.is_empty() {
            seen.extend(numbers(&queue.take(10, 400)));
        }
        assert_eq!(seen, (0..300).collect::<Vec<_>>());
        assert_eq!(queue.lost(), 0);
    }

    #[test]
    fn a_batch_that_failed_is_the_next_one_again() {
        let dir = tempfile::tempdir().expect("dir");
        let queue = Queue::new(dir.path().join("spool"), Limits::default());
        (0..5).for_each(|i| queue.push(&line(i)));
        let batch = queue.take(3, 1 << 20);
        queue.give_back(batch);
        assert_eq!(numbers(&queue.take(5, 1 << 20)), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_does_not_fit_is_counted_as_lost() {
        let dir = tempfile::tempdir().expect("dir");
        let queue = Queue::new(dir.path().join("spool"), Limits { memory: 0, file: 200 });
        (0..100).for_each(|i| queue.push(&line(i)));
        assert_eq!(queue.len() as u64 + queue.lost(), 100);
        assert!(queue.lost() > 0);
    }

    #[test]
    fn what_is_left_can_be_saved() {
        let dir = tempfile::tempdir().expect("dir");
        let queue = Queue::new(dir.path().join("spool"), Limits { memory: 200, file: 1 << 20 });
        (0..50).for_each(|i| queue.push(&line(i)));
        queue.save(&dir.path().join("saved")).expect("saved");
        let saved = std::fs::read_to_string(dir.path().join("saved")).expect("text");
        assert_eq!(numbers(&saved.lines().map(str::to_owned).collect::<Vec<_>>()), (0..50).collect::<Vec<_>>());
        assert!(!dir.path().join("spool").exists());
    }
}
