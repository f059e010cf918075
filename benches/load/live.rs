//! From a change to a hundred open sockets, and to the screen of a reader among them.

use crate::browser::{Browser, address_of, plain_page, session};
use crate::report::{Latencies, Report};
use crate::server::Server;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

const SOCKETS: usize = 100;
const CHANGES_A_SECOND: u32 = 200;
const FOR: Duration = Duration::from_secs(10);
const RUNS: usize = 50;

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

/// Each change carries the moment it was sent; every socket, and the browser, compares it with its own.
pub async fn latency(server: &Server, report: &mut Report) {
    let mut wire = server.wire().await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let body = json!({"agent_name": "live", "message": "live", "status": "running"}).to_string();
        let answer = wire.send("POST", "/api/executions", "application/json", body.as_bytes()).await.json();
        runs.push(answer["id"].as_str().expect("an id").to_owned());
    }
    let mut sockets = Vec::new();
    for _ in 1..SOCKETS {
        sockets.push(tokio::spawn(listen(open(server).await)));
    }
    let page = format!("http://{}/executions?agent=live&last=all", server.address);
    let browser = Browser::start(&["live", &page, &session(server).await]).await;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / CHANGES_A_SECOND);
    let changes = usize::try_from(u64::from(CHANGES_A_SECOND) * FOR.as_secs()).expect("a number");
    for i in 0..changes {
        tick.tick().await;
        let body = json!({"current_step": now().as_micros().to_string()}).to_string();
        let path = format!("/api/executions/{}", runs[i % RUNS]);
        let answer = wire.send("PATCH", &path, "application/json", body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
    let seen: Vec<f64> = serde_json::from_value(browser.end().await).expect("latencies");
    for run in &runs {
        let body = json!({"status": "success"}).to_string();
        wire.send("PATCH", &format!("/api/executions/{run}"), "application/json", body.as_bytes()).await;
    }
    let mut latencies = Latencies::default();
    for socket in sockets {
        latencies.join(socket.await.expect("a socket"));
    }
    let share = latencies.len() * 100 / (changes * (SOCKETS - 1));
    report.row("change to socket, 100 sockets, 200 changes/s", latencies.text(), "p99 ≤ 100 ms", None);
    report.row("of these changes, sent one by one", format!("{share} %"), "the rest as newest state", None);
    let mut visible = Latencies::default();
    for us in &seen {
        visible.add(Duration::from_secs_f64(us / 1e6));
    }
    let what = format!("change to row on the screen, the same, {} seen", visible.len());
    report.row(&what, visible.text(), "p99 ≤ 100 ms", None);
}

const STORM_A_SECOND: usize = 1_000;
const STORM_FOR: Duration = Duration::from_mins(1);
const PLAIN_FOR: Duration = Duration::from_secs(15);
const STORM_CLIENTS: usize = 8;

/// A reader with very many rows loaded scrolls while a thousand changes a second come in. First a page with nothing to
/// change is scrolled at the same time: what a browser can do at all beside the server and those who send.
pub async fn storm(server: &Server, rows: usize, report: &mut Report) {
    let mut wire = server.wire().await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let body = json!({"agent_name": "live", "message": "storm", "status": "running"}).to_string();
        let answer = wire.send("POST", "/api/executions", "application/json", body.as_bytes()).await.json();
        runs.push(answer["id"].as_str().expect("an id").to_owned());
    }
    let plain = plain_page();
    let browser = Browser::start(&["storm", &address_of(&plain), "", "0"]).await;
    change(server, &runs, PLAIN_FOR).await;
    let seen = browser.end().await;
    report.row("a plain page of 5 000 rows during 1 000 changes/s, scrolling", frames(&seen), "", None);

    let page = format!("http://{}/executions?last=all", server.address);
    let browser = Browser::start(&["storm", &page, &session(server).await, &rows.to_string()]).await;
    let sent = change(server, &runs, STORM_FOR).await;
    let seen = browser.end().await;
    for run in &runs {
        let body = json!({"status": "success"}).to_string();
        wire.send("PATCH", &format!("/api/executions/{run}"), "application/json", body.as_bytes()).await;
    }
    let number = |name: &str| seen[name].as_f64().expect("a number");
    let rate = sent as f64 / STORM_FOR.as_secs_f64();
    let what = format!("{rate:.0} changes/s for 60 s, {:.0} rows loaded, scrolling", number("loaded"));
    report.row(&what, frames(&seen), "≥ 55 fps, none > 50 ms, ≤ 150", None);
    let memory = format!("{:.0} MiB before, {:.0} MiB after", number("before"), number("after"));
    report.row("memory of that page", memory, "flat", None);
}

/// How a page was scrolled.
fn frames(seen: &Value) -> String {
    let number = |name: &str| seen[name].as_f64().expect("a number");
    format!(
        "{:.0} fps, {:.0} long tasks, the longest {:.0} ms, {:.0} rows in the DOM",
        number("fps"),
        number("tasks"),
        number("longest"),
        number("nodes")
    )
}

/// Changes the runs in turn; how many changes there were.
async fn change(server: &Server, runs: &[String], time: Duration) -> usize {
    let mut clients = Vec::new();
    for client in 0..STORM_CLIENTS {
        let (mut wire, runs) = (server.wire().await, runs.to_vec());
        clients.push(tokio::spawn(async move {
            let each = Duration::from_secs(1) * u32::try_from(STORM_CLIENTS).expect("a number")
                / u32::try_from(STORM_A_SECOND).expect("a number");
            let mut tick = tokio::time::interval(each);
            let begun = Instant::now();
            let mut sent = 0;
            while begun.elapsed() < time {
                tick.tick().await;
                let body = json!({"current_step": sent.to_string()}).to_string();
                let path = format!("/api/executions/{}", runs[(sent * STORM_CLIENTS + client) % runs.len()]);
                let answer = wire.send("PATCH", &path, "application/json", body.as_bytes()).await;
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                sent += 1;
            }
            sent
        }));
    }
    let mut sent = 0;
    for client in clients {
        sent += client.await.expect("a client");
    }
    sent
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(server: &Server) -> Socket {
    let mut request = format!("ws://{}/ws", server.address).into_client_request().expect("a request");
    let bearer = format!("Bearer {}", server.token).parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let subscribe = json!({"op": "subscribe", "topic": "executions", "filter": {"agent_name": "live"}});
    socket.send(Message::text(subscribe.to_string())).await.expect("sent");
    loop {
        let frame = socket.next().await.expect("a frame").expect("a frame").into_text().expect("text");
        if frame.contains("\"subscribed\"") {
            return socket;
        }
    }
}

async fn listen(mut socket: Socket) -> Latencies {
    let mut latencies = Latencies::default();
    let mut unfinished = RUNS;
    while unfinished > 0
        && let Some(Ok(frame)) = socket.next().await
    {
        let now = now();
        let Ok(text) = frame.into_text() else { continue };
        let frame: Value = serde_json::from_str(&text).expect("JSON");
        let run = &frame["execution"];
        if run["status"] == "success" {
            unfinished -= 1;
        } else if let Some(sent) = run["current_step"].as_str().and_then(|s| s.parse().ok()) {
            latencies.add(now.saturating_sub(Duration::from_micros(sent)));
        }
    }
    latencies
}
