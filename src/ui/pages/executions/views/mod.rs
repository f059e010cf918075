//! Both sides. Saved views: links that work without JavaScript, and with it what makes and changes them.

mod line;

use crate::browser;
use crate::domain::view::{NewView, View, ViewPage, ViewPatch};
use crate::domain::{Columns, Error, Role};
use crate::server_fns::{change_view, delete_view, list_views, save_view};
use crate::ui::kit::{Button, act, attr_of, view_of};
use crate::ui::state::live::{Live, use_live};
use crate::ui::state::query::PageQuery;
use crate::ui::state::session::use_me;
use crate::ui::state::url::PageUrl;
use leptos::ev::Event;
use leptos::prelude::*;
use line::Line;
use std::future::Future;

#[derive(Clone, Copy)]
pub struct Views {
    live: Live,
    url: PageUrl,
    columns: Memo<Columns>,
    list: RwSignal<Vec<View>>,
    /// There are more than were read.
    more: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
    /// Just deleted: what would make it again.
    deleted: RwSignal<Option<NewView>>,
    busy: RwSignal<bool>,
    /// May the viewer change what others share?
    admin: bool,
}

impl Views {
    pub fn new(url: PageUrl, columns: Memo<Columns>, first: Result<ViewPage, Error>) -> Self {
        let (page, problem) = match first {
            Ok(page) => (page, None),
            Err(e) => (ViewPage { views: Vec::new(), next_cursor: None }, Some(e.to_string())),
        };
        let views = Self {
            live: use_live(),
            url,
            columns,
            list: RwSignal::new(Vec::new()),
            more: RwSignal::new(false),
            problem: RwSignal::new(problem),
            deleted: RwSignal::new(None),
            busy: RwSignal::new(false),
            admin: use_me().role == Role::Admin,
        };
        views.take(page);
        views
    }

    /// What the viewer begins with.
    pub fn default_query(self) -> Option<String> {
        self.list.with_untracked(|l| l.iter().find(|v| v.default).map(|v| v.query.clone()))
    }

    fn take(self, page: ViewPage) {
        let mut list = page.views;
        list.sort_by_cached_key(|v| (!v.mine, v.name.to_lowercase(), v.id.clone()));
        self.list.set(list);
        self.more.set(page.next_cursor.is_some());
    }

    /// What is on the page now, as a view keeps it: with its columns, whatever others like.
    fn shown(self) -> String {
        let columns = Some(self.columns.get());
        self.url.query.with(|q| PageQuery { columns, errors: Vec::new(), ..q.clone() }.view())
    }

    /// What is not understood can't be saved.
    fn wrong(self) -> bool {
        let wrong = self.url.query.with_untracked(|q| !q.errors.is_empty());
        if wrong {
            self.problem.set(Some("Remove what is not understood first".to_owned()));
        }
        wrong
    }

    /// Asks, then reads the list again. One thing at a time: a double click saves once.
    fn act<T: 'static>(self, ask: impl Future<Output = Result<T, Error>> + 'static, then: impl FnOnce() + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.problem.set(None);
        browser::spawn(async move {
            let answer = match ask.await {
                Ok(_) => list_views().await,
                Err(e) => Err(e),
            };
            match answer {
                Ok(page) => {
                    self.take(page);
                    then();
                }
                Err(e) => {
                    self.live.note_error(&e);
                    self.problem.set(Some(e.to_string()));
                }
            }
            self.busy.set(false);
        });
    }

    fn change(self, id: String, patch: ViewPatch) {
        self.act(change_view(id, patch), || ());
    }

    fn delete(self, view: View) {
        let again = NewView { name: view.name, query: view.query, shared: view.shared, default: view.default };
        self.act(delete_view(view.id), move || {
            self.deleted.set(Some(again));
            browser::focus_later(".view-undo button".to_owned());
        });
    }
}

pub fn panel(views: Views) -> AnyView {
    let ids = move |mine: bool| {
        move || views.list.with(|l| l.iter().filter(|v| v.mine == mine).map(|v| v.id.clone()).collect::<Vec<_>>())
    };
    let any = move |mine: bool| move || views.list.with(|l| l.iter().any(|v| v.mine == mine));
    view! {
            <div class="views">
                <Show when=move || views.list.with(Vec::is_empty)>
                    <p class="menu-note">"No saved views yet. A view keeps filter, order and columns."</p>
                </Show>
                <Show when=any(true)>
                    <h2>"Mine"</h2>
                    <ul><For each=ids(true) key=String::clone let:id><Line views id/></For></ul>
                </Show>
                <Show when=any(false)>
                    <h2>"Shared with me"</h2>
                    <ul><For each=ids(false) key=String::clone let:id><Line views id/></For></ul>
                </Show>
                <Show when=move || views.more.get()><p class="menu-note">"The first 200 views."</p></Show>
                <Undo views/>
                <SaveAs views/>
                {view_of(move || views.problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
            </div>
    }
    .into_any()
}

#[component]
fn Undo(views: Views) -> impl IntoView {
    let again = move |_| {
        if let Some(view) = views.deleted.get_untracked() {
            views.act(save_view(view), move || views.deleted.set(None));
        }
    };
    view_of(move || {
        views.deleted.get().map(|view| {
            view! {
                <p class="view-undo" role="status">
                    <span class="ell">{format!("Deleted “{}”", view.name)}</span>
                    <Button small=true on_press=again>"Undo"</Button>
                </p>
            }
        })
    })
}

#[component]
fn SaveAs(views: Views) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let save = move |e: leptos::ev::SubmitEvent| {
        e.prevent_default();
        if !views.wrong() {
            let new = NewView { name: name.get_untracked(), query: views.shown(), shared: false, default: false };
            views.act(save_view(new), move || name.set(String::new()));
        }
    };
    view! {
        <form class="save-view needs-js" on:submit=save>
            <label>
                <span>"Save what is shown as"</span>
                <input type="text" maxlength="80" autocomplete="off" placeholder="Name" prop:value=name on:input=act(move |e: Event| name.set(event_target_value(&e)))/>
            </label>
            <button type="submit" class="btn small" disabled=attr_of(move || views.busy.get() || name.with(|n| n.trim().is_empty()))>"Save"</button>
        </form>
    }
}
