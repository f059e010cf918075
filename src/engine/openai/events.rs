//! Server. Server-sent events as an endpoint sends them: bytes in, the data of each event out.

/// An event longer than this is none.
const LONGEST: usize = 4 << 20;

/// Cuts a stream into events, wherever its chunks are cut.
#[derive(Debug, Default)]
pub struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    /// The last line ended at `\r`: a `\n` that follows belongs to it.
    after_cr: bool,
}

/// An event never ended.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

impl Events {
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<String>) -> Result<(), TooLong> {
        for &byte in chunk {
            let belongs = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            match byte {
                _ if belongs => {}
                b'\r' | b'\n' => self.end_of_line(out),
                other => self.line.push(other),
            }
            if self.line.len() + self.data.len() > LONGEST {
                return Err(TooLong);
            }
        }
        Ok(())
    }

    /// What stands there when the stream ends: some endpoints leave the last blank line out.
    pub fn end(&mut self, out: &mut Vec<String>) {
        self.end_of_line(out);
        self.end_of_event(out);
    }

    fn end_of_line(&mut self, out: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.end_of_event(out);
        } else if let Some(rest) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(rest.strip_prefix(b" ").unwrap_or(rest));
        }
        // Comments, names and ids of events say nothing here.
    }

    fn end_of_event(&mut self, out: &mut Vec<String>) {
        if !self.data.is_empty() {
            out.push(String::from_utf8_lossy(&std::mem::take(&mut self.data)).into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_wherever_the_chunks_are_cut() {
        let stream =
            ": hello\r\n\r\ndata: {\"é\":1}\r\n\r\nevent: x\ndata: two\ndata: lines\n\ndata:[DONE]\n".as_bytes();
        for size in 1..stream.len() {
            let (mut events, mut out) = (Events::default(), Vec::new());
            for chunk in stream.chunks(size) {
                events.push(chunk, &mut out).expect("short");
            }
            events.end(&mut out);
            assert_eq!(out, ["{\"é\":1}", "two\nlines", "[DONE]"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let (mut events, mut out) = (Events::default(), Vec::new());
        let chunk = vec![b'x'; 1 << 20];
        let refused = (0..5).map(|_| events.push(&chunk, &mut out)).find(Result::is_err);
        assert_eq!((refused, out.len()), (Some(Err(TooLong)), 0));
    }
}
