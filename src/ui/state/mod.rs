//! Both sides. What changes while a page is open. The files without signals are pure and tested natively.

mod acks;
pub mod approval;
pub mod approvals;
pub mod asks;
pub mod bars;
pub mod beside;
pub mod bulk;
pub mod chips;
pub mod clock;
pub mod complete;
pub mod fleet;
pub mod flow_draft;
pub mod flow_runs;
pub mod flows;
pub mod link;
pub mod list;
pub mod live;
pub mod notice;
pub mod notify;
pub mod numbers;
pub mod palette;
pub mod picks;
pub mod query;
pub mod runs;
#[cfg(test)]
mod sample;
pub mod selection;
pub mod session;
pub mod theme;
pub mod trail;
pub mod turn;
pub mod under_way;
pub mod url;
pub mod waiting;
pub mod why;
pub mod window;
