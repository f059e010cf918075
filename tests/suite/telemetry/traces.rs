//! The real server exports traces of its own work. What it has to send it sends when it ends, so nothing is waited for.

use crate::engine::follow;
use crate::process::{SERVE, Server, command, output, prepare, started};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use runboard::otlp::{Encoding, Limits, Span, decode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Calls = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// Takes whatever is exported.
struct Collector {
    address: String,
    calls: Calls,
}

impl Collector {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = Calls::default();
        let take = |State(calls): State<Calls>, headers: HeaderMap, body: Bytes| async move {
            calls.lock().expect("unpoisoned").push((headers, body));
        };
        let app = Router::new().route("/v1/traces", post(take)).with_state(calls.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, calls }
    }

    fn calls(&self) -> Vec<(HeaderMap, Bytes)> {
        self.calls.lock().expect("unpoisoned").clone()
    }

    fn spans(&self) -> Vec<Span> {
        let read = |body: &Bytes| decode::traces(body, Encoding::Protobuf, &Limits::default()).expect("traces").items;
        self.calls().iter().flat_map(|(_, body)| read(body)).collect()
    }

    /// The spans of that name.
    fn named(&self, name: &str) -> Vec<Span> {
        self.spans().into_iter().filter(|span| span.name == name).collect()
    }
}

/// A database and an admin's token for it.
struct Place {
    _folder: tempfile::TempDir,
    database: String,
    token: String,
    client: reqwest::Client,
}

