//! Headless Chromium, driven by browser.mjs beside this file.

use crate::report::Report;
use crate::server::{EMAIL, PASSWORD, Server};
use serde_json::{Value, json};
use std::process::Stdio;
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

const LOG_LINES: usize = 100_000;
/// Of one request.
const LINES_AT_ONCE: usize = 1_000;

pub struct Browser {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    /// Returns when the page is there and watched.
    pub async fn start(args: &[&str]) -> Self {
        let mut browser = Self::open(args);
        assert_eq!(browser.line().await, "ready");
        browser
    }

    fn open(args: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/browser.mjs");
        let mut node = Command::new("node");
        node.arg(script).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = node.spawn().expect("node");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.expect("text").expect("the browser says something")
    }

    /// What it saw until now.
    pub async fn end(mut self) -> Value {
        drop(self.child.stdin.take());
        serde_json::from_str(&self.line().await).expect("JSON")
    }
}

/// A cookie.
pub async fn session(server: &Server) -> String {
    let mut wire = server.wire().await.with_headers("");
    let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let signed_in = wire.send("POST", "/api/login", "application/json", body.as_bytes()).await;
    signed_in.header("set-cookie").and_then(|c| c.split(';').next()).expect("a session").to_owned()
}

/// A page of 5 000 rows that does nothing: what this browser can do at all.
pub fn plain_page() -> NamedTempFile {
    let plain = tempfile::Builder::new().suffix(".html").tempfile().expect("a file");
    let rows = "<div>One of the rows of a page with nothing else</div>".repeat(5_000);
    let style = "<!doctype html><style>div { height: 48px; border-bottom: 1px solid }</style>";
    std::fs::write(plain.path(), format!("{style}{rows}")).expect("written");
    plain
}

pub fn address_of(page: &NamedTempFile) -> String {
    format!("file://{}", page.path().display())
}

/// Scrolling through a long log and through the list.
pub async fn scrolling(server: &Server, report: &mut Report) {
    let mut wire = server.wire().await;
    let body = json!({"agent_name": "log", "message": "a long log"}).to_string();
    let run = wire.send("POST", "/api/executions", "application/json", body.as_bytes()).await.json();
    let run = run["id"].as_str().expect("an id").to_owned();
    for part in 0..LOG_LINES / LINES_AT_ONCE {
        let line = |n| json!({"stream": "stdout", "text": format!("{n}: compiled part {part} of the work in 0.{n} s")});
        let body = json!({"lines": (0..LINES_AT_ONCE).map(line).collect::<Vec<_>>()}).to_string();
        let path = format!("/api/executions/{run}/log");
        let answer = wire.send("POST", &path, "application/json", body.as_bytes()).await;
        assert!(answer.status < 300, "{}", String::from_utf8_lossy(&answer.body));
    }
    let cookie = session(server).await;
    let log = format!("http://{}/executions/{run}?tab=log", server.address);
    let list = format!("http://{}/executions?last=all", server.address);
    let plain = plain_page();
    let plain_url = address_of(&plain);
    let pages = [
        ("a plain page of 5 000 rows", plain_url.as_str(), "", "page"),
        ("a log of 100 000 lines", &log, &cookie, ".log"),
        ("the list", &list, &cookie, "page"),
    ];
    for (what, url, cookie, scroller) in pages {
        let seen = Browser::open(&["scroll", url, cookie, scroller]).end().await;
        let number = |name: &str| seen[name].as_f64().expect("a number");
        let measured = format!(
            "{:.0} fps, longest task {:.0} ms, {} rows in the DOM",
            number("fps"),
            number("longest"),
            number("nodes")
        );
        let target = if cookie.is_empty() { "" } else { "≥ 55 fps, ≤ 50 ms, ≤ 150" };
        report.row(&format!("scrolling {what} for 5 s"), measured, target, None);
    }
}
