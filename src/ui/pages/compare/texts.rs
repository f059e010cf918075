//! Both sides. A text of two runs, line by line.

use super::differs;
use crate::domain::{DiffRow, TextDiff};
use crate::ui::kit::{format, view_of};
use leptos::prelude::*;

pub fn view(text: TextDiff) -> AnyView {
    let said =
        if text.same { view! { <span class="muted">"the same"</span> }.into_any() } else { differs(true).into_any() };
    let cut = text.cut.then(|| view! { <p class="muted">"Only the beginnings of these texts are compared."</p> });
    view! {
        <section>
            <h2>{text.name}" "{said}</h2>
            <div class="diff">{text.rows.into_iter().map(row).collect::<Vec<_>>()}</div>
            {cut}
        </section>
    }
    .into_any()
}

fn row(row: DiffRow) -> AnyView {
    match row {
        // Told once: the second one is for the eye.
        DiffRow::Same(line) => {
            let again = line.clone();
            view! { <div class="diff-same"><span dir="auto">{line}</span><span dir="auto" aria-hidden="true">{again}</span></div> }
                .into_any()
        }
        DiffRow::Skipped(lines) => {
            let lines = i64::try_from(lines).unwrap_or(i64::MAX);
            view! { <p class="diff-skipped">{view_of(move || format::plural(lines, "equal line", "equal lines"))}</p> }
                .into_any()
        }
        DiffRow::Changed(a, b) => {
            let side = |class: &'static str, name: &'static str, line: Option<String>| match line {
                Some(line) => {
                    view! { <span class=class dir="auto"><span class="visually-hidden">{name}</span>{line}</span> }
                        .into_any()
                }
                None => view! { <span class="diff-none"></span> }.into_any(),
            };
            view! { <div class="diff-changed">{side("diff-a", "Only in A: ", a)}{side("diff-b", "Only in B: ", b)}</div> }
                .into_any()
        }
    }
}
