//! The smallest HTTP client that will do: a load generator shares two cores with what it measures.

use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One keep-alive connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
    /// Headers of every request.
    headers: String,
}

pub struct Answer {
    pub status: u16,
    /// As it came over the wire, without the framing of chunks.
    pub body: Vec<u8>,
    pub headers: Vec<(String, String)>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        assert!(self.status < 300, "{}: {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl Wire {
    pub async fn open(address: SocketAddr, token: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        let headers = format!("host: {address}\r\nauthorization: Bearer {token}\r\n");
        Self { stream: BufReader::new(stream), headers }
    }

    /// Other headers than a token's, each with its line end.
    pub fn with_headers(mut self, headers: &str) -> Self {
        let host = self.headers.lines().next().unwrap_or_default().to_owned();
        self.headers = format!("{host}\r\n{headers}");
        self
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", b"").await
    }

    pub async fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\n{}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n",
            self.headers
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request).await.expect("sent");
        self.answer().await
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.expect("a line");
        line.truncate(line.trim_end().len());
        line
    }

    async fn answer(&mut self) -> Answer {
        let status = self.line().await;
        let status = status.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        let mut headers = Vec::new();
        loop {
            let line = self.line().await;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').expect("a header");
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, body: Vec::new(), headers };
        if let Some(length) = answer.header("content-length") {
            answer.body.resize(length.parse().expect("a length"), 0);
            self.stream.read_exact(&mut answer.body).await.expect("a body");
        } else if answer.header("transfer-encoding").is_some() {
            loop {
                let size = usize::from_str_radix(&self.line().await, 16).expect("a chunk");
                let from = answer.body.len();
                answer.body.resize(from + size, 0);
                self.stream.read_exact(&mut answer.body[from..]).await.expect("a chunk");
                self.line().await;
                if size == 0 {
                    break;
                }
            }
        }
        answer
    }
}
