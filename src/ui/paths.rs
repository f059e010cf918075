//! Both sides. Every address of the pages is made here.

use crate::domain::filter::{escape, query_string};
use crate::domain::{Filter, Sort, Status};

pub const DASHBOARD: &str = "/";
pub const EXECUTIONS: &str = "/executions";
pub const COMPARE: &str = "/executions/compare";
pub const FAILURES: &str = "/failures";
pub const AGENTS: &str = "/agents";
pub const CONNECT: &str = "/connect";
pub const NEW_AGENT: &str = "/agents/new";
pub const FLOWS: &str = "/flows";
/// In the place of an id: a flow that is to be made.
pub const NEW_FLOW: &str = "new";
pub const NOTIFICATIONS: &str = "/settings/notifications";
pub const APPROVALS: &str = "/approvals";
pub const LOGIN: &str = "/login";
pub const SETUP: &str = "/setup";
pub const API_DOCS: &str = "/api/docs";

/// The list under a page query (without `?`).
pub fn executions(query: &str) -> String {
    with_query(EXECUTIONS, query)
}

/// Failures in groups under a page query.
pub fn failures(query: &str) -> String {
    with_query(FAILURES, query)
}

pub fn connect(framework: &str) -> String {
    format!("{CONNECT}?with={}", escape(framework))
}

pub fn execution(id: &str) -> String {
    format!("{EXECUTIONS}/{}", escape(id))
}

pub fn agent(name: &str) -> String {
    format!("{AGENTS}/{}", escape(name))
}

/// What its owner sets.
pub fn agent_settings(name: &str) -> String {
    format!("{}/settings", agent(name))
}

pub fn flow(id: &str) -> String {
    format!("{FLOWS}/{}", escape(id))
}

/// What a run asks of people.
pub fn approval(id: &str) -> String {
    format!("{APPROVALS}/{}", escape(id))
}

/// The runs of a flow.
pub fn flow_runs(id: &str) -> String {
    executions(&format!("flow={}&last=all", escape(id)))
}

/// Making a flow, of an agent if it is known which.
pub fn new_flow(agent: Option<&str>) -> String {
    with_query(&flow(NEW_FLOW), &query_string(agent.map(|name| ("agent", name.to_owned()))))
}

pub fn agent_execution(name: &str, id: &str) -> String {
    format!("{}/executions/{}", agent(name), escape(id))
}

/// The dashboard with the last runs of these agents open.
pub fn dashboard_with(open: &[String]) -> String {
    // A name has no comma in it: `domain::agent::slug`.
    let pairs = (!open.is_empty()).then(|| ("open", open.join(",")));
    with_query(DASHBOARD, &query_string(pairs))
}

/// Everything that is under way.
pub fn unfinished() -> String {
    let all = Status::UNFINISHED.map(Status::as_str).join(",");
    executions(&query_string([("status", all), ("last", "all".to_owned())]))
}

/// The unfinished runs of one status.
pub fn unfinished_with(status: Status) -> String {
    executions(&query_string([("status", status.to_string()), ("last", "all".to_owned())]))
}

/// The unfinished runs of one status of an agent.
pub fn unfinished_of(agent: &str, status: &str) -> String {
    let pairs = [("agent", agent.to_owned()), ("status", status.to_owned()), ("last", "all".to_owned())];
    executions(&query_string(pairs))
}

/// The runs of a conversation.
pub fn thread(id: &str) -> String {
    executions(&format!("thread={}&last=all", escape(id)))
}

/// The runs that called a tool.
pub fn tool(name: &str) -> String {
    executions(&format!("tool={}&last=all", escape(name)))
}

/// Two runs beside each other; without `b` the page asks for it.
pub fn compare(a: &str, b: Option<&str>) -> String {
    let b = b.map(|b| format!("&b={}", escape(b))).unwrap_or_default();
    format!("{COMPARE}?a={}{b}", escape(a))
}

pub fn api_execution(id: &str) -> String {
    format!("/api/executions/{}", escape(id))
}

pub fn api_tool_calls(id: &str) -> String {
    format!("{}/tool-calls", api_execution(id))
}

pub fn api_span(run: &str, span: &str, trace: &str) -> String {
    format!("{}/spans/{}?trace_id={}", api_execution(run), span, trace)
}

pub fn api_steps(id: &str) -> String {
    format!("{}/steps", api_execution(id))
}

/// The list with one value of one filter.
pub fn runs_with(name: &str, value: &str) -> String {
    with_query(EXECUTIONS, &query_string([(name, value.to_owned())]))
}

/// All runs under a filter as a file.
pub fn api_export(format: &'static str, filter: &Filter, sort: Sort) -> String {
    let mut pairs = vec![("format", format.to_owned())];
    pairs.extend(filter.api_pairs());
    if sort != Sort::default() {
        pairs.push(("sort", sort.to_string()));
    }
    with_query("/api/executions/export", &query_string(pairs))
}

/// The log as JSON.
pub fn api_log(id: &str) -> String {
    format!("{}/log", api_execution(id))
}

/// The live log, from the line after `after` on.
pub fn api_stream(id: &str, after: i64) -> String {
    format!("{}/stream?after={after}", api_execution(id))
}

/// Sign-in that comes back to `next`.
pub fn login(next: &str) -> String {
    if next == DASHBOARD { LOGIN.to_owned() } else { format!("{LOGIN}?next={}", escape(next)) }
}

pub fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A place to go after signing in: only a path of this site, never another host.
pub fn safe_next(next: Option<&str>) -> String {
    match next {
        Some(n) if n.starts_with('/') && !n.starts_with("//") && !n.contains('\\') => n.to_owned(),
        _ => DASHBOARD.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_addresses() {
        assert_eq!(agent("a b/c"), "/agents/a%20b%2Fc");
        assert_eq!(agent_execution("build", "x"), "/agents/build/executions/x");
        assert_eq!(flow_runs("x"), "/executions?flow=x&last=all");
        assert_eq!(agent_settings("a b"), "/agents/a%20b/settings");
        assert_eq!(new_flow(None), "/flows/new");
        assert_eq!(new_flow(Some("a&b")), "/flows/new?agent=a%26b");
        assert_eq!(thread("a&b"), "/executions?thread=a%26b&last=all");
        assert_eq!(tool("web search"), "/executions?tool=web%20search&last=all");
        assert_eq!(compare("x", None), "/executions/compare?a=x");
        assert_eq!(compare("x", Some("y z")), "/executions/compare?a=x&b=y%20z");
        let export = "/api/executions/export?format=csv&last=24h&include_unfinished=true";
        assert_eq!(api_export("csv", &Filter::page_default(), Sort::default()), export);
        assert_eq!(api_stream("x", 7), "/api/executions/x/stream?after=7");
        assert_eq!(login("/executions?status=failed"), "/login?next=%2Fexecutions%3Fstatus%3Dfailed");
    }

    #[test]
    fn sign_in_never_leads_to_another_host() {
        assert_eq!(safe_next(Some("/agents")), "/agents");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", ""] {
            assert_eq!(safe_next(Some(bad)), "/");
        }
    }
}
