//! Server. Agents that keep things running.

use super::{Agent, FLASH, GPT_MINI, Habit, LLAMA, PLAIN, SONNET, tool};
use crate::domain::Trigger;

pub static AGENTS: [Agent; 6] = [
    Agent {
        name: "Nightly Backup",
        team: "operations",
        share: 1.6,
        habit: Habit::At { hours: &[2], minute: 10, weekends: true },
        triggers: &[(Trigger::Schedule, 1.0)],
        takes: 640.0,
        spread: 0.2,
        fails: 0.04,
        errors: &[
            "exit status 2: restic: repository is locked by host db-{n}",
            "exit status 1: No space left on device",
        ],
        messages: &["pg_dump {table} and copy to the second site", "restic backup /srv"],
        answers: &["snapshot {hash} saved, {n}.2 GiB in 10 min"],
        log: &["dumping table public.{table}", "{n} % done", "uploading to s3://backup/{hash}", "checksum verified"],
        retries: true,
        ..PLAIN
    },
    Agent {
        name: "Crypto Watcher",
        team: "treasury",
        share: 9.0,
        habit: Habit::Every { minutes: 60 },
        triggers: &[(Trigger::Schedule, 0.95), (Trigger::Manual, 0.05)],
        model: Some(&GPT_MINI),
        takes: 14.0,
        tokens: (5_400.0, 380.0),
        fails: 0.13,
        errors: &[
            "exchange.ticker: 429 Too Many Requests, retry after 60 s",
            "exchange.ticker: the price of {coin} is 14 minutes old",
            "exchange.balance: signature for this request is not valid",
        ],
        messages: &["Check the portfolio", "Check {coin} against the limits"],
        answers: &[
            "{coin} moved by {n} bp in the last hour; all positions within limits.",
            "{coin} is 3 % below the limit; {person} was told.",
        ],
        tools: &[
            tool("exchange.ticker", r#"{"pair":"{coin}-EUR"}"#, r#"{"price":{amount},"age_s":{n}}"#, 240.0),
            tool("exchange.balance", r#"{"account":"main"}"#, r#"{"positions":{n}}"#, 330.0),
            tool("chat.post", r#"{"channel":"treasury","text":"{coin} below the limit"}"#, r#"{"ok":true}"#, 210.0),
        ],
        calls: 5,
        log: &["{coin}-EUR {amount}", "spread {n} bp"],
        ..PLAIN
    },
    Agent {
        name: "Data Quality",
        team: "data",
        share: 3.0,
        habit: Habit::At { hours: &[5, 17], minute: 0, weekends: true },
        triggers: &[(Trigger::Schedule, 1.0)],
        model: Some(&FLASH),
        takes: 120.0,
        spread: 0.5,
        tokens: (18_500.0, 900.0),
        fails: 0.07,
        errors: &[
            "warehouse.query: column {table}.region does not exist",
            "{table}: {num} rows fewer than yesterday; stopped before publishing",
        ],
        messages: &["Check {table} for yesterday", "Explain the drop in {table} for {city}"],
        answers: &["{table}: {num} rows, no duplicates, 0.{n} % null in `region`. Published."],
        tools: &[
            tool(
                "warehouse.query",
                r#"{"sql":"select count(*) from {table} where day = current_date - 1"}"#,
                r#"{"rows":[[{num}]]}"#,
                5_200.0,
            ),
            tool("warehouse.profile", r#"{"table":"{table}"}"#, r#"{"columns":{n},"nulls":{n}}"#, 9_000.0),
        ],
        calls: 7,
        steps: &["Count", "Profile", "Compare with last week", "Publish"],
        log: &["select count(*) from {table}: {num}", "null share of region: 0.{n} %"],
        retries: true,
        ..PLAIN
    },
    Agent {
        name: "Incident Responder",
        team: "operations",
        share: 0.5,
        habit: Habit::Bursts,
        model: Some(&SONNET),
        takes: 210.0,
        spread: 0.8,
        tokens: (74_000.0, 3_600.0),
        fails: 0.06,
        errors: &[
            "metrics.query: no data for service gateway in {city}",
            "No permission to restart deploy/checkout in production",
        ],
        messages: &[
            "Alert: p95 of {repo} above 800 ms for 10 min ({city})",
            "Alert: queue `{table}` has {num} messages",
            "Alert: disk of db-{n} 91 % full",
        ],
        answers: &[
            "Cause: release {hash} of {repo} doubled the queries per request. Rolled back at {person}'s word; p95 is normal again.",
        ],
        tools: &[
            tool(
                "metrics.query",
                r#"{"query":"p95(http_request_ms{service=gateway})","last":"1h"}"#,
                r#"{"points":60,"max":{num}}"#,
                850.0,
            ),
            tool(
                "logs.search",
                r#"{"service":"gateway","query":"level:error","last":"30m"}"#,
                r#"{"hits":{num}}"#,
                2_600.0,
            ),
            tool(
                "kubernetes.rollout_undo",
                r#"{"deployment":"checkout","namespace":"shop"}"#,
                r#"{"revision":{n}}"#,
                7_000.0,
            ),
        ],
        calls: 11,
        steps: &["Look at the metrics", "Find the change", "Propose a fix", "Apply", "Write the summary"],
        log: &[
            "p95 {num} ms",
            "{num} errors in 30 min, first after release {hash}",
            "asking {person} for approval",
            "rolled back",
        ],
        hands_to: Some(("Log Summarizer", 2)),
        ..PLAIN
    },
    Agent {
        name: "Log Summarizer",
        team: "operations",
        share: 8.0,
        habit: Habit::Every { minutes: 30 },
        triggers: &[(Trigger::Schedule, 1.0)],
        model: Some(&FLASH),
        takes: 19.0,
        tokens: (58_000.0, 700.0),
        fails: 0.04,
        errors: &["logs.search: circuit breaker open"],
        messages: &["Summarise the errors of the last 30 minutes", "New error patterns in {repo}?"],
        answers: &["{n} errors in 3 patterns; new: `connection reset by peer` from {repo}, {n} times.", "Nothing new."],
        tools: &[tool(
            "logs.search",
            r#"{"query":"level:error","last":"30m"}"#,
            r#"{"hits":{num},"patterns":3}"#,
            1_900.0,
        )],
        calls: 2,
        ..PLAIN
    },
    Agent {
        name: "Fleet Janitor",
        team: "operations",
        share: 4.0,
        habit: Habit::Every { minutes: 60 },
        triggers: &[(Trigger::Schedule, 0.9), (Trigger::Cli, 0.1)],
        model: Some(&LLAMA),
        takes: 45.0,
        tokens: (7_000.0, 300.0),
        fails: 0.03,
        errors: &["connection refused: http://gpu-2:8000"],
        messages: &["Remove preview environments older than 3 days", "Delete images nobody uses"],
        answers: &["Removed {n} environments and {n} images, freed {n} GiB."],
        tools: &[
            tool("kubernetes.list", r#"{"kind":"Namespace","label":"preview=true"}"#, r#"{"items":{n}}"#, 500.0),
            tool("kubernetes.delete", r#"{"kind":"Namespace","name":"pr-{num}"}"#, r#"{"ok":true}"#, 3_800.0),
        ],
        calls: 9,
        log: &["pr-{num} is 4 days old", "deleting pr-{num}"],
        ..PLAIN
    },
];
