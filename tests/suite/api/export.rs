//! The filtered set as a file: complete, whatever happens meanwhile, and never a clean end that is none.

use super::server;
use crate::support::{START, World, ended, run_of};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use futures::StreamExt as _;
use runboard::app::export::{self, Format};
use runboard::app::{agents, record};
use runboard::domain::{ExecutionPatch, Filter, NewExecution, Role, Scope, Sort, Status};
use serde_json::Value;
use std::collections::HashSet;
use tower::ServiceExt as _;

async fn many(world: &World, from: i64, to: i64) -> Vec<String> {
    let mut ids = Vec::new();
    for start in (from..to).step_by(1_000) {
        let runs = (start..to.min(start + 1_000)).map(|i| NewExecution {
            status: Some(Status::Running),
            started_at: Some(START.plus_millis(i / 3)),
            cost: (i % 3 != 0).then_some((i % 50) as f64 / 100.0),
            ..run_of("big", &format!("run {i}"))
        });
        for answer in record::batch(&world.admin, runs.collect()).await.expect("recorded") {
            ids.push(answer.expect("accepted").0.to_string());
        }
    }
    ids
}

fn ids(text: &str) -> Vec<String> {
    let id =
        |line: &str| serde_json::from_str::<Value>(line).expect("a line of JSON")["id"].as_str().map(str::to_owned);
    text.lines().map(|line| id(line).expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_20_an_export_holds_every_run_once_while_runs_change() {
    let (world, http, token) = server().await;
    let wanted = many(&world, 0, 10_300).await;
    for order in ["-cost", "-started_at"] {
        let sort: Sort = order.parse().expect("a sort");
        let filter = Filter { status: runboard::domain::Choice::only(Status::Running), ..Filter::default() };
        let mut export = export::start(&world.admin, &filter, sort, Format::Ndjson).await.expect("started");
        let total = export.total();
        let mut text = String::new();
        let mut turn = 0;
        while let Some(piece) = export.next().await.expect("a piece") {
            text.push_str(std::str::from_utf8(&piece).expect("UTF-8"));
            turn += 1;
            if turn % 10 == 0 {
                // Dearer, ended, out of the filter, and new: none of it moves what the export holds.
                let change =
                    ExecutionPatch { cost: Some(900.0), status: Some(Status::Success), ..ExecutionPatch::default() };
                let victim = &wanted[wanted.len() - turn - usize::from(order == "-cost")];
                record::patch(&world.admin, victim, change).await.expect("changed");
                world.record(run_of("big", "new")).await;
            }
        }
        let got = ids(&text);
        assert_eq!(got.len(), total, "{order}");
        assert!(total > 10_000, "{order}");
        assert_eq!(got.iter().collect::<HashSet<_>>().len(), got.len(), "{order}: a run came twice");
    }
    let answer = http.get(&token, "/api/executions/export").await;
    let got: HashSet<String> = ids(&answer.text).into_iter().collect();
    assert_eq!(answer.headers["x-total-count"], got.len().to_string().as_str());
    assert!(wanted.iter().all(|id| got.contains(id)), "a run is missing");
}

#[tokio::test]
async fn an_export_is_a_file_under_the_filter_and_in_its_order() {
    let (world, http, token) = server().await;
    world.record(NewExecution { cost: Some(0.5), message: "=1+1".into(), ..ended("a", Status::Failed, 0, 5) }).await;
    world
        .record(NewExecution { cost: Some(0.25), message: "Two, \"three\"".into(), ..ended("b", Status::Failed, 1, 5) })
        .await;
    world.record(ended("b", Status::Success, 2, 5)).await;
    let csv = http.get(&token, "/api/executions/export?format=csv&status=failed&sort=-cost").await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text);
    assert!(csv.headers["content-type"].to_str().is_ok_and(|t| t.starts_with("text/csv")));
    let date = &world.now().to_string()[..10];
    let name = format!("attachment; filename=\"runboard-executions-{date}.csv\"");
    assert_eq!(csv.headers["content-disposition"], name.as_str());
    assert_eq!(csv.headers["x-total-count"], "2");
    let lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert!(lines[0].starts_with("id,agent_name,") && lines.len() == 4 && lines[3].is_empty(), "{}", csv.text);
    assert!(lines[1].contains(",'=1+1,") && lines[2].contains(",\"Two, \"\"three\"\"\","), "{}", csv.text);

    let ndjson = http.get(&token, "/api/executions/export?agent_name=b").await;
    let list = http.get(&token, "/api/executions?agent_name=b").await.json();
    let lines: Vec<Value> = ndjson.text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(Value::from(lines), list["executions"]);
    let none = http.get(&token, "/api/executions/export?format=csv&agent_name=nobody").await;
    assert_eq!((none.text.lines().count(), none.headers["x-total-count"].to_str().ok()), (1, Some("0")));
}

#[tokio::test]
async fn an_export_names_wrong_parameters_and_obeys_the_access() {
    let (world, http, token) = server().await;
    for (query, field) in
        [("format=xml", "format"), ("status=done", "status"), ("limit=5", "limit"), ("sort=name", "sort")]
    {
        let answer = http.get(&token, &format!("/api/executions/export?{query}")).await;
        assert_eq!((answer.status, answer.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
    world.record(run_of("hers", "x")).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert_eq!(http.get(&bo, "/api/executions/export").await.text, "");
    let (_, client) = world.person("cy@example.com", Role::Client, Scope::Read).await;
    assert_eq!(http.get(&client, "/api/executions/export").await.status, StatusCode::FORBIDDEN);
    let nobody = http.send("GET", "/api/executions/export", &[], Body::empty()).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nobody_takes_all_the_places() {
    let (world, http, token) = server().await;
    many(&world, 0, 600).await;
    let (_, bo) = world.person("bo@example.com", Role::User, Scope::Read).await;
    let open = async |token: &str| {
        let request = Request::get("/api/executions/export").header("authorization", format!("Bearer {token}"));
        http.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
    };
    let held = [open(&token).await, open(&token).await, open(&token).await];
    assert!(held.iter().all(|answer| answer.status() == StatusCode::OK));
    let beyond = open(&token).await;
    assert_eq!(
        (beyond.status(), beyond.headers()["retry-after"].to_str().ok()),
        (StatusCode::TOO_MANY_REQUESTS, Some("5"))
    );
    assert_eq!(open(&bo).await.status(), StatusCode::OK, "there is a place for others");
    for answer in held {
        assert!(to_bytes(answer.into_body(), usize::MAX).await.is_ok());
    }
    assert_eq!(http.get(&token, "/api/executions/export").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_export_whose_access_ends_is_broken_off_and_never_looks_whole() {
    let (world, http, _) = server().await;
    many(&world, 0, 600).await;
    let (_, token) = world.person("bo@example.com", Role::User, Scope::Read).await;
    agents::share(&world.admin, "big", "bo@example.com", "view").await.expect("shared");
    let request = Request::get("/api/executions/export").header("authorization", format!("Bearer {token}"));
    let answer = http.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    assert_eq!(answer.headers()["x-total-count"], "600");
    let mut pieces = answer.into_body().into_data_stream();
    assert!(pieces.next().await.is_some_and(|piece| piece.is_ok()));
    agents::unshare(&world.admin, "big", "bo@example.com").await.expect("taken back");
    let rest = to_bytes(Body::from_stream(pieces), usize::MAX).await;
    assert!(rest.is_err(), "it ended as if it were whole");
}
