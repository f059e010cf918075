//! Server. Traps within one trace.

use super::made::{agent, id, model, origin, run, span, tokens, tool, trace};
use crate::domain::{PartStatus, Status, Trigger};
use crate::otlp::attributes::Value;
use crate::otlp::derive;
use crate::otlp::derive::ending::NO_END;
use crate::otlp::derive::{Ending, SpanClass, Verdict};
use crate::otlp::model::{LogRecord, Span};

fn error(spans: &[Span]) -> (Status, Option<String>) {
    let ending = run(spans).ending;
    (ending.status(), ending.error().map(str::to_owned))
}

fn names(spans: &[Span]) -> Vec<String> {
    run(spans).tool_calls.into_iter().filter_map(|call| call.name).collect()
}

#[test]
fn totals_on_agents_are_not_added_to_their_calls() {
    let total = |span: Span, n: i64| span.with("gen_ai.usage.input_tokens", n).with("gen_ai.usage.prompt_tokens", n);
    let spans = [
        total(agent(0, None, "a"), 30),
        model(1, Some(0), 10, 1).with("gen_ai.usage.prompt_tokens", 10).with("gen_ai.usage.cache_read.input_tokens", 4),
        tool(2, Some(0), "ask"),
        total(agent(3, Some(2), "b"), 20),
        model(4, Some(3), 20, 2).with("gen_ai.usage.reasoning_tokens", 1),
    ];
    let run = run(&spans);
    assert_eq!((tokens(&run), run.usage.cached, run.usage.reasoning), ((Some(30), Some(3)), Some(4), Some(1)));
    assert_eq!((run.model_calls, run.agents.as_slice()), (2, ["a".to_owned(), "b".to_owned()].as_slice()));
    assert_eq!(
        run.steps.iter().map(|s| (s.title.as_deref(), s.input_tokens)).collect::<Vec<_>>(),
        [(Some("b"), Some(20))]
    );
}

#[test]
fn totals_count_where_no_call_knows_its_tokens() {
    let root =
        agent(0, None, "a").with("gen_ai.aggregated_usage.input_tokens", 7).with("gen_ai.usage.output_tokens", 3);
    let silent = span(1, Some(0), "chat").with("gen_ai.operation.name", "chat").with("gen_ai.request.model", "gpt");
    assert_eq!(tokens(&run(&[root, silent.clone()])), (Some(7), Some(3)));
    // Last step only: Vercel's root before version 6 tells less than its calls do.
    let root =
        span(0, None, "ai.generateText").with("ai.operationId", "ai.generateText").with("ai.usage.promptTokens", 219);
    let call = |n, input| {
        span(n, Some(0), "x").with("ai.operationId", "ai.generateText.doGenerate").with("ai.usage.promptTokens", input)
    };
    assert_eq!(tokens(&run(&[root, call(1, 134), call(2, 219)])).0, Some(353));
    let crew =
        span(0, None, "crewai.workflow").with("gen_ai.operation.name", "invoke_agent").with("crewai.crew.name", "c");
    let metrics =
        "{'total_tokens': 1508, 'prompt_tokens': 1276, 'cached_prompt_tokens': 256, 'completion_tokens': 232}";
    assert_eq!(tokens(&run(&[crew.with("crewai.crew.usage_metrics", metrics)])), (Some(1276), Some(232)));
    assert_eq!(tokens(&run(&[agent(0, None, "a"), silent])), (None, None), "unknown is not zero");
}

#[test]
fn a_call_reported_twice_is_one() {
    let nested =
        [agent(0, None, "a"), model(1, Some(0), 10, 1), model(2, Some(1), 10, 1).by("com.anthropic.sdk.python")];
    assert_eq!((tokens(&run(&nested)), run(&nested).model_calls), ((Some(10), Some(1)), 1));
    let same_id = |span: Span| span.with("gen_ai.response.id", "msg_1");
    let siblings =
        [agent(0, None, "a"), same_id(model(1, Some(0), 10, 2)), same_id(model(2, Some(0), 10, 1)).by("other")];
    assert_eq!(tokens(&run(&siblings)), (Some(10), Some(2)));
    let enclosed = [
        agent(0, None, "a"),
        model(1, Some(0), 10, 1).lasting(9),
        model(2, Some(0), 10, 1).by("com.anthropic.sdk.python"),
    ];
    assert_eq!(run(&enclosed).model_calls, 1);
    let parallel = [agent(0, None, "a"), model(1, Some(0), 10, 1).lasting(9), model(2, Some(0), 10, 1)];
    assert_eq!(run(&parallel).model_calls, 2, "two at once are two");
    // ADK's tools and sub-agents are below the call that asked for them.
    let adk = [agent(0, None, "a"), model(1, Some(0), 10, 1), agent(2, Some(1), "b"), model(3, Some(2), 5, 1)];
    assert_eq!((tokens(&run(&adk)), run(&adk).model_calls), ((Some(15), Some(2)), 2));
    // What the outer report leaves out the inner one knows.
    let outer = span(1, Some(0), "achat").with("openinference.span.kind", "LLM").with("llm.model_name", "gpt");
    let inner = span(2, Some(1), "achat").with("openinference.span.kind", "LLM").with("llm.token_count.prompt", 8);
    let helper = span(3, Some(0), "LLM._prepare_chat_with_tools")
        .with("openinference.span.kind", "LLM")
        .with("llm.model_name", "gpt");
    let run = run(&[span(0, None, "x").with("openinference.span.kind", "CHAIN"), outer, inner, helper]);
    assert_eq!((run.model_calls, run.usage.input), (1, Some(8)));
}

