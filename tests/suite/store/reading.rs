//! What the page of a run reads: rendered texts, the tree below it, calls without long values, the log searched, and
//! two runs compared.

use crate::support::{Backend, World, on_both, run_of};
use runboard::app::record::{self, append_log, create, upsert_steps, upsert_tool_calls};
use runboard::app::{agents, compare, reading};
use runboard::domain::{
    DiffRow, Error, LogStream, NewExecution, NewLogLine, NewStep, NewToolCall, PartStatus, Role, Scope, Status,
};
use serde_json::json;

on_both!(
    texts_come_rendered_and_steps_counted,
    the_tree_below_a_run_ends_where_access_does,
    hidden_runs_take_no_place_among_those_shown,
    long_values_are_read_when_a_call_is_opened,
    the_log_is_searched_as_it_is_seen,
    a_long_log_is_searched_in_stretches,
    a_log_of_long_lines_is_searched_in_stretches_too,
    two_runs_are_compared,
    long_values_are_compared_too,
    a_run_that_is_not_ones_to_see_can_not_be_compared,
);

fn lines(texts: impl IntoIterator<Item = String>) -> Vec<NewLogLine> {
    let line = |text| NewLogLine { ts: None, stream: LogStream::Stdout, text, seq: None };
    texts.into_iter().map(line).collect()
}

fn call(id: &str, name: &str, arguments: serde_json::Value) -> NewToolCall {
    NewToolCall {
        call_id: id.to_owned(),
        name: Some(name.to_owned()),
        arguments: Some(arguments),
        status: Some(PartStatus::Success),
        ..NewToolCall::default()
    }
}

async fn texts_come_rendered_and_steps_counted(backend: Backend) {
    let world = World::new(backend).await;
    let new = NewExecution { response: Some("**yes** <b>".into()), ..run_of("a", "plain < text") };
    let run = world.record(new).await;
    let step = |index| NewStep { index, status: Some(PartStatus::Failed), ..NewStep::default() };
    upsert_steps(&world.admin, run.id.as_str(), vec![step(0), step(1), step(7)]).await.expect("recorded");
    let read = reading::run(&world.admin, run.id.as_str()).await.expect("found");
    assert_eq!(read.extras.message, None);
    let html = read.extras.response.expect("rendered").html;
    assert_eq!(html, "<p dir=\"auto\"><strong>yes</strong> &lt;b&gt;</p>");
    assert_eq!(read.extras.steps, 3);
    assert_eq!(read.detail.response.as_deref(), Some("**yes** <b>"));
}

