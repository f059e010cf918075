//! The WebSocket and the stream of one run, over a real connection.

mod gathered;

use crate::support::{Backend, Http, World, run_of};
use futures::{SinkExt as _, StreamExt as _};
use runboard::app::{agents, executions, record, tokens};
use runboard::domain::{ExecutionPatch, LogStream, NewExecution, NewLogLine, Role, Scope, Status};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const LONG: Duration = Duration::from_secs(20);

pub async fn listen(http: &Http) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = http.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn try_open(address: SocketAddr, token: &str, origin: Option<&str>) -> Result<Self, SocketError> {
        Self::try_open_at(&format!("ws://{address}/ws"), token, origin).await
    }

    async fn try_open_at(url: &str, token: &str, origin: Option<&str>) -> Result<Self, SocketError> {
        let mut request = url.into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a header"));
        }
        connect_async(request).await.map(|(socket, _)| Self(socket))
    }

    pub async fn open(address: SocketAddr, token: &str) -> Self {
        Self::try_open(address, token, None).await.expect("a socket")
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
    }

    /// The next frame; `None` when the server closed.
    pub async fn hear(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.text().await?).expect("JSON"))
    }

    async fn text(&mut self) -> Option<String> {
        loop {
            match tokio::time::timeout(LONG, self.0.next()).await.expect("the server says something")? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn subscribe(&mut self, frame: Value) -> Value {
        self.say(frame).await;
        self.hear().await.expect("an answer")
    }

    /// All that was sent before this was asked.
    pub async fn all_so_far(&mut self) -> Vec<Value> {
        self.say(json!({"op": "ping"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.hear().await.expect("an answer");
            if frame["type"] == "pong" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// A ping's answer comes after everything that was sent before it.
    pub async fn nothing_came(&mut self) {
        self.say(json!({"op": "ping"})).await;
        let next = self.hear().await.expect("an answer");
        assert_eq!(next["type"], "pong", "{next}");
    }
}

async fn start() -> (World, Http, SocketAddr, String) {
    let world = World::new(Backend::Sqlite).await;
    let http = world.http();
    let address = listen(&http).await;
    let (_, token) = world.person("admin@example.com", Role::Admin, Scope::Admin).await;
    (world, http, address, token)
}

async fn end(world: &World, id: &str, status: Status) {
    let patch = ExecutionPatch { status: Some(status), ..ExecutionPatch::default() };
    record::patch(&world.admin, id, patch).await.expect("patched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_told_from_start_to_end() {
    let (world, _http, address, token) = start().await;
    let mut socket = Socket::open(address, &token).await;
    let hello = socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    assert_eq!(hello["type"], "subscribed");
    let run = world.record(run_of("a", "m")).await;
    let started = socket.hear().await.expect("an event");
    assert_eq!((started["type"].as_str(), started["topic"].as_str()), (Some("execution_started"), Some("executions")));
    assert_eq!(started["execution"]["id"], run.id.as_str());
    assert!(started["seq"].as_i64() > hello["seq"].as_i64());
    for (status, kind) in [(Status::Waiting, "execution_updated"), (Status::Failed, "execution_failed")] {
        end(&world, run.id.as_str(), status).await;
        let event = socket.hear().await.expect("an event");
        assert_eq!(
            (event["type"].as_str(), event["execution"]["status"].as_str()),
            (Some(kind), Some(status.as_str()))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_since_is_replayed_once_in_its_newest_state() {
    let (world, _http, address, token) = start().await;
    let before = executions::as_of(&world.admin).await.expect("a number");
    let one = world.record(run_of("a", "one")).await;
    world.record(run_of("a", "two")).await;
    end(&world, one.id.as_str(), Status::Success).await;
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions", "since": before})).await;
    let (first, second) = (socket.hear().await.expect("one"), socket.hear().await.expect("two"));
    assert_eq!(
        (first["execution"]["message"].as_str(), second["execution"]["message"].as_str()),
        (Some("two"), Some("one"))
    );
    assert_eq!(second["execution"]["status"], "success");
    socket.nothing_came().await;
    let newest = executions::as_of(&world.admin).await.expect("a number");
    socket.say(json!({"op": "subscribe", "topic": "executions", "since": newest + 5})).await;
    socket.hear().await.expect("subscribed");
    assert_eq!(socket.hear().await.expect("an answer")["type"], "resync");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_for_attention_is_told_when_it_comes_and_when_it_goes() {
    let (world, _http, address, token) = start().await;
    let from = executions::as_of(&world.admin).await.expect("a number");
    let mut socket = Socket::open(address, &token).await;
    // What happened when is known to the database alone.
    let filter = json!({"status": "waiting,failed", "changed_after": from.to_string()});
    socket.subscribe(json!({"op": "subscribe", "topic": "attention", "filter": filter})).await;
    let run = world.record(run_of("a", "m")).await;
    for (status, matches) in [(Status::Waiting, true), (Status::Running, false), (Status::Failed, true)] {
        end(&world, run.id.as_str(), status).await;
        let event = socket.hear().await.expect("an event");
        assert_eq!(event["execution"]["status"], status.as_str(), "{event}");
        assert_eq!(event["matches"] != json!(false), matches, "{event}");
    }
    world.record(run_of("a", "runs on")).await;
    socket.nothing_came().await;
    let domain = runboard::domain::Filter::default();
    let (filter, _) = domain.parse([("status", "failed"), ("search", "m")], runboard::domain::Dialect::Api);
    assert!(!filter.may_match(&run, world.now()), "a running run is no question to the database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_gap_is_a_resync() {
    let (world, _http, address, token) = start().await;
    let before = executions::as_of(&world.admin).await.expect("a number");
    for i in 0..5 {
        world.record(run_of("a", &i.to_string())).await;
    }
    let later = world.now().plus_secs(1);
    world.app.store.write(move |tx| Box::pin(runboard::store::events::prune(tx, later, 2))).await.expect("pruned");
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions", "since": before})).await;
    assert_eq!(socket.hear().await.expect("an answer")["type"], "resync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_leaves_the_filter_is_told_once() {
    let (world, _http, address, token) = start().await;
    let mut socket = Socket::open(address, &token).await;
    let filter = json!({"status": "running", "agent_name": ["a"]});
    socket.subscribe(json!({"op": "subscribe", "topic": "executions", "filter": filter})).await;
    world.record(run_of("b", "not mine")).await;
    let run = world.record(run_of("a", "mine")).await;
    assert_eq!(socket.hear().await.expect("an event")["execution"]["message"], "mine");
    end(&world, run.id.as_str(), Status::Waiting).await;
    let left = socket.hear().await.expect("an event");
    assert_eq!((left["matches"].as_bool(), left["execution"]["status"].as_str()), (Some(false), Some("waiting")));
    end(&world, run.id.as_str(), Status::Success).await;
    // A run of the filter, so that whatever the last change caused has arrived before it.
    world.record(run_of("a", "next")).await;
    assert_eq!(socket.hear().await.expect("an event")["execution"]["message"], "next");
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_3_a_window_that_ends_now_stays_open() {
    let (world, http, address, token) = start().await;
    let mut socket = Socket::open(address, &token).await;
    let frame = json!({"op": "subscribe", "topic": "executions", "filter": {"last": "1h"}});
    assert_eq!(socket.subscribe(frame).await["type"], "subscribed");
    // Much later than the window was asked for: what starts now is in it, what started then is no more.
    let old = world.record(run_of("a", "then")).await;
    assert_eq!(socket.hear().await.expect("an event")["execution"]["message"], "then");
    end(&world, old.id.as_str(), Status::Success).await;
    socket.hear().await.expect("its end");
    world.pass_ms(5 * 3_600_000);
    world.record(run_of("a", "now")).await;
    assert_eq!(socket.hear().await.expect("an event")["execution"]["message"], "now");
    let page = http.get(&token, "/api/executions?last=1h").await.json();
    let listed = page["executions"].as_array().expect("runs");
    assert_eq!((listed.len(), listed[0]["message"].as_str()), (1, Some("now")));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_single_runs_have_topics() {
    let (world, _http, address, token) = start().await;
    let run = world.record(run_of("a", "m")).await;
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "agent:a", "legacy": true})).await;
    end(&world, run.id.as_str(), Status::Success).await;
    let (event, legacy) = (socket.hear().await.expect("an event"), socket.hear().await.expect("the same"));
    assert_eq!((event["type"].as_str(), legacy["type"].as_str()), (Some("execution_completed"), Some("run_update")));
    assert_eq!(event["execution"], legacy["execution"]);
    let topic = format!("execution:{}", run.id);
    assert_eq!(socket.subscribe(json!({"op": "subscribe", "topic": topic})).await["type"], "subscribed");
    assert_eq!(socket.subscribe(json!({"op": "unsubscribe", "topic": topic})).await["type"], "unsubscribed");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_frames_are_answered_and_the_socket_stays() {
    let (_world, _http, address, token) = start().await;
    let mut socket = Socket::open(address, &token).await;
    for frame in [
        json!({"op": "dance"}),
        json!({"op": "subscribe", "topic": "weather"}),
        json!({"op": "subscribe", "topic": "execution:x"}),
        json!({"op": "subscribe", "topic": "agent:nobody"}),
        json!({"op": "subscribe", "topic": "executions", "filter": {"status": "done"}}),
        json!([]),
    ] {
        assert_eq!(socket.subscribe(frame.clone()).await["type"], "error", "{frame}");
    }
    socket.nothing_came().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_other_sites_are_refused() {
    let (_world, _http, address, token) = start().await;
    for origin in ["http://evil.example", "null"] {
        let refused = Socket::try_open(address, &token, Some(origin)).await;
        assert!(matches!(refused, Err(SocketError::Http(answer)) if answer.status() == 403), "{origin}");
    }
    assert!(Socket::try_open(address, &token, Some(&format!("http://{address}"))).await.is_ok());
    assert!(
        matches!(Socket::try_open(address, "wrong", None).await, Err(SocketError::Http(answer)) if answer.status() == 401)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_6_a_socket_tells_nothing_outside_ones_access() {
    let (world, _http, address, _) = start().await;
    world.record(run_of("shared", "m")).await;
    let hidden = world.record(run_of("hidden", "m")).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Write).await;
    agents::share(&world.admin, "shared", "bo@example.com", "view").await.expect("shared");
    let mut socket = Socket::open(address, &bo).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    let refused = socket.subscribe(json!({"op": "subscribe", "topic": format!("execution:{}", hidden.id)})).await;
    assert_eq!(refused["type"], "error");
    world.record(run_of("hidden", "secret")).await;
    world.record(run_of("shared", "first")).await;
    assert_eq!(socket.hear().await.expect("an event")["execution"]["message"], "first");
    agents::unshare(&world.admin, "shared", "bo@example.com").await.expect("taken back");
    world.record(run_of("shared", "second")).await;
    let replay = socket.subscribe(json!({"op": "subscribe", "topic": "executions", "since": 0})).await;
    assert_eq!(replay["type"], "subscribed");
    socket.nothing_came().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_15_a_revoked_token_is_signed_out_not_silent() {
    let (world, _http, address, _) = start().await;
    let (id, token) = tokens::create(&world.admin, tokens::TokenRequest::default()).await.expect("a token");
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    tokens::revoke(&world.admin, &id).await.expect("revoked");
    world.record(run_of("a", "secret")).await;
    assert_eq!(socket.hear().await.expect("a last word")["type"], "signed_out");
    assert_eq!(socket.hear().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_falls_behind_gets_every_newest_state() {
    let (world, _http, address, token) = start().await;
    let mut socket = Socket::open(address, &token).await;
    socket.subscribe(json!({"op": "subscribe", "topic": "executions"})).await;
    // Written by an equal number of commits, far more than the hub keeps for those who are late.
    let mut ids = HashSet::new();
    for i in 0..400 {
        let runs = (0..5).map(|j| run_of("a", &format!("{i}.{j}"))).collect();
        for added in record::batch(&world.admin, runs).await.expect("recorded") {
            ids.insert(added.expect("accepted").0.to_string());
        }
    }
    let mut seen = HashSet::new();
    while seen.len() < ids.len() {
        let event = socket.hear().await.expect("an event");
        assert_ne!(event["type"], "resync", "2 000 changes can be replayed");
        seen.insert(event["execution"]["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(seen, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_a_run_to_its_end_and_resumes() {
    let (world, _http, address, token) = start().await;
    let run = world.record(NewExecution { log: vec![line("one"), line("two")], ..run_of("a", "m") }).await;
    let url = format!("http://{address}/api/executions/{}/stream", run.id);
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::new();
    let open = |after: Option<i64>| {
        let mut request = client.get(&url).bearer_auth(&token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        request.send()
    };
    let stream = open(None).await.expect("an answer");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    record::append_log(&world.admin, run.id.as_str(), vec![line("three")]).await.expect("appended");
    end(&world, run.id.as_str(), Status::Success).await;
    let text = tokio::time::timeout(LONG, stream.text()).await.expect("it ends").expect("text");
    for part in ["one", "two", "three", "event: status", "event: end", "id: 3"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let rest = open(Some(2)).await.expect("an answer").text().await.expect("text");
    assert!(rest.contains("three") && !rest.contains("two"));
    // A browser can't send that header when it connects for the first time.
    let rest = client.get(format!("{url}?after=2")).bearer_auth(&token).send().await.expect("an answer");
    let rest = rest.text().await.expect("text");
    assert!(rest.contains("three") && !rest.contains("two"));
    let wrong = client.get(format!("{url}?after=two")).bearer_auth(&token).send().await.expect("an answer");
    assert_eq!(wrong.status(), 422);
}

fn line(text: &str) -> NewLogLine {
    NewLogLine { ts: None, stream: LogStream::Stdout, text: text.to_owned(), seq: None }
}