#[test]
fn a_cost_is_the_emitters_only_where_all_calls_have_one() {
    let priced = |n, usd: f64| model(n, Some(0), 10, 1).with("operation.cost", usd);
    let root = || agent(0, None, "a");
    assert_eq!(run(&[root(), priced(1, 0.25), priced(2, 0.5)]).usage.cost, Some(0.75));
    assert_eq!(run(&[root(), priced(1, 0.25), model(2, Some(0), 10, 1)]).usage.cost, None);
    assert_eq!(run(&[root(), priced(1, 0.0)]).usage.cost, None, "0 is what openlit writes for unknown");
    let dear = |n| priced(n, 1_000_000.0);
    let run_ = run(&[root(), dear(1), dear(2)]);
    assert_eq!(
        (run_.usage.cost, run_.model_usage[0].usage.cost),
        (Some(1_000_000.0), Some(1_000_000.0)),
        "a record's most"
    );
    let by_model =
        run(&[root(), priced(1, 0.25), model(2, Some(0), 10, 1).with("gen_ai.response.model", "gpt-5")]).model_usage;
    let by_model: Vec<_> = by_model.iter().map(|u| (u.model.as_deref(), u.usage.input, u.usage.cost)).collect();
    assert_eq!(by_model, [(Some("gpt"), Some(10), Some(0.25)), (Some("gpt-5"), Some(10), None)]);
}

#[test]
fn each_call_is_paid_by_itself() {
    let call = |n, input, cached: i64| model(n, Some(0), input, 1).with("gen_ai.usage.cache_read.input_tokens", cached);
    let used = run(&[agent(0, None, "a"), call(1, 6_000, 0), call(2, 50, 5_900)]).model_usage;
    let each: Vec<_> = used.iter().flat_map(|used| &used.each).collect();
    let told: Vec<_> = each.iter().map(|one| (one.usage.input, one.usage.cached, one.one_call)).collect();
    assert_eq!(told, [(Some(6_000), Some(0), true), (Some(50), Some(5_900), true)]);
    assert!(each[0].at < each[1].at);
    let total = agent(0, None, "a").with("gen_ai.usage.input_tokens", 300_000).with("gen_ai.usage.output_tokens", 3);
    let used = run(&[total]).model_usage;
    assert!(used.iter().flat_map(|used| &used.each).all(|one| !one.one_call), "{used:?}");
}

#[test]
fn an_agent_below_a_root_that_says_nothing_decides() {
    let wrapper = || span(0, None, "Agent workflow").with("openinference.span.kind", "AGENT").lasting(50);
    let below = |n| span(n, Some(0), "x").with("openinference.span.kind", "AGENT").with("agent.name", "x");
    assert_eq!(error(&[wrapper(), below(1).failed("429")]), (Status::Failed, Some("429".to_owned())));
    assert_eq!(error(&[wrapper(), below(1).failed("429"), below(2)]).0, Status::Success, "the last one counts");
    assert_eq!(error(&[wrapper().failed("outer"), below(1)]), (Status::Failed, Some("outer".to_owned())));
    let named = agent(0, None, "boss");
    assert_eq!(error(&[named.clone(), agent(1, Some(0), "helper").failed("x")]).0, Status::Success, "it knows best");
    assert_eq!(error(&[named.clone(), agent(1, Some(0), "boss").failed("x")]).0, Status::Failed, "its own second span");
    assert_eq!(error(&[named.clone(), tool(1, Some(0), "t").failed("x")]).0, Status::Success, "a tool fails nothing");
    assert_eq!(
        error(&[named.clone(), model(1, Some(0), 1, 1).failed("429"), model(2, Some(0), 1, 1)]).0,
        Status::Success
    );
    // agno's root says no more than that it failed.
    let reason = model(1, Some(0), 1, 1).failed("429 Too Many Requests");
    assert_eq!(error(&[named.failed("run status: error"), reason]).1.as_deref(), Some("429 Too Many Requests"));
}