async fn the_tree_below_a_run_ends_where_access_does(backend: Backend) {
    let world = World::new(backend).await;
    let below = |agent: &str, name: &str, parent: &runboard::domain::ExecutionSummary| NewExecution {
        parent_id: Some(parent.id.clone()),
        ..run_of(agent, name)
    };
    let root = world.record(run_of("lead", "root")).await;
    let first = world.record(below("lead", "first", &root)).await;
    world.pass_ms(1_000);
    let second = world.record(below("secret", "second", &root)).await;
    world.record(below("lead", "first.1", &first)).await;
    world.record(below("lead", "second.1", &second)).await;
    let names = |record: runboard::domain::RunRecord| {
        let name = |s: &runboard::domain::SubRun| format!("{} {}", s.depth, s.link.message);
        record.extras.below.iter().map(name).collect::<Vec<_>>()
    };
    let all = reading::run(&world.admin, root.id.as_str()).await.expect("found");
    assert_eq!(names(all), ["1 second", "2 second.1", "1 first", "2 first.1"]);
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    agents::share(&world.admin, "lead", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let seen = reading::run(&bo, root.id.as_str()).await.expect("found");
    assert_eq!(names(seen), ["1 first", "2 first.1"], "what is below a hidden run is hidden");
}

async fn hidden_runs_take_no_place_among_those_shown(backend: Backend) {
    let world = World::new(backend).await;
    let root = world.record(run_of("lead", "root")).await;
    let of = |agent: &str| NewExecution {
        parent_id: Some(root.id.clone()),
        retry_of: Some(root.id.clone()),
        ..run_of(agent, "below")
    };
    let seen = world.record(of("lead")).await;
    world.pass_ms(1_000);
    record::batch(&world.admin, (0..250).map(|_| of("secret")).collect()).await.expect("recorded");
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    agents::share(&world.admin, "lead", "bo@example.com", "view").await.expect("shared");
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let run = reading::run(&bo, root.id.as_str()).await.expect("found");
    assert_eq!(run.detail.children.iter().map(|l| &l.id).collect::<Vec<_>>(), [&seen.id]);
    assert_eq!(run.extras.below.iter().map(|s| &s.link.id).collect::<Vec<_>>(), [&seen.id]);
    assert_eq!(run.detail.retry_chain.iter().map(|l| &l.id).collect::<Vec<_>>(), [&root.id, &seen.id]);
    let all = reading::run(&world.admin, root.id.as_str()).await.expect("found");
    assert_eq!((all.detail.children.len(), all.extras.below.len(), all.detail.retry_chain.len()), (200, 200, 200));
}

async fn long_values_are_read_when_a_call_is_opened(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.as_str();
    let long = json!({"text": "ü".repeat(100_000)});
    let calls = vec![call("1", "short", json!({"q": 1})), call("2", "long", long.clone())];
    upsert_tool_calls(&world.admin, id, calls).await.expect("recorded");
    let (listed, next) = reading::tool_calls(&world.admin, id, None).await.expect("a list");
    assert_eq!(next, None);
    assert_eq!((listed[0].left_out, listed[0].call.arguments.clone()), (0, Some(json!({"q": 1}))));
    assert!(listed[1].left_out > 200_000, "{}", listed[1].left_out);
    assert_eq!(listed[1].call.arguments, None);
    let whole = reading::tool_call(&world.admin, id, "2").await.expect("found");
    assert_eq!(whole.arguments, Some(long));
    assert_eq!(reading::tool_call(&world.admin, id, "3").await.err(), Some(Error::NotFound));
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert_eq!(reading::tool_call(&bo, id, "2").await.err(), Some(Error::NotFound));
    assert_eq!(reading::tool_calls(&bo, id, None).await.err(), Some(Error::NotFound));
}

async fn the_log_is_searched_as_it_is_seen(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.as_str();
    let texts = ["All fine", "\u{1b}[31mERR\u{1b}[0mOR: Über", "error 100%_", "x"].map(str::to_owned);
    append_log(&world.admin, id, lines(texts)).await.expect("written");
    let search = async |text: &str, after| reading::search_log(&world.admin, id, text, after).await;
    let found = search("error", 0).await.expect("searched");
    assert_eq!((found.lines, found.through, found.done), (vec![2, 3], 4, true));
    assert_eq!(search("error", 2).await.expect("searched").lines, [3]);
    assert_eq!(search("ÜBER", 0).await.expect("searched").lines, [2]);
    assert_eq!(search("%_", 0).await.expect("searched").lines, [3], "no pattern");
    assert_eq!(search("[31m", 0).await.expect("searched").lines, Vec::<i64>::new(), "colours are not seen");
    for wrong in [String::new(), "x".repeat(201)] {
        assert!(matches!(search(&wrong, 0).await, Err(Error::Invalid(_))));
    }
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Read).await;
    assert_eq!(reading::search_log(&bo, id, "x", 0).await.err(), Some(Error::NotFound));
}

async fn a_long_log_is_searched_in_stretches(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.as_str();
    for part in 0..25 {
        let texts = (0..1_000).map(|n| format!("line {}", part * 1_000 + n + 1));
        append_log(&world.admin, id, lines(texts)).await.expect("written");
    }
    let first = reading::search_log(&world.admin, id, "LINE 2500", 0).await.expect("searched");
    assert_eq!((first.lines, first.through, first.done), (vec![2_500], 20_000, false));
    let rest = reading::search_log(&world.admin, id, "LINE 2500", first.through).await.expect("searched");
    assert_eq!((rest.lines, rest.through, rest.done), (vec![25_000], 25_000, true));
    let many = reading::search_log(&world.admin, id, "line", 0).await.expect("searched");
    assert_eq!((many.lines.len(), many.through, many.done), (2_000, 2_000, false));
}

async fn a_log_of_long_lines_is_searched_in_stretches_too(backend: Backend) {
    let world = World::new(backend).await;
    let run = world.record(run_of("a", "m")).await;
    let id = run.id.as_str();
    let long = |n: i64| format!("{}{}", "x".repeat(60_000), if n == 450 { "here" } else { "" });
    append_log(&world.admin, id, lines((1..=450).map(long))).await.expect("written");
    let mut hits = reading::search_log(&world.admin, id, "here", 0).await.expect("searched");
    let mut asked = 1;
    while !hits.done {
        assert_eq!(hits.lines, Vec::<i64>::new());
        hits = reading::search_log(&world.admin, id, "here", hits.through).await.expect("searched");
        asked += 1;
    }
    assert_eq!((hits.lines, hits.through), (vec![450], 450));
    assert!(asked > 1, "8 MiB at a time");
}

