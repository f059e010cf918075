//! Server. Starting, stopping, pausing and retrying runs. What is asked for is written down as a row of the queue and as a mark
//! on the run; the engine, of this server or another, picks it up.

mod flow;
mod pause;
mod retry;
mod start;
mod stop;

pub(crate) use flow::{first_run, may_start};
pub use flow::{start_flow, start_flow_once};
pub use pause::{pause, resume};
pub(crate) use retry::{From, again, flow_again, retry_in};
pub use retry::{retry, retry_once};
pub(crate) use start::{NO_COMMANDS, Start, enqueue, may_wait, startable};
pub use start::{start, start_once};
pub(crate) use stop::terminate_in;
pub use stop::{record_of, terminate};

use super::App;
use crate::domain::Result;
use crate::store::queue;
use tokio::sync::Notify;

/// How many of the runs that Runboard does itself stand where in the queue.
pub async fn waiting_and_working(app: &App) -> Result<Vec<(String, i64)>> {
    queue::by_state(&mut app.store.read()).await
}

/// What wakes the engine of this server.
#[derive(Default)]
pub struct Bell(Notify);

impl Bell {
    /// There may be something to do.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