impl Place {
    fn new() -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::tempdir().expect("a folder");
        let database = format!("sqlite://{}/traces.db", folder.path().display());
        prepare(&database);
        let admin = ["token", "create", "--user", "ann@example.com", "--scope", "admin"];
        let token = output(command(&database).args(admin));
        Self { _folder: folder, database, token, client: reqwest::Client::new() }
    }

    /// A server with these variables, and none of whoever runs the tests.
    fn serve(&self, variables: &[(&str, &str)]) -> (Server, String) {
        let mut command = command(&self.database);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
        started(command.args(SERVE).arg("--allow-commands").envs(variables.iter().copied()))
    }

    async fn post(&self, url: String, body: &Value) -> Value {
        let answer = self.client.post(url).bearer_auth(&self.token).json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.expect("JSON")
    }

    async fn get(&self, url: String) {
        self.client.get(url).bearer_auth(&self.token).send().await.expect("an answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_write_are_told_and_nothing_of_what_they_are_about() {
    let (place, collector) = (Place::new(), Collector::start().await);
    let (mut server, url) = place.serve(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20key"),
    ]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let run = json!({"agent_name": "classified", "message": "classified"});
    let request = place.client.post(format!("{url}/api/executions")).bearer_auth(&place.token).json(&run);
    let request = request.header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    assert!(request.send().await.expect("an answer").status().is_success());
    place.get(format!("{url}/api/executions?q=classified")).await;
    place.get(format!("{url}/api/executions/classified")).await;
    for probe in ["healthz", "readyz", "metrics"] {
        place.get(format!("{url}/{probe}")).await;
    }
    assert!(server.terminate().success());

    let posted = collector.named("POST /api/executions");
    assert_eq!(posted.len(), 1);
    let posted = &posted[0];
    assert_eq!(posted.trace.to_string(), trace);
    assert_eq!(posted.parent.map(|id| id.to_string()).as_deref(), Some("b7ad6b7169203331"));
    assert_eq!(posted.attributes.text("http.request.method"), Some("POST"));
    assert_eq!(posted.attributes.text("http.route"), Some("/api/executions"));
    assert_eq!(posted.attributes.int("http.response.status_code"), Some(201));
    assert_eq!(posted.origin.resource.text("service.name"), Some("runboard"));
    let writes: Vec<Span> = collector.named("write").into_iter().filter(|s| s.parent == Some(posted.id)).collect();
    assert!(!writes.is_empty() && writes.iter().all(|write| write.trace == posted.trace));
    assert!(writes[0].attributes.int("runboard.jobs").is_some_and(|jobs| jobs > 0));
    let missing = collector.named("GET /api/executions/{id}");
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].parent, None);
    assert!(collector.spans().iter().all(|span| !span.name.contains("healthz") && !span.name.contains("metrics")));
    for (headers, body) in collector.calls() {
        assert_eq!(headers["x-key"], "a key");
        let text = String::from_utf8_lossy(&body).into_owned();
        for secret in ["classified", place.token.as_str(), "ann@example.com"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_unless_it_is_asked_for() {
    let (place, collector) = (Place::new(), Collector::start().await);
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address.as_str());
    for variables in [
        vec![("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", collector.address.as_str())],
        vec![endpoint, ("OTEL_SDK_DISABLED", "true")],
        vec![endpoint, ("OTEL_TRACES_EXPORTER", "none")],
        vec![endpoint, ("OTEL_TRACES_SAMPLER", "always_off")],
    ] {
        let (mut server, url) = place.serve(&variables);
        place.get(format!("{url}/api/executions")).await;
        assert!(server.terminate().success());
        assert_eq!(collector.calls().len(), 0, "{variables:?}");
    }
    let (mut server, url) = place.serve(&[endpoint, ("OTEL_SERVICE_NAME", "board")]);
    place.get(format!("{url}/api/executions")).await;
    assert!(server.terminate().success());
    let spans = collector.spans();
    assert!(!spans.is_empty());
    assert!(spans.iter().all(|span| span.origin.resource.text("service.name") == Some("board")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_a_derivation_are_told() {
    let (place, collector) = (Place::new(), Collector::start().await);
    let endpoint = format!("{}/v1/traces", collector.address);
    let (mut server, url) = place.serve(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str())]);
    let agent =
        json!({"name": "fails", "kind": "command", "config": {"argv": ["sh", "-c", "echo classified; exit 3"]}});
    place.post(format!("{url}/api/agents"), &agent).await;
    let run = place.post(format!("{url}/api/agents/fails/run"), &json!({"message": "classified"})).await;
    let id = run["execution_id"].as_str().expect("an id").to_owned();
    follow(&url, &place.token, &id, "event: end").await;
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "lib"}, "spans": [{
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "invoke_agent classified",
        "startTimeUnixNano": "1789999990000000000", "endTimeUnixNano": "1789999991000000000", "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
            {"key": "gen_ai.agent.name", "value": {"stringValue": "classified"}}]}]}]}]});
    place.post(format!("{url}/v1/traces"), &spans).await;
    assert!(server.terminate().success());

    let ran = collector.named("run");
    assert_eq!(ran.len(), 1);
    let text = |key: &str| ran[0].attributes.text(key);
    assert_eq!((ran[0].parent, text("runboard.run.id")), (None, Some(id.as_str())));
    assert_eq!((text("runboard.agent.kind"), text("runboard.run.outcome")), (Some("command"), Some("failed")));
    let derived = collector.named("derive");
    assert!(!derived.is_empty());
    assert_eq!((derived[0].parent, derived[0].attributes.int("runboard.runs")), (None, Some(1)));
    assert_eq!(collector.named("write").iter().filter(|write| write.parent == Some(derived[0].id)).count(), 1);
    assert!(collector.spans().iter().all(|span| !span.name.contains("/v1/")));
    assert!(collector.calls().iter().all(|(_, body)| !String::from_utf8_lossy(body).contains("classified")));
}

/// A server that exports to itself would go on for ever if it told of what it takes in.
#[tokio::test(flavor = "multi_thread")]
async fn its_own_spans_make_neither_spans_nor_runs() {
    let (place, first, second) = (Place::new(), Collector::start().await, Collector::start().await);
    let (mut server, url) = place.serve(&[("OTEL_EXPORTER_OTLP_ENDPOINT", first.address.as_str())]);
    // A request that writes and leaves no run behind.
    place.post(format!("{url}/api/agents"), &json!({"name": "a", "kind": "external"})).await;
    assert!(server.terminate().success());
    assert_eq!((first.named("POST /api/agents").len(), first.named("write").is_empty()), (1, false));

    let (mut server, url) = place.serve(&[("OTEL_EXPORTER_OTLP_ENDPOINT", second.address.as_str())]);
    for (headers, body) in first.calls() {
        let request = place.client.post(format!("{url}/v1/traces")).bearer_auth(&place.token).body(body);
        let answer = request.header("content-type", &headers["content-type"]).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.bytes().await.expect("a body").len(), 0);
    }
    assert!(server.terminate().success());
    assert_eq!(second.calls().len(), 0);
    assert_eq!(output(command(&place.database).arg("export")), "");
}
