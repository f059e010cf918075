//! Server. What a command writes: its response, as far as it is text and not too long, and its log.

use crate::domain::LogStream;
use crate::engine::log::Log;
use crate::process::lines::Lines;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The most that is kept of a response: the API's limit, less the room to say that it was more.
const KEPT: usize = (1 << 20) - 256;
/// After the command's end: silence this long means that only others hold the pipe.
const QUIET: Duration = Duration::from_millis(300);
/// A line without an end is shown after this.
const PARTIAL: Duration = Duration::from_millis(200);
/// The most a pipe can hold: what is read beyond that after the command's end is not the command's.
const PIPE_CAPACITY: usize = 1 << 20;

/// Once the command has ended: when its outputs are no longer read, whoever still holds them.
pub type Until = watch::Receiver<Option<Instant>>;

/// Reads the next bytes; `None` at the end, which is also when the command has ended and nothing more comes.
struct Source<R> {
    pipe: R,
    until: Until,
    chunk: Vec<u8>,
    after_end: usize,
    over: bool,
}

impl<R: AsyncRead + Unpin> Source<R> {
    fn new(pipe: R, until: Until) -> Self {
        Self { pipe, until, chunk: vec![0; 64 << 10], after_end: 0, over: false }
    }

    async fn next(&mut self) -> Option<&[u8]> {
        if self.over {
            return None;
        }
        let (n, until) = loop {
            let until = *self.until.borrow_and_update();
            let stop_at = until.map(|at| at.min(Instant::now() + QUIET));
            tokio::select! {
                // What is in the pipe already comes first.
                biased;
                read = self.pipe.read(&mut self.chunk) => break (read.ok().filter(|n| *n > 0)?, until),
                // Without a sender nobody wants to know.
                changed = self.until.changed() => changed.ok()?,
                () = over(stop_at) => return None,
            }
        };
        if let Some(until) = until {
            self.after_end += n;
            // Late, only what had piled up is still read, and that comes in full pieces.
            self.over = Instant::now() >= until && n < self.chunk.len();
        }
        (self.after_end <= PIPE_CAPACITY).then(|| &self.chunk[..n])
    }
}

async fn over(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The end of an output, and how long it was.
#[derive(Debug, Default)]
pub struct Response {
    bytes: Vec<u8>,
    total: usize,
}

pub async fn response(pipe: impl AsyncRead + Unpin, until: Until) -> Response {
    let mut source = Source::new(pipe, until);
    let mut response = Response::default();
    while let Some(chunk) = source.next().await {
        response.push(chunk);
    }
    response
}

impl Response {
    fn push(&mut self, chunk: &[u8]) {
        self.total += chunk.len();
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
        }
    }

    /// `None` when nothing but blanks was written. What is left out is said in front.
    pub fn text(&self) -> Option<String> {
        let kept = &self.bytes[self.bytes.len().saturating_sub(KEPT)..];
        if is_binary(kept) {
            return Some(format!("[The command wrote {} bytes that are no text; they are not kept.]", self.total));
        }
        // The cut may have hit the middle of a character.
        let start = kept.iter().take(3).take_while(|b| matches!(b, 0x80..=0xBF)).count();
        let mut text = String::from_utf8_lossy(&kept[start..]).into_owned();
        // Replacement characters are longer than the bytes they stand for.
        if text.len() > KEPT {
            text = text.split_off(text.ceil_char_boundary(text.len() - KEPT));
        }
        if self.total > KEPT {
            return Some(format!(
                "[The command wrote {} bytes; only the last {} are kept.]\n{text}",
                self.total,
                text.len()
            ));
        }
        let trimmed = text.trim_end();
        (!trimmed.trim().is_empty()).then(|| trimmed.to_owned())
    }
}

/// A NUL, or much that is no UTF-8.
fn is_binary(bytes: &[u8]) -> bool {
    let wrong = || bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    bytes.contains(&0) || wrong() * 10 > bytes.len()
}

/// Writes lines into the log as they come; answers the last one that is not blank.
pub async fn lines(pipe: impl AsyncRead + Unpin, until: Until, log: Log) -> Option<String> {
    let mut source = Source::new(pipe, until);
    let mut lines = Lines::default();
    let mut last = None;
    let mut show_at = Instant::now();
    loop {
        let mut out = Vec::new();
        let waiting = lines.pending();
        let more = tokio::select! {
            chunk = source.next() => {
                if let Some(chunk) = chunk {
                    if !waiting {
                        show_at = Instant::now() + PARTIAL;
                    }
                    lines.push(chunk, &mut |line| out.push(line));
                    true
                } else {
                    lines.flush(true, &mut |line| out.push(line));
                    false
                }
            }
            () = sleep_until(show_at), if waiting => {
                lines.flush(false, &mut |line| out.push(line));
                // Half a character stays; it must not keep the end from being seen.
                show_at = Instant::now() + 3 * QUIET;
                true
            }
        };
        for line in out {
            if !line.trim().is_empty() {
                last = Some(line.clone());
            }
            log.line(LogStream::Stderr, line).await;
        }
        if !more {
            return last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt as _;

    fn written(chunks: &[&[u8]]) -> Option<String> {
        let mut response = Response::default();
        for chunk in chunks {
            response.push(chunk);
        }
        response.text()
    }

    #[test]
    fn a_response_is_what_was_written() {
        assert_eq!(written(&[b"two\n", b"lines\n"]).as_deref(), Some("two\nlines"));
        assert_eq!(written(&[b" \n"]), None);
        assert_eq!(
            written(&["é".as_bytes(), b"\xFF and much that is text"]).as_deref(),
            Some("é\u{FFFD} and much that is text")
        );
    }

    #[test]
    fn too_much_is_bounded_and_said_so() {
        let chunk = "é".repeat(32 << 10);
        let text = written(&vec![chunk.as_bytes(); 100]).expect("a response");
        assert!(text.len() <= 1 << 20 && text.ends_with('é'), "{} bytes", text.len());
        assert!(text.starts_with("[The command wrote 6553600 bytes; only the last "), "{}", &text[..80]);
    }

    #[test]
    fn what_is_no_text_is_not_kept() {
        for bytes in [&b"a\0b"[..], &[0xFF; 1_000]] {
            let text = written(&[bytes]).expect("a note");
            assert_eq!(text, format!("[The command wrote {} bytes that are no text; they are not kept.]", bytes.len()));
        }
    }

    #[tokio::test]
    async fn late_only_what_had_come_is_still_read() {
        let (mut held_open, pipe) = tokio::io::duplex(64);
        held_open.write_all(b"abc").await.expect("room");
        let (_sender, until) = watch::channel(Some(Instant::now()));
        assert_eq!(response(pipe, until).await.text().as_deref(), Some("abc"));
    }
}