#[test]
fn error_texts_are_found_wherever_they_stand() {
    let root = || agent(0, None, "a").failed("");
    let event = [("exception.type", "E"), ("exception.message", "from the exception")];
    assert_eq!(error(&[root().event("exception", &event)]).1.as_deref(), Some("from the exception"));
    assert_eq!(error(&[root().with("error.type", "timeout")]).1.as_deref(), Some("timeout"));
    assert_eq!(error(&[root()]), (Status::Failed, None));
}

#[test]
fn a_run_without_its_root_is_open() {
    let missing = Some(77);
    let if_quiet = |spans: &[Span]| match run(spans).ending {
        Ending::Open { if_quiet, .. } => if_quiet,
        Ending::Over { .. } => panic!("over"),
    };
    let failed = Verdict::Failed { error: Some(NO_END.to_owned()) };
    let call = || model(1, missing, 10, 1);
    assert_eq!(if_quiet(&[call().failed("429")]), failed);
    assert_eq!(if_quiet(&[call(), tool(2, missing, "t")]), failed, "nothing says that it ended well");
    assert_eq!(if_quiet(&[call().with("gen_ai.response.finish_reasons", "[\"stop\"]")]), Verdict::Success);
    assert_eq!(if_quiet(&[call(), agent(0, missing, "a")]), Verdict::Success, "only what is around it never came");
    assert_eq!(if_quiet(&[agent(0, None, "a").under_way(), call()]), failed);
    // LlamaIndex, when it fails, leaves steps behind, none of which says so.
    let step = span(3, missing, "BaseWorkflowAgent.task").with("traceloop.span.kind", "task");
    assert_eq!(if_quiet(&[step]), failed);
}

#[test]
fn traces_that_are_no_runs_give_none() {
    let setup = span(0, None, "create_agent x").with("gen_ai.operation.name", "create_agent");
    let plain = span(0, None, "GET /").of(2);
    let tools = tool(0, None, "alone").of(3);
    assert_eq!(derive(&[setup, plain, tools], &[]).len(), 0);
    let chain = span(0, None, "Pipeline.run").with("openinference.span.kind", "CHAIN");
    assert_eq!(run(&[chain]).agent_name, "shop", "a chain alone is one");
}

#[test]
fn the_first_agent_with_a_name_gives_the_runs() {
    let wrapper = span(0, None, "Agent workflow").with("openinference.span.kind", "AGENT");
    let named = span(2, Some(1), "x").with("openinference.span.kind", "AGENT").with("graph.node.id", "triage");
    let run_ = run(&[wrapper, span(1, Some(0), "Agent workflow").with("openinference.span.kind", "CHAIN"), named]);
    assert_eq!((run_.agent_name.as_str(), run_.agents.len(), run_.steps.len()), ("triage", 1, 0));
    let guessed = |name| run(&[span(0, None, name).with("openinference.span.kind", "AGENT")]).agent_name;
    assert_eq!((guessed("boss.run"), guessed("Editor._execute_core")), ("boss".to_owned(), "Editor".to_owned()));
    let v7 = agent(0, None, "supervisor").with("gen_ai.request.model", "gpt");
    assert_eq!(run(&[Span { name: "invoke_agent gpt".to_owned(), ..v7 }]).agent_name, "supervisor");
    let logfire = span(0, None, "Agent run: {name!r}").by("logfire.openai_agents").with("name", "x");
    let logfire = run(&[logfire.with("logfire.msg", "Agent run: 'x'")]);
    assert_eq!((logfire.agent_name.as_str(), logfire.spans[0].name.as_str()), ("x", "Agent run: 'x'"));
    let adk = span(0, None, "agent_run [planner]").by("gcp.vertex.agent");
    assert_eq!(run(&[adk]).agent_name, "planner");
    assert_eq!(run(&[model(0, None, 1, 1)]).agent_name, "shop");
}

