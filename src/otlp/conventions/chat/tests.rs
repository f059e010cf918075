//! Server. What is found in pieces of JSON.

use super::*;
use serde_json::json;

#[track_caller]
fn check(json: Json, user: &str, assistant: &str) {
    assert_eq!(said(&json, Side::User).text().unwrap_or_default(), user, "{json}");
    assert_eq!(said(&json, Side::Assistant).text().unwrap_or_default(), assistant, "{json}");
}

#[test]
fn conversations_of_many_products_are_read() {
    check(json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]), "q", "");
    check(json!({"messages": [[{"role": "user", "content": [{"type": "text", "text": "q"}]}]]}), "q", "");
    check(
        json!([{"role": "user", "parts": [{"type": "text", "content": "q"}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "response": "no"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "name": "f"}, {"type": "text", "content": "a"}]}]),
        "q",
        "a",
    );
    let message = json!({"lc": 1, "id": ["x", "AIMessage"], "kwargs": {"content": "a"}});
    check(json!({"generations": [[{"text": "", "message": message}]]}), "", "a");
    check(json!({"contents": [{"parts": [{"text": "q"}], "role": "user"}], "config": {"x": "y"}}), "q", "");
    check(json!({"content": {"parts": [{"text": "a"}], "role": "model"}}), "", "a");
    check(json!({"args": ["q"], "kwargs": {}}), "q", "");
    check(json!({"args": [], "kwargs": {"question": "q"}}), "q", "");
    check(
        json!([{"event.name": "gen_ai.user.message", "content": "q"},
        {"event.name": "gen_ai.choice", "message": {"role": "assistant", "content": "a"}}]),
        "q",
        "a",
    );
    check(json!({"type": "tool", "data": {"content": "no"}}), "", "");
}

#[test]
fn what_is_no_conversation_is_taken_as_it_is() {
    assert_eq!(said_in_text("hello", Side::User), Said::Text("hello".into()));
    assert_eq!(said_in_text("{\"a\": 1}", Side::User), Said::Raw("{\"a\": 1}".into()));
    assert_eq!(said_in_text("{\"a\": 1}", Side::Assistant), Said::Text("{\"a\": 1}".into()));
    assert_eq!(said_in_text("{}", Side::User), Said::Nothing);
    assert_eq!(said_in_text("{broken", Side::User), Said::Text("{broken".into()));
    assert_eq!(said_in_text("[{\"role\":\"assistant\",\"content\":null}]", Side::Assistant), Said::Nothing);
}

#[test]
fn what_a_language_printed_is_told_from_words() {
    let messages = r#"{"messages": ["ChatMessage(_role=<ChatRole.USER: 'user'>, _content=[])"]}"#;
    for raw in [messages, "StopEvent(result=AgentOutput(response=1))", "id='1' source='user' content='q'"] {
        for side in [Side::User, Side::Assistant] {
            assert_eq!(said_in_text(raw, side), Said::Raw(raw.into()), "{raw}");
        }
    }
    for words in ["Paris (in France) = sunny", "a = b, c = d", "f(x)", "What is x='1'?", "See(also) a=b"] {
        assert_eq!(said_in_text(words, Side::User), Said::Text(words.into()), "{words}");
    }
}

#[test]
fn the_only_text_is_found_and_no_other() {
    assert_eq!(only_text(r#"{"in": {"topic": "rain", "n": null, "l": []}}"#).as_deref(), Some("rain"));
    for json in [r#"{"a": "x", "n": 1}"#, r#"{"a": "x", "b": "y"}"#, r#"{"a": "Thing(id=1)"}"#, "{}", "x"] {
        assert_eq!(only_text(json), None, "{json}");
    }
}
