//! Spans made for tests, as JSON that exporters send.

use super::{JSON, post};
use crate::support::{Answer, Http};
use serde_json::{Value, json};

/// A while before the tests' clock begins.
const START: u64 = 1_789_999_990_000_000_000;

pub fn trace(n: u32) -> String {
    format!("{:032x}", u64::from(n) + 1)
}

pub fn id(n: u32) -> String {
    format!("{:016x}", u64::from(n) + 1)
}

/// A span of trace `of` that starts `n` milliseconds after the first and lasts a second.
pub fn span(of: u32, n: u32, parent: Option<u32>, name: &str, attributes: &Value) -> Value {
    let start = START + u64::from(n) * 1_000_000;
    let pairs = attributes.as_object().expect("attributes").iter();
    let value = |value: &Value| match value {
        Value::Number(n) => json!({"intValue": n.to_string()}),
        other => json!({"stringValue": other}),
    };
    let pairs: Vec<Value> = pairs.map(|(key, v)| json!({"key": key, "value": value(v)})).collect();
    let mut span = json!({"traceId": trace(of), "spanId": id(n), "name": name, "kind": 1, "attributes": pairs,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1_000_000_000).to_string()});
    if let Some(parent) = parent {
        span["parentSpanId"] = id(parent).into();
    }
    span
}

pub fn agent(of: u32, n: u32, parent: Option<u32>, name: &str) -> Value {
    let attributes = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name,
        "gen_ai.input.messages": json!([{"role": "user", "parts": [{"type": "text", "content": "Go"}]}]).to_string()});
    span(of, n, parent, &format!("invoke_agent {name}"), &attributes)
}

pub fn model(of: u32, n: u32, parent: Option<u32>, input: i64, output: i64) -> Value {
    let attributes = json!({"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini", "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output});
    span(of, n, parent, "chat gpt-4o-mini", &attributes)
}

pub fn tool(of: u32, n: u32, parent: Option<u32>, name: &str) -> Value {
    span(
        of,
        n,
        parent,
        &format!("execute_tool {name}"),
        &json!({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}),
    )
}

pub fn failed(mut span: Value, message: &str) -> Value {
    span["status"] = json!({"code": 2, "message": message});
    span
}

pub fn with(mut span: Value, key: &str, value: &str) -> Value {
    span["attributes"].as_array_mut().expect("attributes").push(json!({"key": key, "value": {"stringValue": value}}));
    span
}

pub fn by(scope: &str, spans: &[Value]) -> Value {
    let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]})
}

pub async fn send(http: &Http, token: &str, spans: &[Value]) -> Answer {
    let answer = post(http, token, "/v1/traces", JSON, false, by("lib", spans).to_string().into()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}
