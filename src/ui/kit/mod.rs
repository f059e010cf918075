//! Both sides. Building blocks that know nothing of the application.

mod button;
mod chip;
mod dialog;
pub mod format;
mod icon;
mod late;
mod listbox;
mod menu;
mod note;

pub use button::{Button, Look, copying};
pub use chip::{Chip, ErrorChip};
pub use dialog::ConfirmDialog;
pub use icon::{Icon, Sprite};
pub use late::late;
pub use listbox::{Listbox, OptionLine, OptionList};
pub use menu::{Kebab, Menu};
pub use note::{Command, EmptyState, ErrorNote};
