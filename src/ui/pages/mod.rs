//! Both sides. One file or folder per page.

mod agent;
mod agent_flows;
mod agent_settings;
mod agents;
mod approval;
mod approvals;
mod compare;
mod connect;
mod dashboard;
mod execution;
mod executions;
mod failures;
mod flow;
mod flows;
mod login;
mod not_found;
mod notifications;
mod setup;

pub use agent_settings::AgentPages;
pub use execution::Execution;
pub use executions::{Executions, Menus};
pub use not_found::NotFound;

use super::kit::late;
use super::late::{AGENT_PAGES, APPROVALS, FLOWS, PAGES, RUN};
use leptos::prelude::*;

/// The pages that are loaded when they are first gone to.
#[derive(Clone, Copy)]
pub struct Pages {
    agent: fn() -> AnyView,
    agents: fn() -> AnyView,
    compare: fn() -> AnyView,
    dashboard: fn() -> AnyView,
    failures: fn() -> AnyView,
    login: fn() -> AnyView,
    set_up: fn() -> AnyView,
}

impl Pages {
    pub const ALL: Self = Self {
        agent: || view! { <agent::Agent/> }.into_any(),
        agents: || view! { <agents::Agents/> }.into_any(),
        compare: || view! { <compare::Compare/> }.into_any(),
        dashboard: || view! { <dashboard::Dashboard/> }.into_any(),
        failures: || view! { <failures::Failures/> }.into_any(),
        login: || view! { <login::Login/> }.into_any(),
        set_up: || view! { <setup::SetUp/> }.into_any(),
    };
}

/// What runs ask of people.
#[derive(Clone, Copy)]
pub struct ApprovalPages {
    all: fn() -> AnyView,
    one: fn() -> AnyView,
}

impl ApprovalPages {
    pub const ALL: Self = Self {
        all: || view! { <approvals::Approvals/> }.into_any(),
        one: || view! { <approval::ApprovalView/> }.into_any(),
    };
}

/// The pages of flows.
#[derive(Clone, Copy)]
pub struct FlowPages {
    all: fn() -> AnyView,
    one: fn() -> AnyView,
}

impl FlowPages {
    pub const ALL: Self =
        Self { all: || view! { <flows::Flows/> }.into_any(), one: || view! { <flow::FlowPage/> }.into_any() };
}

pub fn agent() -> AnyView {
    late(&PAGES, |pages| (pages.agent)())
}

pub fn new_agent() -> AnyView {
    late(&AGENT_PAGES, |pages| (pages.new)())
}

pub fn connect() -> AnyView {
    late(&AGENT_PAGES, |pages| (pages.connect)())
}

pub fn agent_settings() -> AnyView {
    late(&AGENT_PAGES, |pages| (pages.settings)())
}

pub fn agents() -> AnyView {
    late(&PAGES, |pages| (pages.agents)())
}

pub fn approval() -> AnyView {
    late(&APPROVALS, |pages| (pages.one)())
}

pub fn approvals() -> AnyView {
    late(&APPROVALS, |pages| (pages.all)())
}

pub fn compare() -> AnyView {
    late(&PAGES, |pages| (pages.compare)())
}

pub fn dashboard() -> AnyView {
    late(&PAGES, |pages| (pages.dashboard)())
}

pub fn execution() -> AnyView {
    late(&RUN, |run| (run.page)())
}

pub fn failures() -> AnyView {
    late(&PAGES, |pages| (pages.failures)())
}

pub fn flow() -> AnyView {
    late(&FLOWS, |pages| (pages.one)())
}

pub fn flows() -> AnyView {
    late(&FLOWS, |pages| (pages.all)())
}

pub fn login() -> AnyView {
    late(&PAGES, |pages| (pages.login)())
}

pub fn notifications() -> AnyView {
    late(&AGENT_PAGES, |pages| (pages.notifications)())
}

pub fn set_up() -> AnyView {
    late(&PAGES, |pages| (pages.set_up)())
}