#[test]
fn the_same_agent_within_itself_is_no_sub_agent() {
    let same =
        span(1, Some(0), "a.workflow").with("gen_ai.operation.name", "invoke_agent").with("gen_ai.agent.name", "a");
    assert_eq!(run(&[agent(0, None, "a"), same.clone()]).steps.len(), 0);
    let run = run(&[agent(0, None, "a"), same, agent(2, Some(1), "b")]);
    assert_eq!(run.steps.iter().filter_map(|s| s.title.as_deref()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn tool_calls_are_told_once() {
    let twice =
        [agent(0, None, "a"), tool(1, Some(0), "t"), tool(2, Some(1), "t").failed("x"), tool(3, Some(1), "other")];
    let calls = run(&twice).tool_calls;
    let seen: Vec<_> = calls.iter().map(|c| (c.name.as_deref(), c.status, c.parent_call_id.as_deref())).collect();
    let first = id(1).to_string();
    assert_eq!(
        seen,
        [(Some("t"), Some(PartStatus::Failed), None), (Some("other"), Some(PartStatus::Success), Some(first.as_str()))]
    );
    let merged = Span { name: "execute_tool (merged)".to_owned(), ..tool(2, Some(0), "x") };
    assert_eq!(names(&[agent(0, None, "a"), tool(1, Some(0), "t"), merged]), ["t"]);
    let handoff = span(1, Some(0), "handoff to b").with("openinference.span.kind", "TOOL");
    let run_ = run(&[agent(0, None, "a"), handoff]);
    assert_eq!((run_.tool_calls.len(), run_.handoffs), (0, 1));
    let on_chat = model(1, Some(0), 1, 1).with("gen_ai.tool.name", "t");
    assert_eq!(names(&[agent(0, None, "a"), on_chat]), [""; 0], "openlit writes tools on chats");
    let same_id = |n| tool(n, Some(0), "t").with("gen_ai.tool.call.id", "call_1");
    let ids: Vec<String> =
        run(&[agent(0, None, "a"), same_id(1), same_id(2)]).tool_calls.into_iter().map(|c| c.call_id).collect();
    assert_eq!(ids, ["call_1".to_owned(), id(2).to_string()]);
}

#[test]
fn no_two_tool_calls_of_a_run_share_an_id() {
    let called = |n, name: &str| tool(n, Some(0), "t").with("gen_ai.tool.call.id", name);
    let first = |n| id(n).to_string();
    let ids = |spans: &[Span]| run(spans).tool_calls.into_iter().map(|call| call.call_id).collect::<Vec<_>>();
    let by_another = [agent(0, None, "a"), called(1, &first(2)), tool(2, Some(0), "t")];
    assert_eq!(ids(&by_another), [first(2), format!("{} {}", trace(1), id(2))]);
    let cut = [agent(0, None, "a"), called(1, "x"), called(2, "x\0"), called(3, "\0")];
    assert_eq!(ids(&cut), ["x".to_owned(), first(2), first(3)], "no database keeps this character");
    let bare = |n, of| tool(n, None, "t").of(of).with("gen_ai.conversation.id", "c");
    let call = model(5, None, 1, 1).of(4).with("gen_ai.conversation.id", "c");
    assert_eq!(ids(&[call, bare(1, 2), bare(1, 3)]), [first(1), format!("{} {}", trace(3), id(1))]);
}

#[test]
fn words_come_from_events_and_logs_too() {
    let root = || agent(0, None, "a");
    let by_events = root()
        .event("gen_ai.user.message", &[("content", "[{\"text\": \"hi\"}]")])
        .event("gen_ai.choice", &[("message", "ho")]);
    let run_ = run(&[by_events]);
    assert_eq!((run_.message.as_deref(), run_.response.as_deref()), (Some("hi"), Some("ho")));
    let details = "gen_ai.client.inference.operation.details";
    let latest = root().event(
        details,
        &[("gen_ai.input.messages", "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"hi\"}]}]")],
    );
    assert_eq!(run(&[latest]).message.as_deref(), Some("hi"));
    let call = model(1, Some(0), 1, 1);
    let body = Value::Map(vec![("content".to_owned(), Value::from("hi"))].into());
    let log = LogRecord {
        trace: Some(call.trace),
        span: Some(call.id),
        time: 1,
        name: String::new(),
        body,
        attributes: vec![("event.name".to_owned(), Value::from("gen_ai.user.message"))].into(),
        origin: origin(&[], "x"),
    };
    let runs = derive(&[root(), call], &[log.clone(), log]);
    assert_eq!(runs.first().and_then(|r| r.message.as_deref()), Some("hi"));
    let nothing = run(&[root(), model(1, Some(0), 1, 1)]);
    assert_eq!((nothing.message, nothing.response), (None, None), "not recorded is not empty");
}

#[test]
fn where_it_comes_from_is_told() {
    let resource = [
        ("service.name", "shop"),
        ("service.version", "2"),
        ("deployment.environment.name", "prod"),
        ("runboard.trigger", "schedule"),
        ("runboard.label.team", "x"),
        ("runboard.label.a:b", "no"),
    ];
    let root = Span { origin: origin(&resource, "lib"), ..agent(0, None, "a") };
    let run_ = run(&[root.clone().with("runboard.label.team", "y").with("gen_ai.conversation.id", "c-1")]);
    let labels: Vec<(&str, &str)> = run_.labels.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        labels,
        [("deployment.environment", "prod"), ("service.name", "shop"), ("service.version", "2"), ("team", "y")]
    );
    assert_eq!((run_.trigger, run_.thread_id.as_deref()), (Trigger::Schedule, Some("c-1")));
    assert_eq!(run(&[root.with("runboard.trigger", "cli")]).trigger, Trigger::Cli);
    assert_eq!(run(&[agent(0, None, "a").with("runboard.trigger", "nonsense")]).trigger, Trigger::Api);
}

#[test]
fn the_waterfall_has_every_span_below_its_parent() {
    let spans =
        [tool(3, Some(1), "t"), agent(0, None, "a").lasting(9), model(1, Some(0), 1, 1), span(2, Some(99), "lost")];
    let rows: Vec<_> = run(&spans).spans.into_iter().map(|s| (s.id, s.depth, s.class, s.parent)).collect();
    let expected = [
        (id(0), 0, SpanClass::Agent, None),
        (id(1), 1, SpanClass::Llm, Some(id(0))),
        (id(3), 2, SpanClass::Tool, Some(id(1))),
        (id(2), 0, SpanClass::Other, None),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn words_go_before_data_that_a_framework_passes_on() {
    let root = |asked: &str, answered: &str| {
        let span = span(0, None, "flow").with("openinference.span.kind", "CHAIN").with("input.value", asked);
        span.with("output.value", answered)
    };
    let said = |spans: &[Span]| {
        let run = run(spans);
        (run.message.unwrap_or_default(), run.response.unwrap_or_default())
    };
    let call = model(1, Some(0), 1, 1).with("gen_ai.input.messages", r#"[{"role": "user", "content": "q"}]"#);
    let call = call.with("gen_ai.output.messages", r#"[{"role": "assistant", "content": "a"}]"#);
    let (state, stop) = (r#"{"state": {"n": 1, "m": 2}}"#, "StopEvent(result=Output(n=1))");
    assert_eq!(said(&[root(state, stop), call.clone()]), ("q".into(), "a".into()));
    assert_eq!(said(&[root(state, r#"{"n": 1}"#), call]), ("q".into(), r#"{"n": 1}"#.into()), "JSON may be an answer");
    assert_eq!(said(&[root(r#"{"args": {"topic": "rain"}}"#, stop)]), ("rain".into(), stop.into()));
    assert_eq!(said(&[root(state, "a")]), (state.into(), "a".into()), "else it stays as it is");
    let crew = span(0, None, "crew").with("openinference.span.kind", "CHAIN");
    assert_eq!(said(&[crew.with("crew_tasks", r#"[{"description": "q"}, {"description": "r"}]"#)]).0, "q");
}

#[test]
fn a_chain_is_whose_its_metadata_says_or_is_called_as_somebody_named_it() {
    let chain = |name: &str| span(0, None, name).with("openinference.span.kind", "CHAIN");
    let sub = span(1, Some(0), "helper_agent").with("openinference.span.kind", "AGENT").with("agent.name", "helper");
    let root = chain("supervisor").with("metadata", r#"{"lc_agent_name": "supervisor"}"#);
    let named = |spans: &[Span]| {
        let run = run(spans);
        (run.agent_name, run.agent_stated)
    };
    assert_eq!(named(&[root, sub.clone()]), ("supervisor".into(), true));
    let graph = |name: &str| chain(name).by("openinference.instrumentation.langchain");
    assert_eq!(named(&[graph("weather_graph")]), ("weather_graph".into(), false));
    assert_eq!(named(&[graph("weather_graph"), sub]), ("helper".into(), true));
    for class in ["LangGraph", "RunnableSequence", "AgentExecutor"] {
        assert_eq!(named(&[graph(class)]), ("shop".into(), false), "{class}");
    }
    assert_eq!(named(&[chain("Pipeline.run")]), ("shop".into(), false), "others have their methods there");
}
