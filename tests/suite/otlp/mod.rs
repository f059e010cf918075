//! Runs from spans: bodies as real libraries send them, through HTTP into records.

mod access;
mod facts;
mod figures;
mod grpc;
mod http;
mod live;
mod made;
mod mean;
mod prices;
mod quiet;
mod records;
mod rpc;
mod samples;
mod scenarios;
mod spans;
mod volume;
mod whose;

use crate::support::{Answer, Http, World};
use runboard::app::tokens::{self, TokenRequest};
use runboard::app::{Caller, executions, otlp, parts, users};
use runboard::domain::{Role, Scope};
use runboard::otlp::{Decoded, LogRecord, Rejected, Span};
use serde_json::{Value, json};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Another person, and a token of theirs. Admins record for any agent.
async fn person(world: &World, name: &str, role: Role) -> (Caller, String) {
    let email = format!("{name}@example.com");
    users::create_locally(&world.app, &email, role, None).await.expect("a user");
    let local = Caller::local(&world.app, users::by_email(&world.app, &email).await.expect("the user"));
    let request = TokenRequest { name: "otlp".into(), scope: Some(Scope::Write), ..TokenRequest::default() };
    let (_, token) = tokens::create(&local, request).await.expect("a token");
    let caller = world.app.by_token(&token).await.expect("looked up").expect("valid");
    (caller, token)
}

async fn post(http: &Http, token: &str, path: &str, kind: &str, packed: bool, body: Vec<u8>) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", kind)];
    if packed {
        headers.push(("content-encoding", "gzip"));
    }
    http.send("POST", path, &headers, body).await
}

async fn take(caller: &Caller, spans: Vec<Span>) -> Rejected {
    let spans = Decoded { items: spans, rejected: Rejected::default() };
    otlp::ingest_traces(caller, spans).await.expect("taken in")
}

async fn take_logs(caller: &Caller, logs: Vec<LogRecord>) {
    let logs = Decoded { items: logs, rejected: Rejected::default() };
    assert_eq!(otlp::ingest_logs(caller, logs).await.expect("taken in").message(), None);
}

/// Ids of all runs that somebody's spans told of, by their start.
async fn ids_of(world: &World, who: &Caller) -> Vec<String> {
    let sql = "select string_agg(id, ',') from (select id from executions where user_key = ";
    let ids = world.text(&format!("{sql}{} order by started_at, id) as of_person", who.user_key)).await;
    ids.unwrap_or_default().split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

/// All that is recorded of a run, but for when and how often it was written.
async fn recorded(world: &World, id: &str) -> Value {
    let run = executions::get(&world.admin, id).await.expect("the run");
    let mut all = serde_json::to_value(&run).expect("JSON");
    for field in ["version", "updated_at", "started_by"] {
        all.as_object_mut().expect("an object").remove(field);
    }
    let (calls, _) = parts::tool_calls(&world.admin, id, None, Some(1_000)).await.expect("calls");
    let (steps, _) = parts::steps(&world.admin, id, None, Some(1_000)).await.expect("steps");
    let mut calls: Vec<Value> = calls.iter().map(|call| serde_json::to_value(call).expect("JSON")).collect();
    calls.sort_by_key(|call| (call["started_at"].to_string(), call["call_id"].to_string()));
    all["tool_calls"] = json!(calls);
    all["steps"] = json!(steps);
    all
}

async fn all_recorded(world: &World, who: &Caller) -> Vec<Value> {
    let mut all = Vec::new();
    for id in ids_of(world, who).await {
        all.push(recorded(world, &id).await);
    }
    all
}

/// The only run that somebody's spans told of.
async fn only(world: &World, who: &Caller) -> Value {
    let mut all = all_recorded(world, who).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}
