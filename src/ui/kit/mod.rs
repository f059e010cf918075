//! Both sides. Building blocks that know nothing of the application.

mod boxed;
mod button;
mod chip;
mod dialog;
mod fields;
pub mod format;
mod icon;
mod late;
mod listbox;
mod note;
mod steady;

pub use boxed::{act, attr_of, follow, view_of};
pub use button::{Button, Look, copying};
pub use chip::{Chip, ErrorChip};
pub use dialog::ConfirmDialog;
pub use fields::{Field, Fields, Input};
pub use icon::{Icon, Sprite};
pub use late::{late, late_details, late_kebab, late_menu};
pub use listbox::{Listbox, OptionLine, OptionList};
pub use note::{Command, EmptyState, ErrorNote};
pub use steady::steady;
