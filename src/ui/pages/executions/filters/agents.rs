//! Both sides. The agents to filter by: those with most runs first, found by a part of their name when there are many.

use super::negate::not;
use super::option::FacetOption;
use crate::browser;
use crate::domain::{AgentSummary, Choice};
use crate::server_fns::find_agent_values;
use crate::ui::kit::{act, view_of};
use crate::ui::state::chips::toggled;
use crate::ui::state::numbers::Numbers;
use crate::ui::state::turn::Turn;
use crate::ui::state::url::PageUrl;
use leptos::ev::Event;
use leptos::prelude::*;

/// So many fit a menu; beyond, a field finds the others.
const SHOWN: usize = 12;
const PAUSE_MS: u32 = 200;

pub fn panel(url: PageUrl, agents: StoredValue<Vec<AgentSummary>>, numbers: Numbers) -> AnyView {
    let all = agents.with_value(Vec::len);
    if all == 0 {
        return view! { <p class="menu-note">"No agents yet"</p> }.into_any();
    }
    let many = all > SHOWN;
    // In an order that stays while the menu is open, whatever the counts do.
    let first: Vec<String> = {
        let chosen = url.query.with_untracked(|q| q.filter.agent.include.clone());
        let by_runs = untrack(|| numbers.values(|f| &f.agent)).into_iter().map(|f| f.value);
        let mut names = chosen;
        let rest = by_runs.chain(agents.with_value(|all| all.iter().map(|a| a.name.clone()).collect::<Vec<_>>()));
        for name in rest {
            if names.len() >= SHOWN && many {
                break;
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let found = RwSignal::new(None::<Vec<(String, i64)>>);
    let turn = StoredValue::new(Turn::default());
    let find = move |text: String| {
        let mine = turn.try_update_value(Turn::ask);
        if text.trim().is_empty() {
            found.set(None);
            return;
        }
        browser::spawn(async move {
            browser::sleep(PAUSE_MS).await;
            if turn.try_get_value() != mine {
                return;
            }
            let query = url.query.with_untracked(|q| q.filter.page_query());
            // Without an answer the options stay as they are; the connection mark says why.
            if let Ok(values) = find_agent_values(query, text).await
                && turn.try_get_value() == mine
            {
                found.set(Some(values.into_iter().map(|v| (v.value, v.count)).collect()));
            }
        });
    };
    let field = many.then(|| {
        view! {
            <input type="text" class="find needs-js" aria-label="Find an agent" placeholder="Find an agent" autocomplete="off"
                on:input=act(move |e: Event| find(event_target_value(&e)))/>
        }
    });
    let options = move || {
        let names = match found.get() {
            Some(hits) => hits.into_iter().map(|(name, runs)| (name, Some(runs))).collect(),
            None => first.iter().map(|name| (name.clone(), None)).collect::<Vec<_>>(),
        };
        if names.is_empty() {
            return view! { <p class="menu-note">"No agent of that name"</p> }.into_any();
        }
        names.into_iter().map(|(name, runs)| option(url, agents, numbers, name, runs)).collect::<Vec<_>>().into_any()
    };
    view! { {field} {view_of(options)} }.into_any()
}

fn option(
    url: PageUrl,
    agents: StoredValue<Vec<AgentSummary>>,
    numbers: Numbers,
    name: String,
    runs: Option<i64>,
) -> AnyView {
    let word = agents
        .with_value(|all| all.iter().find(|a| a.name == name).map(|a| a.display_name.clone()))
        .unwrap_or_else(|| name.clone());
    let not = not(url, "agent", name.clone(), word.clone(), |f| &mut f.agent);
    let (checked, set, only, counted) = (name.clone(), name.clone(), name.clone(), name.clone());
    FacetOption {
        name: "agent",
        value: name,
        word: word.clone(),
        checked: Signal::derive(move || url.query.with(|q| q.filter.agent.include.contains(&checked))),
        set: Callback::new(move |on| url.set_filter(|f| f.agent = toggled(f.agent.clone(), set.clone(), on))),
        only: Callback::new(move |()| url.set_filter(|f| f.agent = Choice::only(only.clone()))),
        not,
        runs: Signal::derive(move || numbers.facet(|f| &f.agent, &counted).or(runs)),
    }
    .view(view! { <span class="ell">{word}</span> }.into_any())
}
