//! Both sides. One file or folder per page.

mod agent;
mod agents;
mod compare;
mod dashboard;
mod execution;
mod executions;
mod failures;
mod login;
mod not_found;
mod setup;

pub use agent::Agent;
pub use agents::Agents;
pub use compare::Compare;
pub use dashboard::Dashboard;
pub use execution::Execution;
pub use executions::Executions;
pub use failures::Failures;
pub use login::Login;
pub use not_found::NotFound;
pub use setup::SetUp;
