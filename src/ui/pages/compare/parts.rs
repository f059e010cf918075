//! Both sides. Steps or tool calls of two runs beside each other.

use crate::domain::{ComparedPart, ComparedParts, PartSide, PartStatus, Status};
use crate::ui::kit::format;
use crate::ui::parts::StatusMark;
use leptos::prelude::*;

pub fn view(title: &'static str, parts: ComparedParts) -> Option<AnyView> {
    if parts.rows.is_empty() {
        return None;
    }
    let cut = parts.cut.then(|| view! { <p class="muted">"Only the first 500 of each run are compared."</p> });
    let section = view! {
        <section>
            <h2>{title}</h2>
            <ol class="compare-parts">{parts.rows.into_iter().map(row).collect::<Vec<_>>()}</ol>
            {cut}
        </section>
    };
    Some(section.into_any())
}

fn row(part: ComparedPart) -> AnyView {
    let said = match (&part.a, &part.b) {
        (Some(_), None) => Some("only in A".to_owned()),
        (None, Some(_)) => Some("only in B".to_owned()),
        _ => (!part.differs.is_empty()).then(|| format!("≠ {}", part.differs.join(", "))),
    };
    let differ = said.is_some();
    view! {
        <li class:differ=differ>
            {said.map(|text| view! { <span class="differs">{text}</span> })}
            {side("A", part.a)}{side("B", part.b)}
        </li>
    }
    .into_any()
}

fn side(name: &'static str, side: Option<PartSide>) -> AnyView {
    let Some(side) = side else {
        return view! { <div class="compare-none" aria-hidden="true">{format::UNKNOWN}</div> }.into_any();
    };
    let status = match side.status {
        PartStatus::Running => Status::Running,
        PartStatus::Success => Status::Success,
        PartStatus::Failed => Status::Failed,
    };
    view! {
        <div>
            <p><span class="compare-name">{name}</span><strong>{side.name}</strong><StatusMark status/>
                <span class="muted">{side.duration_ms.map(format::duration)}</span></p>
            <p class="compare-note" dir="auto">{side.note}</p>
        </div>
    }
    .into_any()
}
