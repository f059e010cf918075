//! Both sides. `/agents/{name}`: the runs of one agent, live. Also for the role `client`.

use crate::browser;
use crate::domain::{AgentAbout, AgentKind, BudgetLevel, Error, RetryPolicy, Schedule, Spending};
use crate::server_fns::load_agent;
use crate::ui::kit::{Button, Command, EmptyState, Look, format, view_of};
use crate::ui::parts::runs::{ListActions, RunList, SortHead};
use crate::ui::parts::{PageHead, RelativeTime, Starting, use_start, use_stop};
use crate::ui::paths;
use crate::ui::state::clock::use_clock;
use crate::ui::state::live::use_live;
use crate::ui::state::query::PageQuery;
use crate::ui::state::runs::{FirstPage, Runs, first_page};
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Agent() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|p| p.get("name")).unwrap_or_default());
    let agent = Resource::new_blocking(move || name.get(), load_agent);
    let first =
        Resource::new_blocking(move || name.get(), |name| async move { first_page(PageQuery::of_agent(&name)).await });
    super::agent_flows::load(name);
    let body = move || {
        let name = name.get();
        Suspend::new(async move {
            let (agent, first) = (agent.await, first.await);
            match agent {
                Err(Error::NotFound) => view! { <super::NotFound/> }.into_any(),
                // What went wrong is said by the list, which could not be had either.
                agent => view! { <Body name agent=agent.ok() first/> }.into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| view! { <p class="loading" role="status">"Loading"</p> }>{view_of(body)}</Suspense> }
}

#[component]
fn Body(name: String, agent: Option<AgentAbout>, first: Result<FirstPage, Error>) -> impl IntoView {
    let area = NodeRef::<html::Div>::new();
    let (live, clock, stop) = (use_live(), use_clock(), use_stop());
    let wanted = PageQuery::of_agent(&name);
    let query = Memo::new(move |_| wanted.clone());
    let runs = Runs::new(live, clock, query, format!("agent:{name}"), first);
    let actions = ListActions {
        open: None,
        sortable: false,
        selected: RwSignal::new(None),
        base: StoredValue::new(paths::EXECUTIONS.to_owned()),
    };
    Effect::watch(move || stop.done(), move |_, _, _| runs.refresh_unless_live(), false);
    let title = agent.as_ref().map_or_else(|| name.clone(), |a| a.summary.display_name.clone());
    let start = use_start();
    let run = agent.as_ref().map(|a| &a.summary).filter(|a| a.can_run).map(|a| {
        let what = Starting::Agent { name: a.name.clone(), display_name: a.display_name.clone() };
        view! { <Button look=Look::Primary on_press=move |_| start.ask(what.clone())>"Run"</Button> }
    });
    let edit = agent
        .as_ref()
        .filter(|a| a.may_change)
        .map(|a| view! { <a class="btn" href=paths::agent_settings(&a.summary.name)>"Edit"</a> });
    let first_run = agent.as_ref().map(FirstRun::of).unwrap_or_default();
    let about = agent.map(about);
    let trail = vec![("Agents".to_owned(), paths::AGENTS.to_owned())];
    view! {
        <PageHead title trail>{edit} {run}</PageHead>
        {about}
        <super::agent_flows::AgentFlows/>
        <section class="list" aria-label="Runs of this agent">
            <SortHead query actions/>
            <RunList runs actions area/>
            {no_runs(runs, name, first_run)}
        </section>
    }
}

/// How the agent comes by its first run, for this viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum FirstRun {
    /// Others see to it.
    #[default]
    Comes,
    /// The viewer presses "Run".
    Pressed,
    /// The agent's own process records it.
    Recorded,
}

impl FirstRun {
    fn of(agent: &AgentAbout) -> Self {
        match agent.summary.kind {
            _ if agent.summary.can_run => Self::Pressed,
            AgentKind::External if agent.may_change => Self::Recorded,
            _ => Self::Comes,
        }
    }
}

/// Where there are no rows: how the first one comes.
fn no_runs(runs: Runs, name: String, first: FirstRun) -> impl IntoView {
    let clock = use_clock();
    let empty = Memo::new(move |_| {
        runs.list.with(|l| l.is_empty() && l.held().0 == 0) && !runs.loading.get() && runs.failed.with(Option::is_none)
    });
    view_of(move || {
        empty.get().then(|| {
            let how = match first {
                FirstRun::Comes => view! { <p>"They appear here by themselves."</p> }.into_any(),
                FirstRun::Pressed => view! { <p>"Press Run above to start the first one; it shows up here by itself."</p> }.into_any(),
                FirstRun::Recorded => {
                    let url = if clock.hydrated() { browser::origin() } else { "http://localhost:8080".to_owned() };
                    let text = format!("export RUNBOARD_URL={url} RUNBOARD_TOKEN=…\nrunboard exec --agent {name} -- COMMAND");
                    view! {
                        <p>"Its own process records them, over the API or around any command; they show up here by themselves."</p>
                        <Command title="Wrap any command" text/>
                    }
                    .into_any()
                }
            };
            view! { <EmptyState title="No runs yet">{how}</EmptyState> }
        })
    })
}

fn about(agent: AgentAbout) -> AnyView {
    let a = agent.summary;
    let description = a.description.map(|d| view! { <p>{d}</p> });
    let retired = agent.retired_at.map(|_| view! { <p class="s-failed">"This agent was deleted; its runs stay."</p> });
    let does = agent
        .does
        .map(|does| view! { <div><dt>"Runs"</dt><dd class="ell" title=does.clone()>{does.clone()}</dd></div> });
    // What Runboard does itself has limits here; an external agent keeps its own.
    let ours = does.is_some() || agent.schedule.is_some();
    let limits = ours.then(|| {
        let timeout = agent.limits.timeout_s.map_or_else(|| "an hour".to_owned(), |s| format::span(s * 1_000));
        view! {
            <div><dt>"At once"</dt><dd>{agent.limits.max_concurrency}<small>{format!("each up to {timeout}")}</small></dd></div>
        }
    });
    let retry = agent.limits.retry.map(|policy| view! { <div><dt>"Retries"</dt><dd>{retries(&policy)}</dd></div> });
    let budget = agent.budget_state.map(|state| {
        let day = state.day.map(|s| spending("Budget, day", &s));
        let month = state.month.map(|s| spending("Budget, month", &s));
        view! { {day} {month} }
    });
    let schedule = agent.schedule.map(schedule);
    let facts = (ours || budget.is_some()).then(|| {
        view! {
            <dl class="facts agent-facts">{does} {schedule} {limits} {retry} {budget}</dl>
        }
    });
    view! {
        <div class="about muted">
            {description} {retired}
            <p>{format!("{} · {} · owned by {}", a.name, a.kind, a.owner)}</p>
        </div>
        {facts}
    }
    .into_any()
}

fn retries(policy: &RetryPolicy) -> String {
    let more = format::plural(policy.attempts - 1, "more try", "more tries");
    if policy.backoff_s == 0 {
        more
    } else {
        format!("{more}, after {} and longer", format::span(policy.backoff_s * 1_000))
    }
}

/// When it runs by itself: the times ahead, in the reader's own time on hover.
fn schedule(schedule: Schedule) -> AnyView {
    let rule = format!("{} · {}", schedule.cron, schedule.timezone);
    let mut next = schedule.next_runs.into_iter();
    let first = match next.next() {
        Some(at) => view! { <RelativeTime at=at/> }.into_any(),
        None if schedule.enabled => "never again".into_any(),
        None => "switched off".into_any(),
    };
    let later: Vec<_> = next.map(|at| view! { <li><RelativeTime at=at/></li> }).collect();
    let then = (!later.is_empty()).then(|| view! { <ol class="then" aria-label="Runs after that">{later}</ol> });
    view! { <div><dt>"Next run"</dt><dd>{first}<small>{rule}</small>{then}</dd></div> }.into_any()
}

/// What is spent of a budget, how fast, and where that leads.
fn spending(name: &'static str, s: &Spending) -> AnyView {
    let class = match s.level {
        BudgetLevel::Fine => "",
        BudgetLevel::Warn => "s-waiting",
        BudgetLevel::Spent => "s-failed",
    };
    let words = match s.level {
        BudgetLevel::Spent => "all spent: its runs wait".to_owned(),
        _ => format!("{}/h, {} at the end", format::money(s.usd_per_hour), format::money(s.forecast_usd)),
    };
    let share = format!("{} of {}", format::money(s.spent_usd), format::money(s.limit_usd));
    view! {
        <div>
            <dt>{name}</dt>
            <dd>
                <span class=class>{share.clone()}</span>
                <meter min="0" max="100" high="80" optimum="0" value=format!("{:.0}", (s.spent_usd / s.limit_usd * 100.0).min(100.0)) aria-label=share></meter>
                <small>{words}</small>
            </dd>
        </div>
    }
    .into_any()
}