async fn two_runs_are_compared(backend: Backend) {
    let world = World::new(backend).await;
    let new = |response: &str, status| NewExecution {
        response: Some(response.into()),
        status: Some(status),
        ..run_of("a", "the same")
    };
    let a = world.record(new("one\ntwo", Status::Success)).await;
    let again = NewExecution { retry_of: Some(a.id.clone()), ..new("one\n2", Status::Failed) };
    let (b, _) = create(&world.admin, again).await.expect("recorded");
    for (run, output) in [(&a, "x".repeat(5_000)), (&b, "y".repeat(6_000))] {
        let id = run.id.as_str();
        let step = NewStep { index: 0, output: Some(output), status: Some(PartStatus::Success), ..NewStep::default() };
        upsert_steps(&world.admin, id, vec![step]).await.expect("recorded");
    }
    let calls = vec![call("1", "search", json!(1)), call("2", "read", json!(1))];
    upsert_tool_calls(&world.admin, a.id.as_str(), calls).await.expect("recorded");
    upsert_tool_calls(&world.admin, b.id.as_str(), vec![call("1", "read", json!(2))]).await.expect("recorded");

    let link = format!("https://board.example/executions?run={}&tab=log", b.id);
    let both = compare::compare(&world.admin, a.id.as_str(), &link).await.expect("compared");
    assert_eq!(both.attempts.iter().map(|l| &l.id).collect::<Vec<_>>(), [&b.id]);
    assert_eq!(both.a.expect("a").summary.id, a.id);
    assert_eq!(both.b.expect("b").summary.id, b.id);
    let told: Vec<_> = both.texts.iter().map(|t| (t.name.as_str(), t.same)).collect();
    assert_eq!(told, [("Message", true), ("Response", false)]);
    let changed = DiffRow::Changed(Some("two".into()), Some("2".into()));
    assert_eq!(both.texts[1].rows, [DiffRow::Same("one".into()), changed]);
    assert_eq!(both.steps.rows[0].differs, ["output"]);
    let calls: Vec<_> = both.calls.rows.iter().map(|r| (r.a.is_some(), r.b.is_some(), r.differs.join(","))).collect();
    assert_eq!(calls, [(true, false, String::new()), (true, true, "arguments".to_owned())]);
}

async fn long_values_are_compared_too(backend: Backend) {
    let world = World::new(backend).await;
    let (a, b) = (world.record(run_of("a", "m")).await, world.record(run_of("a", "m")).await);
    let long = |c: char| c.to_string().repeat(5_000);
    for (run, other) in [(&a, 'x'), (&b, 'y')] {
        let step = |index, input: String, output: String| NewStep {
            index,
            input: Some(input),
            output: Some(output),
            ..NewStep::default()
        };
        // The size of a long text is no match for a short one that reads the same.
        let size = if other == 'x' { long('x') } else { "5000".to_owned() };
        let steps = vec![step(0, long('s'), long(other)), step(1, long('s'), long('s')), step(2, size, "o".into())];
        upsert_steps(&world.admin, run.id.as_str(), steps).await.expect("recorded");
        let call = |id: &str, arguments, result, error: Option<String>| NewToolCall {
            result: Some(json!(result)),
            error,
            ..call(id, "t", json!(arguments))
        };
        let calls = vec![
            call("1", long('s'), long(other), None),
            call("2", long('s'), long('s'), Some(long('s'))),
            call("3", long(other), long('s'), (other == 'y').then(|| long('e'))),
        ];
        upsert_tool_calls(&world.admin, run.id.as_str(), calls).await.expect("recorded");
    }
    let both = compare::compare(&world.admin, a.id.as_str(), b.id.as_str()).await.expect("compared");
    let told = |parts: &runboard::domain::ComparedParts| {
        let told =
            parts.rows.iter().map(|r| r.differs.iter().filter(|d| *d != "duration").cloned().collect::<Vec<_>>());
        told.map(|words| words.join(",")).collect::<Vec<_>>()
    };
    assert_eq!(told(&both.steps), ["output", "", "input"]);
    assert_eq!(told(&both.calls), ["result", "", "arguments,error"]);
}

async fn a_run_that_is_not_ones_to_see_can_not_be_compared(backend: Backend) {
    let world = World::new(backend).await;
    let secret = world.record(run_of("secret", "s")).await;
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Write).await;
    let own = create(&bo, run_of("bos", "m")).await.expect("recorded").0;
    let bo = bo.refreshed().await.expect("looked up").expect("valid");
    let seen = compare::compare(&bo, own.id.as_str(), secret.id.as_str()).await.expect("answered");
    assert!(seen.a.is_some() && seen.b.is_none() && seen.texts.is_empty() && seen.steps.rows.is_empty());
    for nothing in ["", "nonsense", "0199a3f2-0000-7000-8000-00000000c41e"] {
        let seen = compare::compare(&bo, nothing, own.id.as_str()).await.expect("answered");
        assert!(seen.a.is_none() && seen.b.is_some());
    }
    let (client, _) = world.person("client@example.com", Role::Client, Scope::Read).await;
    let refused = compare::compare(&client, own.id.as_str(), own.id.as_str()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}
