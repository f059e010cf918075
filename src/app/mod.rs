//! Server. The operations by name; bodies follow.
use crate::domain::*;
pub struct Caller;
pub async fn caller() -> Result<Caller> {
    Err(Error::Unauthenticated)
}
macro_rules! f { ($m:ident { $($n:ident($($t:ty),*) -> $r:ty;)* }) => { pub mod $m { use crate::domain::*; use super::Caller; $(pub async fn $n(_: &Caller, $(_: $t),*) -> Result<$r> { Err(Error::Unauthenticated) })* } } }
mod x {
    pub type S<'a> = &'a str;
}
f!(executions { list_for_page(&str, Option<String>) -> ExecutionPage; get(&str) -> ExecutionDetail; terminate(&str, bool) -> ExecutionSummary; });
f!(stats { for_page(&str) -> Stats; });
f!(parts { steps_for_page(&str) -> Vec<Step>; tool_calls(&str, Option<String>, Option<i64>) -> (Vec<ToolCall>, Option<String>); log_for_page(&str, Option<i64>) -> (Vec<LogLine>, i64); });
f!(agents { list() -> Vec<AgentSummary>; });
pub mod session {
    use crate::domain::*;
    pub async fn describe() -> Result<crate::server_fns::Session> {
        Err(Error::Unauthenticated)
    }
    pub async fn sign_in_page(_: String, _: String, _: Option<String>) -> Result<()> {
        Err(Error::Unauthenticated)
    }
    pub async fn sign_out_page() -> Result<()> {
        Err(Error::Unauthenticated)
    }
    pub async fn set_up_page(_: String, _: String, _: String, _: String) -> Result<()> {
        Err(Error::Unauthenticated)
    }
}
