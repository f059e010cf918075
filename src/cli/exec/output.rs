//! Server. Reads one output of the command: passes it on byte for byte and hands its lines to the queue.

use super::queue::Queue;
use crate::cli::now;
use crate::domain::{LogStream, NewLogLine};
use crate::process::lines::{Lines, Tail};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// A line without an end is shown after this.
const PARTIAL: Duration = Duration::from_millis(200);
/// After the command's end: silence this long means that only others hold the pipe.
const QUIET: Duration = Duration::from_millis(300);
/// The most a pipe can hold: what is read beyond that after the command's end is not the command's.
const PIPE_CAPACITY: usize = 1 << 20;

pub struct Output {
    pub stream: LogStream,
    /// Where it is passed on to.
    pub to: File,
    pub queue: Arc<Queue>,
    /// Turns true when the command has ended.
    pub ended: watch::Receiver<bool>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub tail: Tail,
    /// The last line that is not blank.
    pub last_line: Option<String>,
    /// Another process kept the pipe open beyond the command's end.
    pub left_open: bool,
}

/// Reads until the end of the output, or until the command has ended and what it wrote has been read:
/// a process it left behind may hold the pipe open for ever.
pub async fn follow(mut pipe: impl AsyncRead + Unpin, mut output: Output) -> Seen {
    let mut seen = Seen::default();
    let mut lines = Lines::default();
    let mut chunk = vec![0; 64 * 1024];
    let mut show_at = Instant::now();
    let mut read_after_end = 0;
    let mut passing = true;
    let mut ended = *output.ended.borrow();
    loop {
        tokio::select! {
            read = pipe.read(&mut chunk) => {
                let n = match read {
                    Ok(0) | Err(_) => break,
                    Ok(n) => n,
                };
                if !lines.pending() {
                    show_at = Instant::now() + PARTIAL;
                }
                lines.push(&chunk[..n], &mut |text| emit(&output, &mut seen.last_line, text));
                if output.stream == LogStream::Stdout {
                    seen.tail.push(&chunk[..n]);
                }
                if passing && let Err(error) = tokio::task::block_in_place(|| pass_on(&mut output.to, &chunk[..n])) {
                    if error.kind() == io::ErrorKind::BrokenPipe {
                        // Nobody reads us: closing the pipe tells the command so, as if it wrote there itself.
                        break;
                    }
                    passing = false;
                }
                if ended {
                    read_after_end += n;
                    if read_after_end > PIPE_CAPACITY {
                        seen.left_open = true;
                        break;
                    }
                }
            }
            () = sleep_until(show_at), if lines.pending() => {
                lines.flush(false, &mut |text| emit(&output, &mut seen.last_line, text));
                show_at = Instant::now() + PARTIAL;
            }
            _ = output.ended.changed(), if !ended => ended = true,
            () = sleep(QUIET), if ended => {
                seen.left_open = true;
                break;
            }
        }
    }
    lines.flush(true, &mut |text| emit(&output, &mut seen.last_line, text));
    seen
}

fn emit(output: &Output, last_line: &mut Option<String>, text: String) {
    if !text.trim().is_empty() {
        last_line.replace(text.clone());
    }
    output.queue.push(&NewLogLine { ts: Some(now()), stream: output.stream, text, seq: None });
}

fn pass_on(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // Somebody who shares the other end made it non-blocking.
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(5)),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
