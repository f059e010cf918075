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

/// Cards, facets and timeline. Answers are kept for a few seconds: every request asks for something else.
async fn stats(wire: &mut Wire, report: &mut Report) {
    let agents = |rest: &str| -> Vec<String> { (0..40).map(|a| format!("{rest}&agent_name=agent-{a}")).collect() };
    let statuses = ["success", "failed", "cancelled", "running"];
    let triggers = ["api", "schedule", "manual", "agent", "mcp", "cli"];
    let fleet = |rest: &str| -> Vec<String> {
        let pairs = statuses.iter().flat_map(|s| triggers.iter().map(move |t| (s, t)));
        pairs.map(|(s, t)| format!("{rest}&status={s}&triggered_by=!{t}")).collect()
    };
    let by_length: Vec<String> = (0..5).map(|n| format!("last=all&min_duration_ms={}", 10 * n)).collect();
    for (name, filters) in [
        ("24 h, an agent", agents("last=24h")),
        ("24 h, the fleet", fleet("last=24h")),
        ("30 d, the fleet", fleet("last=30d")),
        ("all time, an agent", agents("last=all")),
        ("all time, the fleet", fleet("last=all")),
        ("all time, by duration", by_length),
    ] {
        for (what, buckets) in [("stats", ""), ("timeline", "&buckets=60")] {
            let mut latencies = Latencies::default();
            for filter in &filters {
                let path = format!("/api/executions/{what}?{filter}{buckets}");
                let sent = Instant::now();
                assert_eq!(wire.get(&path).await.status, 200, "{path}");
                latencies.add(sent.elapsed());
            }
            report.latencies(&format!("{what}, {name}"), &latencies, "together p99 ≤ 30 ms");
        }
    }
    let kept = repeated(wire, &["/api/executions/stats?hours=24".to_owned()]).await;
    report.latencies("stats, 24 h, kept", &kept, "");
    let mut facets = Latencies::default();
    for filter in agents("last=24h") {
        let sent = Instant::now();
        assert_eq!(wire.get(&format!("/api/executions/facets?{filter}")).await.status, 200);
        facets.add(sent.elapsed());
    }
    report.latencies("facets with tools, 24 h, an agent", &facets, "together p99 ≤ 30 ms");
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
