//! Server. What is hidden, and that all else stays.

use super::{HIDDEN, address, attributes, span};
use crate::otlp::attributes::Attributes;
use crate::otlp::model::{Event, Origin, Outcome, SpanId, TraceId};
use crate::otlp::{LogRecord, Span, Value};
use std::sync::Arc;

const KEY: &str = "sk-0123456789abcdef0123";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn of(pairs: &[(&str, Value)]) -> Attributes {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<Vec<_>>().into()
}

fn kept(key: &str, value: Value) -> Value {
    let all = of(&[("a", text("first")), (key, value), ("zzz.last", Value::Int(1))]);
    let hidden = attributes(&all).unwrap_or_else(|| all.clone());
    assert_eq!((hidden.len(), hidden.text("a"), hidden.int("zzz.last")), (3, Some("first"), Some(1)), "{key}");
    assert_eq!(attributes(&hidden), None, "once is enough: {key}");
    hidden.get(key).cloned().expect("it is there")
}

#[test]
fn headers_commands_and_what_is_called_a_secret_are_not_kept() {
    let list = Value::List(vec![text("python"), text("--key"), text("hunter2")]);
    for key in [
        "http.request.header.content-type",
        "http.response.header.set_cookie",
        "http.request.headers",
        "rpc.grpc.request.metadata.x",
        "rpc.connect_rpc.response.metadata.y",
        "process.command_args",
        "process.command_line",
        "process.command",
    ] {
        assert_eq!((kept(key, text("value")), kept(key, list.clone())), (text(HIDDEN), text(HIDDEN)), "{key}");
    }
    for key in [
        "authorization",
        "app.Authorization",
        "my.cookie",
        "db.password",
        "openai.api_key",
        "openai_api_key",
        "llm.x-api-key",
        "ai.settings.apiKey",
        "client_secret",
        "auth.accessToken",
        "metadata.token",
        "TOKEN",
    ] {
        assert_eq!(kept(key, text("hunter2")), text(HIDDEN), "{key}");
    }
    assert_eq!(kept("db.password", Value::Int(1_234)), text(HIDDEN));
}

#[test]
fn counts_and_content_stay() {
    for key in [
        "gen_ai.usage.input_tokens",
        "llm.token_count.prompt",
        "gen_ai.usage.token",
        "limits.token",
        "llm.usage.total_tokens",
    ] {
        for value in [Value::Int(7), Value::Double(7.0), text("7")] {
            assert_eq!(kept(key, value.clone()), value, "{key}");
        }
    }
    for key in
        ["gen_ai.input.messages", "input.value", "tokenizer", "passwordless", "secretary", "max_tokens", "http.route"]
    {
        let said = text("My password is hunter2, the token is blue; see https://bob:pw@example.com/?key=1.");
        assert_eq!(kept(key, said.clone()), said, "{key}");
    }
    assert_eq!(kept("has_password", Value::Bool(true)), Value::Bool(true));
    let arguments = Value::Map(of(&[("token", text("blue")), ("count", Value::Int(2))]));
    assert_eq!(kept("gen_ai.tool.call.arguments", arguments.clone()), arguments);
}

#[test]
fn addresses_lose_who_signs_in_and_their_secrets() {
    for (before, after) in [
        ("https://bob:hunter2@example.com/a?b=c", "https://example.com/a?b=c"),
        ("https://t@example.com", "https://example.com"),
        ("https://example.com/a@b?to=c@d", "https://example.com/a@b?to=c@d"),
        ("https://g.example/v1:go?alt=sse&key=AIzaX#x", "https://g.example/v1:go?alt=sse&key=[not kept]#x"),
        (
            "?api_key=1&page=2&X-Amz-Signature=3;sig=4",
            "?api_key=[not kept]&page=2&X-Amz-Signature=[not kept];sig=[not kept]",
        ),
        ("access_token=abc", "access_token=[not kept]"),
        ("max_tokens=5&monkey=6&q=a@b", "max_tokens=5&monkey=6&q=a@b"),
        ("bob:hunter2@db.example", "db.example"),
        ("db.example:5432", "db.example:5432"),
        ("", ""),
    ] {
        assert_eq!(address(before).as_deref().unwrap_or(before), after);
        assert_eq!(address(after), None, "once is enough: {after}");
    }
    assert_eq!(kept("url.full", text("https://a:b@c/?d=e")), text("https://c/?d=e"));
    assert_eq!(
        kept("http.url", text(&format!("https://a@c/{KEY}?key=e"))),
        text("https://c/[not kept]?key=[not kept]")
    );
}

#[test]
fn keys_and_tokens_are_taken_out_of_every_text() {
    let says = |before: &str, after: &str| text(&format!("{before}{KEY}{after}"));
    let without = text("Use [not kept], please");
    assert_eq!(kept("input.value", says("Use ", ", please")), without);
    let deep = |said: Value| Value::List(vec![Value::Int(1), Value::Map(of(&[("text", said), ("n", Value::Null)]))]);
    assert_eq!(kept("gen_ai.input.messages", deep(says("Use ", ", please"))), deep(without.clone()));
    let event = Event {
        time: 1,
        name: says("", "!").text().unwrap_or_default().to_owned(),
        attributes: of(&[("b", says("Use ", ", please"))]),
    };
    let mut all = Span {
        trace: TraceId::from_bytes(&[1; 16]).expect("an id"),
        id: SpanId::from_bytes(&[1; 8]).expect("an id"),
        parent: None,
        name: format!("POST {KEY}"),
        start: 1,
        end: None,
        outcome: Outcome::Error,
        message: format!("401: {KEY} is wrong"),
        attributes: of(&[]),
        events: vec![event],
        links: Vec::new(),
        origin: Arc::default(),
    };
    span(&mut all);
    assert_eq!((all.name.as_str(), all.message.as_str()), ("POST [not kept]", "401: [not kept] is wrong"));
    assert_eq!((all.events[0].name.as_str(), all.events[0].attributes.get("b")), ("[not kept]!", Some(&without)));
    let mut log = LogRecord {
        trace: None,
        span: None,
        time: 1,
        name: KEY.to_owned(),
        body: deep(says("Use ", ", please")),
        attributes: of(&[("db.password", text("x"))]),
        origin: Arc::default(),
    };
    super::log(&mut log);
    assert_eq!(
        (log.name.as_str(), log.body, log.attributes.text("db.password")),
        (HIDDEN, deep(without), Some(HIDDEN))
    );
    let resource =
        |command: &str| Arc::new(of(&[("process.command_line", text(command)), ("service.name", text("s"))]));
    let made = |command| Origin { resource: resource(command), scope: "lib".to_owned(), scope_version: "1".to_owned() };
    assert_eq!((super::origin(&made("python --key 1")), super::origin(&made(HIDDEN))), (Some(made(HIDDEN)), None));
}
