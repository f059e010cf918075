//! Server. Any set of spans: the result depends on the set alone, and is made in time.

use super::made::{agent, id, model, run, span, tool};
use crate::otlp::derive;
use crate::otlp::derive::Ending;
use crate::otlp::model::Span;
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::{Duration, Instant};

#[test]
fn of_two_versions_the_one_that_tells_more_holds() {
    let early = agent(0, None, "a").under_way();
    let ended = agent(0, None, "a").lasting(5);
    let later = agent(0, None, "a").lasting(7).failed("x");
    for spans in [[&early, &ended, &later], [&later, &early, &ended], [&ended, &later, &early]] {
        let run = run(&spans.map(Clone::clone));
        assert_eq!(run.ending.error(), Some("x"));
    }
    let (one, other) = (ended.clone().with("k", "1"), ended.with("k", "2"));
    assert_eq!(derive(&[one.clone(), other.clone()], &[]), derive(&[other, one], &[]));
}

#[test]
fn a_span_announced_by_logfire_is_under_way() {
    let pending = span(9, Some(0), "Agent run").by("logfire.openai_agents").with("logfire.span_type", "pending_span");
    let pending = pending.with("logfire.pending_parent_id", "0000000000000000").with("name", "x");
    let begun = run(std::slice::from_ref(&pending));
    assert_eq!((begun.root, begun.ending.ended(), begun.spans.len()), (Some(id(0)), None, 1));
    let ended = span(0, None, "Agent run").by("logfire.openai_agents").with("name", "x");
    assert!(run(&[ended, pending]).ending.ended().is_some());
}

#[test]
fn circles_and_lost_parents_lose_nothing() {
    let circle = [agent(0, Some(2), "a"), model(1, Some(0), 1, 1), model(2, Some(1), 1, 1)];
    let run_ = run(&circle);
    assert_eq!((run_.spans.len(), run_.root), (3, None));
    assert!(matches!(run_.ending, Ending::Open { .. }));
    let own_parent = run(&[agent(0, Some(0), "a"), model(1, Some(0), 1, 1)]);
    assert_eq!((own_parent.spans.len(), own_parent.root), (2, Some(id(0))), "its own parent is none");
    assert_eq!(run(&[model(1, Some(50), 1, 1), model(2, Some(60), 1, 1)]).spans.len(), 2);
}

#[test]
fn nothing_ends_before_it_began() {
    let mut late = agent(5, None, "a");
    late.end = Some(late.start);
    let run = run(&[late, model(1, Some(5), 1, 1)]);
    assert!(run.ending.ended() >= Some(run.started));
}

#[test]
fn a_run_is_never_more_than_a_record_takes() {
    let long = "\u{1}é".repeat(1 << 20);
    let root = agent(0, None, "a").with("gen_ai.input.messages", long.as_str()).failed(&long);
    let with_long = tool(1, Some(0), "t").with("gen_ai.tool.call.arguments", long.as_str());
    let tools = (2..20_000).map(|n| tool(n, Some(0), "t"));
    let labelled = (0..99).fold(root, |span, n| span.with(&format!("runboard.label.{n}"), "x"));
    let spans: Vec<Span> = [labelled, with_long].into_iter().chain(tools).collect();
    let run_ = run(&spans);
    let message = run_.message.unwrap_or_default();
    assert!(message.len() <= 1 << 20 && message.ends_with(" more bytes are not kept]"));
    assert!(run_.ending.error().is_some_and(|error| error.len() <= 1 << 20));
    assert!(run_.tool_calls[0].arguments.as_ref().is_some_and(|json| json.to_string().len() <= 1 << 20));
    assert_eq!((run_.tool_calls.len(), run_.left_out, run_.spans.len()), (10_000, 9_999, 20_000));
    assert!(run_.labels.len() <= 64);
    assert_eq!(run(&[agent(0, None, "…")]).agent_name, "shop", "no address can be made of it");
}

/// Takes far less than the limit; what is quadratic would take hours.
#[track_caller]
fn in_time(spans: &[Span]) {
    let begun = Instant::now();
    let runs = derive(spans, &[]);
    assert_eq!(runs.iter().map(|run| run.spans.len()).sum::<usize>(), spans.len());
    println!("{:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

const MANY: u32 = 100_000;

#[test]
fn a_wide_tree_is_made_in_time() {
    let below = |n| match n % 3 {
        0 => model(n, Some(0), 10, 1).with("gen_ai.response.id", n.to_string().as_str()),
        1 => model(n, Some(0), 10, 1).by(if n % 2 == 0 { "lib" } else { "com.anthropic.sdk.python" }),
        _ => tool(n, Some(0), "t"),
    };
    let spans: Vec<Span> = std::iter::once(agent(0, None, "a")).chain((1..MANY).map(below)).collect();
    in_time(&spans);
}

#[test]
fn a_service_that_nobody_names_is_not_looked_for_again_and_again() {
    let nameless = |n| if n == 0 { agent(0, None, "a") } else { model(n, Some(0), 10, 1) };
    let origin = super::made::origin(&[], "lib");
    in_time(&(0..MANY).map(|n| Span { origin: origin.clone(), ..nameless(n) }).collect::<Vec<Span>>());
}

#[test]
fn a_deep_chain_is_made_in_time_and_on_any_stack() {
    for kind in [
        |n, p| agent(n, p, &format!("agent {n}")),
        |n, p| model(n, p, 1, 1),
        |n, p| tool(n, p, "t"),
        |n, p| span(n, p, "x"),
    ] {
        let chain = |n: u32| if n == 0 { agent(0, None, "a") } else { kind(n, Some(n - 1)) };
        in_time(&(0..MANY).map(chain).collect::<Vec<Span>>());
    }
}

#[test]
fn many_traces_are_made_in_time() {
    let spans: Vec<Span> = (0..MANY)
        .map(|n| {
            let mut span = model(n, None, 1, 1).with("gen_ai.conversation.id", if n % 2 == 0 { "c" } else { "d" });
            span.trace = crate::otlp::model::TraceId::from_bytes(&(u128::from(n) + 1).to_be_bytes()).expect("an id");
            span
        })
        .collect();
    in_time(&spans);
}

fn any_span() -> impl Strategy<Value = Span> {
    let kinds = 0..7u8;
    (0..12u32, proptest::option::of(0..14u32), kinds, 0..3u8, 0..20u64, any::<bool>(), any::<bool>()).prop_map(
        |(n, parent, kind, trace, ms, failed, ended)| {
            let span = match kind {
                0 => agent(n, parent, if n % 2 == 0 { "a" } else { "b" }),
                1 => model(n, parent, i64::from(n), 1),
                2 => tool(n, parent, "t").with("gen_ai.tool.call.id", "same"),
                3 => model(n, parent, 5, 1).with("gen_ai.response.id", "same").by("com.anthropic.sdk.python"),
                4 => span(n, parent, "x").with("openinference.span.kind", "CHAIN").with("input.value", "q"),
                5 => model(n, None, 2, 2).with("gen_ai.conversation.id", "c"),
                _ => span(n, parent, "y").linked(trace + 2),
            };
            let span = span.of(trace + 1).lasting(ms);
            let span = if failed { span.failed("e") } else { span };
            if ended { span } else { span.under_way() }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn order_and_repetition_never_matter(spans in vec(any_span(), 0..40), turn in any::<usize>()) {
        let expected = derive(&spans, &[]);
        let mut other = spans.clone();
        other.reverse();
        other.rotate_left(turn % spans.len().max(1));
        other.extend(spans.iter().take(turn % 7).cloned());
        prop_assert_eq!(derive(&other, &[]), expected);
    }
}
