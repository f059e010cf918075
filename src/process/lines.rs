//! Server. Cuts a command's output into log lines, and keeps the end of it.

/// The API's limit for one log line, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// Bytes in, lines out. A line ends at a newline, at a carriage return (progress bars) or at the limit.
#[derive(Debug, Default)]
pub struct Lines {
    buf: Vec<u8>,
    /// The last line ended at `\r`: a `\n` that follows belongs to it.
    after_cr: bool,
}

impl Lines {
    /// Something waits for its line end.
    pub fn pending(&self) -> bool {
        !self.buf.is_empty()
    }

    pub fn push(&mut self, mut chunk: &[u8], emit: &mut impl FnMut(String)) {
        while !chunk.is_empty() {
            let Some(end) = chunk.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
                self.extend(chunk, emit);
                return;
            };
            self.extend(&chunk[..end], emit);
            let cr = chunk[end] == b'\r';
            let had_text = !self.buf.is_empty();
            if had_text || !(cr || self.after_cr) {
                emit_text(&self.buf, emit);
                self.buf.clear();
            }
            self.after_cr = cr && had_text;
            chunk = &chunk[end + 1..];
        }
    }

    /// Emits what waits. Unless the output has ended, a character that is not complete yet stays.
    pub fn flush(&mut self, ended: bool, emit: &mut impl FnMut(String)) {
        let end = if ended { self.buf.len() } else { complete_prefix(&self.buf) };
        if end > 0 {
            emit_text(&self.buf[..end], emit);
            self.buf.drain(..end);
        }
    }

    fn extend(&mut self, bytes: &[u8], emit: &mut impl FnMut(String)) {
        if !bytes.is_empty() {
            self.after_cr = false;
        }
        self.buf.extend_from_slice(bytes);
        while self.buf.len() > MAX_LINE {
            let end = match complete_prefix(&self.buf[..MAX_LINE]) {
                0 => MAX_LINE,
                end => end,
            };
            emit_text(&self.buf[..end], emit);
            self.buf.drain(..end);
        }
    }
}

/// Length without a multi-byte character that is cut off at the end.
fn complete_prefix(bytes: &[u8]) -> usize {
    let start = bytes.len().saturating_sub(3);
    for i in (start..bytes.len()).rev() {
        let needed = match bytes[i] {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            0x80..=0xBF => continue,
            _ => return bytes.len(),
        };
        return if bytes.len() - i < needed { i } else { bytes.len() };
    }
    bytes.len()
}

fn emit_text(bytes: &[u8], emit: &mut impl FnMut(String)) {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if text.contains('\0') {
        // PostgreSQL has no text with NUL; its picture says the same.
        text = text.replace('\0', "\u{2400}");
    }
    // Replacement characters are longer than the bytes they stand for.
    while text.len() > MAX_LINE {
        let rest = text.split_off(text.floor_char_boundary(MAX_LINE));
        emit(std::mem::replace(&mut text, rest));
    }
    emit(text);
}

/// The last bytes of an output.
#[derive(Debug, Default)]
pub struct Tail(Vec<u8>);

impl Tail {
    const KEEP: usize = 4 * 1024;

    pub fn push(&mut self, chunk: &[u8]) {
        self.0.extend_from_slice(&chunk[chunk.len().saturating_sub(Self::KEEP)..]);
        let surplus = self.0.len().saturating_sub(Self::KEEP);
        self.0.drain(..surplus);
    }

    /// `None` when nothing but blanks was written.
    pub fn text(&self) -> Option<String> {
        // The cut may have hit the middle of a character.
        let start = self.0.iter().take(3).take_while(|b| matches!(b, 0x80..=0xBF)).count();
        let text = String::from_utf8_lossy(&self.0[start..]).replace('\0', "\u{2400}");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk, &mut |l| out.push(l));
        }
        lines.flush(true, &mut |l| out.push(l));
        out
    }

    #[test]
    fn lines_end_at_newlines_wherever_the_chunks_are_cut() {
        assert_eq!(cut(&[b"one\ntw", b"o\n\nthree"]), ["one", "two", "", "three"]);
        assert_eq!(cut(&[b"a\r\n\r\nb\r", b"\nc"]), ["a", "", "b", "c"]);
        assert_eq!(cut(&[b"10%\r20%\r\r30%\n"]), ["10%", "20%", "30%"]);
    }

    #[test]
    fn a_flush_keeps_half_a_character_for_later() {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        lines.push("日本".as_bytes().split_at(5).0, &mut |l| out.push(l));
        lines.flush(false, &mut |l| out.push(l));
        lines.push("日本".as_bytes().split_at(5).1, &mut |l| out.push(l));
        lines.flush(false, &mut |l| out.push(l));
        assert_eq!(out, ["日", "本"]);
        assert!(!lines.pending());
    }

    #[test]
    fn no_line_is_longer_than_the_api_allows() {
        let long = "お".repeat(100_000);
        let pieces = cut(&[long.as_bytes()]);
        assert!(pieces.iter().all(|p| p.len() <= MAX_LINE));
        assert_eq!(pieces.concat(), long);
        let binary = cut(&[&vec![0xFF; 3 * MAX_LINE]]);
        assert!(binary.iter().all(|p| p.len() <= MAX_LINE));
        assert_eq!(binary.concat().chars().count(), 3 * MAX_LINE);
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(cut(&[b"a\xFFb\0c\n"]), ["a\u{FFFD}b\u{2400}c"]);
    }

    #[test]
    fn the_tail_holds_the_end_and_nothing_more() {
        let mut tail = Tail::default();
        for i in 0..10_000 {
            tail.push(format!("line {i}\n").as_bytes());
        }
        let text = tail.text().expect("text");
        assert!(text.ends_with("line 9999") && text.len() <= 4096);
        let mut blank = Tail::default();
        blank.push(b" \n");
        assert_eq!(blank.text(), None);
        let mut cut = Tail::default();
        cut.push("é".repeat(4_000).as_bytes());
        cut.push(b"x");
        assert!(cut.text().expect("text").starts_with('é'));
    }
}
