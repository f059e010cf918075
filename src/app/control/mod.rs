//! Server. Starting, stopping, pausing and retrying runs. What is asked for is written down as a row of the queue and as a mark
//! on the run; the engine, of this server or another, picks it up.

mod flow;
mod pause;
mod retry;
mod start;
mod stop;

pub use flow::{start_flow, start_flow_once};
pub use pause::{pause, resume};
pub(crate) use retry::{From, again, flow_again, retry_in};
pub use retry::{retry, retry_once};
pub(crate) use start::{NO_COMMANDS, Start, enqueue, may_wait, startable};
pub use start::{start, start_once};
pub(crate) use stop::terminate_in;
pub use stop::{record_of, terminate};

use tokio::sync::Notify;

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
