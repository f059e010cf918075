//! Both sides. How the chosen columns share the width of a list: the tracks of its grid, and what gives way.

use crate::domain::columns::tracks;
use crate::domain::{Column, Columns};
use leptos::prelude::*;
use std::sync::Arc;

/// The list at its widest, px.
const WIDE: u32 = 1_392;

/// Class and room of the three narrower layouts; the stylesheet has their widths.
const NARROW: [(&str, &str, u32); 3] =
    [("hide-l", "--cols-l", 1_052), ("hide-m", "--cols-m", 773), ("hide-s", "--cols-s", 593)];

#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The columns with their classes, in order.
    pub cells: Vec<(Column, String)>,
    /// The tracks, as CSS variables of the list.
    pub style: String,
}

impl Layout {
    pub fn of(columns: &Columns) -> Self {
        let all = columns.list();
        let mut style = format!("--cols: {};", tracks(all, WIDE));
        let fitting = NARROW.map(|(class, variable, px)| {
            let kept = columns.fitting(px);
            style.extend([" ", variable, ": ", &tracks(&kept, px), ";"]);
            (class, kept)
        });
        let class = |column: Column| {
            let mut class = classes(column);
            for (hide, kept) in &fitting {
                if !kept.contains(&column) {
                    class = format!("{class} {hide}");
                }
            }
            (column, class)
        };
        Self { cells: all.iter().copied().map(class).collect(), style }
    }
}

fn classes(column: Column) -> String {
    let name = match column {
        Column::Started => "time",
        Column::Message => "what",
        other => other.as_str(),
    };
    let look = match column {
        Column::Status | Column::Message => "",
        Column::Trigger => " muted",
        Column::Started => " muted num",
        Column::Agent | Column::Model | Column::Labels | Column::Thread => " ell",
        _ => " num",
    };
    format!("c-{name}{look}")
}

/// In context where the reader can choose columns.
#[derive(Clone, Copy)]
pub struct ShownLayout(pub Memo<Arc<Layout>>);

pub fn use_layout() -> Signal<Arc<Layout>> {
    match use_context::<ShownLayout>() {
        Some(shown) => shown.0.into(),
        None => Signal::stored(Arc::new(Layout::of(&Columns::default()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_has_the_same_tracks_for_lists_without_a_choice() {
        let sheet = include_str!("../../../../style/pages/_columns.scss");
        let style = Layout::of(&Columns::default()).style;
        assert!(sheet.contains(&style), "{style}");
    }

    #[test]
    fn what_has_no_room_is_hidden_and_has_no_track() {
        let layout = Layout::of(&Columns::default());
        let hidden = |class: &str| layout.cells.iter().filter(|(_, c)| c.contains(class)).count();
        assert_eq!((hidden("hide-l"), hidden("hide-m")), (0, 2));
    }
}
