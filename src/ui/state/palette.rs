//! Both sides. What the command palette offers for a text; pure.

use super::chips::window_words;
use super::query::{PageQuery, pasted_id};
use crate::domain::filter::typed::{Kind, parse, typed};
use crate::domain::{AgentSummary, Choice, ExecutionSummary, Filter, Status, View, Window};
use crate::ui::paths;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Go(String),
    Stop,
    CopyLink,
    Keys,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub tag: &'static str,
    pub label: String,
    pub note: String,
    pub act: Act,
}

/// What there is to offer.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Name and address of the pages in the navigation.
    pub pages: Vec<(String, String)>,
    pub agents: Vec<AgentSummary>,
    pub views: Vec<View>,
    /// What the server found for the text, newest first.
    pub runs: Vec<ExecutionSummary>,
    /// The run that is open.
    pub open: Option<ExecutionSummary>,
    /// What the list shows now: filters are added to it.
    pub query: PageQuery,
    /// May the viewer see the list of all runs?
    pub fleet: bool,
}

/// Of one kind, at most.
const MOST: usize = 6;
const WINDOWS: [Window; 5] =
    [Window::Last(3_600), Window::DAY, Window::Last(7 * 86_400), Window::Last(30 * 86_400), Window::All];

pub fn entries(text: &str, known: &Known) -> Vec<Entry> {
    let text = text.trim();
    let mut out = Vec::new();
    if let Some(id) = pasted_id(text) {
        out.push(entry("Run", format!("Open run {}", id.short()), "", Act::Go(paths::execution(id.as_str()))));
    }
    if known.fleet {
        out.extend(typed_filter(text, known));
    }
    let mut add = |all: Vec<Entry>| out.extend(all.into_iter().filter(|e| fits(text, e)).take(MOST));
    add(actions(known));
    add(pages(known));
    add(known.views.iter().map(view).collect());
    add(known.agents.iter().map(agent).collect());
    if known.fleet && !text.is_empty() {
        add(filters(known));
    }
    // The server has found these by text that is not shown here.
    out.extend(known.runs.iter().take(MOST).map(run));
    if known.fleet && !text.is_empty() && parse(text).iter().all(|t| matches!(t.kind, Kind::Text(_))) {
        let query = PageQuery::default().with_typed(text);
        out.push(entry("Search", format!("Search runs for “{text}”"), "", go(&query)));
    }
    out
}

fn entry(tag: &'static str, label: String, note: &str, act: Act) -> Entry {
    Entry { tag, label, note: note.to_owned(), act }
}

fn go(query: &PageQuery) -> Act {
    Act::Go(paths::executions(&query.address()))
}

/// Every word of the text is somewhere in it.
fn fits(text: &str, entry: &Entry) -> bool {
    let all = format!("{} {} {}", entry.tag, entry.label, entry.note).to_lowercase();
    text.to_lowercase().split_whitespace().all(|word| all.contains(word))
}

/// `status:failed duration:>5m`: the list under it, when all of it is understood.
fn typed_filter(text: &str, known: &Known) -> Option<Entry> {
    let any = parse(text).iter().any(|t| matches!(t.kind, Kind::Term(_)));
    let query = any.then(|| known.query.with_typed(text)).filter(|q| q.errors.is_empty())?;
    let words = typed(&query.filter, &Filter::page_default());
    Some(entry("Filter", format!("Show runs: {words}"), "", go(&query)))
}

fn actions(known: &Known) -> Vec<Entry> {
    let Some(run) = &known.open else { return Vec::new() };
    let name = if run.message.is_empty() { run.id.short() } else { run.message.clone() };
    let mut out = Vec::new();
    if !run.status.is_terminal() && !run.cancel_requested {
        out.push(entry("Action", "Stop this run".to_owned(), &name, Act::Stop));
    }
    out.push(entry("Action", "Copy link to this run".to_owned(), &name, Act::CopyLink));
    out
}

