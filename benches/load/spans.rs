//! How fast spans become runs, and what a run costs that is told of in spans.

use crate::report::{Report, per_second};
use crate::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// An agent's run: itself, six calls of a model, five of tools, with what was said.
const CALLS: usize = 6;
const SPANS: usize = 1 + CALLS + CALLS - 1;
const CLIENTS: u64 = 16;
const TEXT: usize = 600;

pub async fn all(report: &mut Report) {
    let mut server = Server::new();
    server.start().await;
    batches(&server, 2_000, report).await;
    one_by_one(&server, 4_000, report).await;
    in_parts(&server, 1_000, report).await;
    huge(&server, report).await;
    report.row("memory after all of it", format!("{} MiB", server.memory_mib()), "", None);
    server.stop();
}

fn text(n: usize) -> String {
    "the quick brown fox jumps over the lazy dog ".chars().cycle().skip(n % 40).take(TEXT).collect()
}

fn value(value: &Value) -> Value {
    match value {
        Value::Number(n) => json!({"intValue": n.to_string()}),
        other => json!({"stringValue": other}),
    }
}

/// `at`: which span of trace `of`; a millisecond after the one before.
fn span(of: u64, at: usize, parent: Option<usize>, name: &str, attributes: &Value) -> Value {
    let start = 1_790_000_000_000_000_000 + of * 1_000_000 + at as u64 * 1_000_000;
    let pairs = attributes.as_object().into_iter().flatten();
    let pairs: Vec<Value> = pairs.map(|(key, v)| json!({"key": key, "value": value(v)})).collect();
    let mut span = json!({"traceId": format!("{:032x}", of + 1), "spanId": format!("{:016x}", at + 1), "name": name,
        "kind": 1, "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 900_000).to_string(),
        "attributes": pairs});
    if let Some(parent) = parent {
        span["parentSpanId"] = format!("{:016x}", parent + 1).into();
    }
    span
}

fn run(of: u64) -> Vec<Value> {
    let mut spans = Vec::with_capacity(SPANS);
    for n in 0..CALLS {
        let said = json!([{"role": "user", "parts": [{"type": "text", "content": text(n)}]}]).to_string();
        let call = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model":
            "gpt-4o-mini", "gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 60, "gen_ai.input.messages": said});
        spans.push(span(of, 2 * n + 1, Some(0), "chat gpt-4o-mini", &call));
        if n + 1 < CALLS {
            let tool = json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
                "gen_ai.tool.call.arguments": "{\"query\":\"foxes\"}", "gen_ai.tool.call.result": text(n)});
            spans.push(span(of, 2 * n + 2, Some(0), "execute_tool search", &tool));
        }
    }
    let root = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "researcher"});
    let mut root = span(of, 0, None, "invoke_agent researcher", &root);
    let end = 1_790_000_000_000_000_000 + (of + 60) * 1_000_000;
    root["endTimeUnixNano"] = end.to_string().into();
    // Roots come last.
    spans.push(root);
    spans
}

fn body(spans: &[Value]) -> String {
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "bench"}}]});
    let scope = json!({"name": "bench"});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}).to_string()
}

fn count(n: u64) -> usize {
    usize::try_from(n).expect("a number")
}

async fn send(server: &Server, bodies: Vec<String>) {
    let mut wire = server.wire().await;
    for body in bodies {
        let answer = wire.send("POST", "/v1/traces", "application/json", body.as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
    }
}

/// One exporter with full batches of many agents' runs.
async fn batches(server: &Server, runs: u64, report: &mut Report) {
    const TOGETHER: u64 = 42;
    let bodies = (0..runs / TOGETHER).map(|n| {
        let spans: Vec<Value> = (n * TOGETHER..(n + 1) * TOGETHER).flat_map(run).collect();
        body(&spans)
    });
    let bodies: Vec<String> = bodies.collect();
    let spans = count(bodies.len() as u64 * TOGETHER) * SPANS;
    let (begun, cpu) = (Instant::now(), server.cpu());
    send(server, bodies).await;
    let took = begun.elapsed();
    let cpu = server.cpu().saturating_sub(cpu).as_secs_f64() * 1_000.0 / (spans / SPANS) as f64;
    report.row("spans, one client, 504 (42 runs) a request", per_second(spans, took), "", None);
    report.row("the same: the server's time for a run of 12 spans", format!("{cpu:.2} ms"), "", None);
}

/// Many agents, each sends its run at its end.
async fn one_by_one(server: &Server, runs: u64, report: &mut Report) {
    const FROM: u64 = 1_000_000;
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let own = (0..runs / CLIENTS).map(|n| FROM + n * CLIENTS + client);
        let bodies: Vec<String> = own.map(|of| body(&run(of))).collect();
        send(server, bodies)
    });
    futures::future::join_all(clients).await;
    let took = begun.elapsed();
    report.row("spans, 16 clients, one run a request", per_second(count(runs) * SPANS, took), "", None);
    report.row("the same: runs", per_second(count(runs), took), "", None);
}

/// As a simple exporter does: each span by itself, the run is there from the first on.
async fn in_parts(server: &Server, runs: u64, report: &mut Report) {
    const FROM: u64 = 2_000_000;
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(|client| {
        let own = (0..runs / CLIENTS).map(|n| FROM + n * CLIENTS + client);
        let bodies: Vec<String> = own.flat_map(run).map(|span| body(&[span])).collect();
        send(server, bodies)
    });
    futures::future::join_all(clients).await;
    let spans = count(runs / CLIENTS * CLIENTS) * SPANS;
    report.row("spans, 16 clients, one span a request, live", per_second(spans, begun.elapsed()), "", None);
}

/// As many spans as a request may hold without being packed, in traces of a thousand.
async fn huge(server: &Server, report: &mut Report) {
    const FROM: u64 = 3_000_000;
    let name = json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"});
    let of_trace = |of| (0..1_000).map(move |at| (of, at, (at > 0).then_some(0)));
    let spans: Vec<Value> = (FROM..FROM + 20)
        .flat_map(of_trace)
        .map(|(of, at, parent)| span(of, at, parent, "execute_tool t", &name))
        .collect();
    let body = body(&spans);
    let (begun, size) = (Instant::now(), body.len() / 1_000_000);
    send(server, vec![body]).await;
    let took: Duration = begun.elapsed();
    report.row(&format!("one request of 20 000 spans ({size} MB)"), format!("{} ms", took.as_millis()), "", None);
}
