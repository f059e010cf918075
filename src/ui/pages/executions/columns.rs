//! Both sides. Which columns the list has: the address wins, else what was chosen on this machine, else the usual ones.

use crate::browser;
use crate::domain::{Column, Columns};
use crate::ui::kit::{Button, Icon, Look, act, attr_of, follow};
use crate::ui::parts::runs::{Layout, ShownLayout};
use crate::ui::state::query::PageQuery;
use crate::ui::state::url::PageUrl;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use std::sync::Arc;

const KEY: &str = "runboard.columns";

#[derive(Clone, Copy)]
pub struct ChosenColumns {
    url: PageUrl,
    /// What this machine remembers; known after hydration.
    kept: RwSignal<Option<Columns>>,
    pub shown: Memo<Columns>,
    pub layout: Memo<Arc<Layout>>,
}

impl ChosenColumns {
    /// Tells the list's rows and head too.
    pub fn provide(url: PageUrl) -> Self {
        let kept = RwSignal::new(None::<Columns>);
        let shown =
            Memo::new(move |_| url.query.with(|q| q.columns.clone()).or_else(|| kept.get()).unwrap_or_default());
        let layout = Memo::new(move |_| Arc::new(shown.with(Layout::of)));
        provide_context(ShownLayout(layout));
        // A column that is gone since is left out; the address would say so.
        follow(move || kept.set(browser::stored(KEY).map(|text| Columns::parse(&text).0)));
        Self { url, kept, shown, layout }
    }

    fn choose(self, columns: Columns) {
        let usual = columns == Columns::default();
        if usual {
            browser::forget(KEY);
        } else {
            browser::store(KEY, &columns.to_string());
        }
        self.kept.set((!usual).then(|| columns.clone()));
        let now = self.url.query.get_untracked();
        self.url.replace(&PageQuery { columns: (!usual).then_some(columns), ..now });
    }
}

pub fn panel(columns: ChosenColumns) -> AnyView {
    let hidden = move || columns.shown.with(|c| Column::ALL.into_iter().filter(|x| !c.has(*x)).collect::<Vec<_>>());
    let lines = move || columns.shown.with(|c| c.list().to_vec()).into_iter().chain(hidden()).collect::<Vec<_>>();
    view! {
                <ul class="columns-menu" aria-label="Columns, in their order">
                    <For each=lines key=|c| *c let:column><Line columns column/></For>
                </ul>
                <div class="menu-foot">
                    <Button small=true look=Look::Quiet on_press=move |_| columns.choose(Columns::default())>"Usual columns"</Button>
                </div>
    }
    .into_any()
}

#[component]
fn Line(columns: ChosenColumns, column: Column) -> impl IntoView {
    let on = move || columns.shown.with(|c| c.has(column));
    let show = move |e| columns.choose(columns.shown.get_untracked().with(column, event_target_checked(&e)));
    let at = move || columns.shown.with(|c| c.list().iter().position(|x| *x == column));
    let last = move || columns.shown.with(|c| c.list().len() - 1);
    let step = move |right: bool| {
        columns.choose(columns.shown.get_untracked().moved(column, right));
        // The line has a new place in the page, which takes the focus from it.
        let word = if right { "down" } else { "up" };
        browser::focus_later(format!("[data-column={}] [data-step={word}]", column.as_str()));
    };
    let arrow = move |right: bool| {
        let (icon, word) = if right { ("down", "down") } else { ("up", "up") };
        let stuck = move || at().is_none_or(|i| i == if right { last() } else { 0 });
        // Not disabled at the ends: that would take the focus away.
        view! {
            <button type="button" class="btn quiet small" data-step=word aria-label=format!("Move {} {word}", column.title())
                aria-disabled=attr_of(move || stuck().to_string()) on:click=act(move |_: MouseEvent| if !stuck() { step(right) })><Icon name=icon/></button>
        }
    };
    view! {
        <li class="column-line" data-column=column.as_str()>
            <label>
                <input type="checkbox" checked=attr_of(on) prop:checked=attr_of(on) disabled=!column.may_go() on:change=show/>
                {column.title()}
            </label>
            <Show when=on>{arrow(false)} {arrow(true)}</Show>
        </li>
    }
}
