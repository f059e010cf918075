//! Server. What runs ask of people: approvals and questions. Every change is one transaction with the run's own: decided
//! and going on, or decided and failed, never one without the other.

mod ask;
mod check;
mod decide;
mod expire;
mod people;
mod read;
mod rules;
mod seen;
mod settle;
mod told;

pub(crate) use ask::{By, ask_in};
pub use ask::{ask, withdraw};
pub(crate) use check::{canonical, interaction as check_new};
pub(crate) use decide::decidable;
pub use decide::{answer, remove_approver, respond, respond_to_many};
pub use expire::expire_due;
pub(crate) use people::named as check_named;
pub use read::{find, get, list, page, part, waiting_for};
pub use rules::{list as list_rules, make_rule, revoke_rule};
pub(crate) use seen::{changed_for, of_run, outcomes};
pub(crate) use settle::{finish_step, none_pending, recount_without, run_ended, stop_asked};