fn pages(known: &Known) -> Vec<Entry> {
    let page = |(name, href): &(String, String)| entry("Page", name.clone(), "Go to", Act::Go(href.clone()));
    let keys = entry("Help", "Keyboard shortcuts".to_owned(), "?", Act::Keys);
    known.pages.iter().map(page).chain([keys]).collect()
}

fn view(view: &View) -> Entry {
    let owner = if view.mine { "" } else { &view.owner };
    entry("View", view.name.clone(), owner, Act::Go(paths::executions(&view.query)))
}

fn agent(agent: &AgentSummary) -> Entry {
    let note = if agent.name == agent.display_name { "" } else { &agent.name };
    entry("Agent", agent.display_name.clone(), note, Act::Go(paths::agent(&agent.name)))
}

fn filters(known: &Known) -> Vec<Entry> {
    let with = |change: &dyn Fn(&mut Filter)| {
        let mut filter = known.query.filter.clone();
        change(&mut filter);
        go(&known.query.with_filter(filter))
    };
    let status = |s: Status| entry("Filter", format!("Status: {s}"), "", with(&|f| f.status = Choice::only(s)));
    let window = |w: Window| entry("Filter", format!("Time: {}", window_words(w)), "", with(&|f| f.window = w));
    let own = known.agents.iter().map(|a| {
        entry(
            "Filter",
            format!("Runs of {}", a.display_name),
            &a.name,
            with(&|f| f.agent = Choice::only(a.name.clone())),
        )
    });
    Status::ALL.into_iter().map(status).chain(WINDOWS.into_iter().map(window)).chain(own).collect()
}

fn run(run: &ExecutionSummary) -> Entry {
    let label = if run.message.is_empty() { format!("Run {}", run.id.short()) } else { run.message.clone() };
    let note = format!("{} · {}", run.agent_display_name, run.status);
    entry("Run", label, &note, Act::Go(paths::execution(run.id.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::state::sample;

    fn known() -> Known {
        Known {
            pages: vec![("Dashboard".into(), "/".into()), ("Executions".into(), "/executions".into())],
            open: Some(sample::run(7, 0)),
            query: PageQuery::parse("agent=build&cols=message"),
            fleet: true,
            ..Known::default()
        }
    }

    fn labels(text: &str, known: &Known) -> Vec<String> {
        entries(text, known).into_iter().map(|e| e.label).collect()
    }

    #[test]
    fn an_empty_text_offers_actions_and_places() {
        let all = ["Stop this run", "Copy link to this run", "Dashboard", "Executions", "Keyboard shortcuts"];
        assert_eq!(labels("", &known()), all);
    }

    #[test]
    fn a_filter_is_added_to_what_is_shown() {
        let found = entries("status:failed", &known());
        assert_eq!(found[0].label, "Show runs: status:failed agent:build");
        assert_eq!(found[0].act, Act::Go("/executions?status=failed&agent=build&cols=message".into()));
        assert_eq!(entries("time 7", &known())[0].act, Act::Go("/executions?agent=build&last=7d&cols=message".into()));
        assert_eq!(labels("colour:red", &known()), Vec::<String>::new());
    }

    #[test]
    fn a_text_finds_what_has_all_its_words() {
        assert_eq!(labels("dash", &known()), ["Dashboard", "Search runs for “dash”"]);
        assert_eq!(labels("link run", &known())[0], "Copy link to this run");
        let id = sample::id(9);
        assert_eq!(entries(id.as_str(), &known())[0].act, Act::Go(format!("/executions/{id}")));
    }

    #[test]
    fn an_ended_run_can_not_be_stopped_and_clients_have_no_fleet() {
        let mut known = known();
        known.open.as_mut().expect("a run").status = Status::Failed;
        known.fleet = false;
        assert_eq!(labels("run", &known), ["Copy link to this run"]);
    }
}
