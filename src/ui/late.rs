//! Both sides. How the program is split: what the list of runs does not need at first is loaded when it is.

use super::pages::{AgentPages, ApprovalPages, Execution, FlowPages, Menus, Pages};
use super::parts::run::{Opening, Tab, open_with_page, pairs, titled};
use super::parts::{Asides, Drawer, drawer};
use crate::browser::{self, Late, NotLoaded};
use crate::domain::{FlowRunSteps, Markup};
use crate::late;
use leptos::prelude::*;

late! {
    /// The pages other than the list of runs and a run.
    pub static PAGES: Pages = pages { Pages::ALL }
}

late! {
    /// The pages that are forms: those that make and change agents, and how the reader is told of things.
    pub static AGENT_PAGES: AgentPages = agent_pages { AgentPages::ALL }
}

late! {
    /// Flows and their editor.
    pub static FLOWS: FlowPages = flows { FlowPages::ALL }
}

late! {
    /// What runs ask of people.
    pub static APPROVALS: ApprovalPages = approvals { ApprovalPages::ALL }
}

late! {
    /// A run in full: the drawer and the page.
    pub static RUN: RunParts = run { RunParts::ALL }
}

late! {
    /// Dialogs and bars that come when they are asked for.
    pub static ASIDES: Asides = asides { Asides::ALL }
}

late! {
    /// What the menus of the list of runs open.
    pub static MENUS: Menus = menus { Menus::ALL }
}

#[derive(Clone, Copy)]
pub struct RunParts {
    pub page: fn() -> AnyView,
    /// Asks for a run together with the page that will show it in its drawer.
    pub open: fn(String, Tab) -> Opening,
    pub drawer: fn(Drawer) -> AnyView,
    /// The prompts and responses of a run of a flow.
    pub pairs: fn(FlowRunSteps) -> AnyView,
    /// A titled text, with its Markdown as HTML.
    pub text: fn(String, String, Option<Markup>) -> AnyView,
}

impl RunParts {
    const ALL: Self =
        Self { page: || view! { <Execution/> }.into_any(), open: open_with_page, drawer, pairs, text: titled };
}

/// Loads what the server's HTML shows, so that the browser can take it over as it stands.
pub async fn load_shown() -> Result<(), NotLoaded> {
    let marked = browser::marked_late();
    let (pages, agents, run, asides, flows, approvals) = futures::join!(
        load(&PAGES, &marked),
        load(&AGENT_PAGES, &marked),
        load(&RUN, &marked),
        load(&ASIDES, &marked),
        load(&FLOWS, &marked),
        load(&APPROVALS, &marked)
    );
    pages.and(agents).and(run).and(asides).and(flows).and(approvals)
}

async fn load<P: Copy>(part: &Late<P>, marked: &[String]) -> Result<(), NotLoaded> {
    if marked.iter().any(|name| name == part.name()) {
        part.load().await?;
    }
    Ok(())
}
