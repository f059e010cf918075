//! Both sides. Building blocks that know the application.

mod asides;
mod bulk;
mod connection;
mod drawer;
mod head;
mod keys;
mod nav;
mod notice;
mod notify;
mod pause;
mod problem;
pub mod run;
pub mod runs;
mod signed;
mod start;
mod status;
mod stop;
mod sure;
mod time;

pub use asides::Asides;
pub use bulk::{BulkBar, BulkDialog};
pub use connection::{ConnectionMark, live_running};
pub use drawer::{Drawer, RunDrawer, drawer};
pub use head::PageHead;
pub use keys::Shortcuts;
pub use nav::Nav;
pub use notice::NoticeLine;
pub use notify::NotifyChoice;
pub use pause::{pause_button, pause_note};
pub use problem::Problem;
pub use signed::Signed;
pub use start::{StartDialog, Starting, retry_item, use_start};
pub use status::{AskMark, StatusMark, status_class, status_word};
pub use stop::{StopDialog, StopRequest, use_stop};
pub use sure::{AskedAbout, Sure, sure_dialog};
pub use time::{Elapsed, RelativeTime, Unknown, exact};
