//! Lists by filter, sort and depth, search, statistics, and requests a second.

use crate::report::{Latencies, Report, per_second};
use crate::server::Server;
use crate::wire::Wire;
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const FOR: Duration = Duration::from_secs(5);
const LIST_TARGET: &str = "p99 ≤ 5 ms";

const FILTERS: [&str; 15] = [
    "",
    "status=failed",
    "status=running",
    "agent_name=agent-0",
    "agent_name=agent-39",
    "triggered_by=schedule",
    "model=gpt-4.1",
    "label=env:staging",
    "tool=github.*",
    "has_error=true",
    "min_cost=0.08",
    "root_only=true",
    "last=24h",
    "last=24h&status=failed",
    "agent_name=agent-3&status=failed&triggered_by=api",
];
const SORTS: [&str; 5] = ["started_at", "-duration_ms", "duration_ms", "-cost", "cost"];
const SEARCHES: [&str; 4] = ["contract", "Kraków", "invoice 12", "no such words at all"];

pub async fn all(server: &Server, report: &mut Report) {
    let mut wire = server.wire().await;
    let bare = repeated(&mut wire, &["/healthz".to_owned()]).await;
    report.baseline(&bare);
    for filter in FILTERS {
        let name = if filter.is_empty() { "no filter" } else { filter };
        list(&mut wire, report, &format!("list, {name}"), filter, LIST_TARGET).await;
    }
    for sort in SORTS {
        list(&mut wire, report, &format!("list, sort={sort}"), &format!("sort={sort}"), LIST_TARGET).await;
    }
    let filter = "status=failed&sort=-cost";
    list(&mut wire, report, &format!("list, {filter}"), filter, LIST_TARGET).await;
    deep(&mut wire, report).await;
    for search in SEARCHES {
        let filter = format!("search={}", search.replace(' ', "%20").replace('ó', "%C3%B3"));
        list(&mut wire, report, &format!("search, {search}"), &filter, "p99 ≤ 30 ms").await;
    }
    stats(&mut wire, report).await;
    let healthz = throughput(server, "/healthz").await;
    report.row("requests, /healthz, 16 clients", per_second(healthz, FOR), "", None);
    let lists = throughput(server, "/api/executions?limit=50").await;
    report.row("requests, list of 50, 16 clients", per_second(lists, FOR), "≥ 5 000 /s", None);
}

/// The paths in turn, 300 times or 3 seconds long, after a few that are not counted.
async fn repeated(wire: &mut Wire, paths: &[String]) -> Latencies {
    let mut latencies = Latencies::default();
    let begun = Instant::now();
    for (i, path) in paths.iter().cycle().take(310).enumerate() {
        let sent = Instant::now();
        let answer = wire.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        if i >= 10 {
            latencies.add(sent.elapsed());
        }
        if i >= 20 && begun.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    latencies
}

async fn list(wire: &mut Wire, report: &mut Report, name: &str, query: &str, target: &str) {
    let latencies = repeated(wire, &[format!("/api/executions?limit=50&{query}")]).await;
    report.latencies(name, &latencies, target);
}

/// Pages far down, by cursor.
async fn deep(wire: &mut Wire, report: &mut Report) {
    let mut cursor = String::new();
    let mut latencies = Latencies::default();
    for page in 0..400 {
        let sent = Instant::now();
        let answer = wire.get(&format!("/api/executions?limit=200{cursor}")).await.json();
        if page >= 300 {
            latencies.add(sent.elapsed());
        }
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    if !latencies.is_empty() {
        report.latencies("list of 200, from row 60 000 on", &latencies, LIST_TARGET);
    }
}

/// Answers are cached for a few seconds: every request asks for something else.
async fn stats(wire: &mut Wire, report: &mut Report) {
    let day: Vec<String> = (0..40).map(|a| format!("/api/executions/stats?hours=24&agent_name=agent-{a}")).collect();
    let whole: Vec<String> =
        (0..40).map(|n| format!("/api/executions/stats?last=all&min_duration_ms={}", 10 * n)).collect();
    for (name, paths) in [("statistics, 24 h, an agent", day), ("statistics, all time, by duration", whole)] {
        let mut latencies = Latencies::default();
        for path in paths {
            let sent = Instant::now();
            assert_eq!(wire.get(&path).await.status, 200, "{path}");
            latencies.add(sent.elapsed());
        }
        report.latencies(name, &latencies, "p99 ≤ 30 ms");
    }
    let fleet = repeated(wire, &["/api/executions/stats?hours=24".to_owned()]).await;
    report.latencies("statistics, 24 h, cached", &fleet, "p99 ≤ 30 ms");
}

async fn throughput(server: &Server, path: &'static str) -> usize {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut wire = server.wire().await;
        clients.push(tokio::spawn(async move {
            let (begun, mut done) = (Instant::now(), 0);
            while begun.elapsed() < FOR {
                assert_eq!(wire.get(path).await.status, 200);
                done += 1;
            }
            done
        }));
    }
    let mut sum = 0;
    for client in clients {
        sum += client.await.expect("a client");
    }
    sum
}
