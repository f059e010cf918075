//! Both sides. A question about one thing before something is done with it that can't be undone.

use crate::browser;
use crate::domain::Error;
use crate::ui::kit::ConfirmDialog;
use crate::ui::state::live::use_live;
use leptos::prelude::*;

/// Id and name of the thing that is asked about, if one is.
pub type AskedAbout = RwSignal<Option<(String, String)>>;

/// What the dialog says.
#[derive(Clone, Copy)]
pub struct Sure {
    /// Of its title, where a page has several dialogs.
    pub id: &'static str,
    /// Of the thing's name.
    pub title: fn(&str) -> String,
    pub body: &'static str,
    /// The verb on the confirming button.
    pub confirm: &'static str,
}

/// Asks as soon as `about` names something. `act` does it, by its id; `done` hears its name and the answer.
pub fn sure_dialog<T, F>(
    about: AskedAbout,
    words: Sure,
    act: impl Fn(String) -> F + Copy + Send + Sync + 'static,
    done: impl Fn(&str, T) + Copy + Send + Sync + 'static,
) -> AnyView
where
    F: Future<Output = Result<T, Error>> + 'static,
{
    let live = use_live();
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let close = move || {
        about.set(None);
        problem.set(None);
    };
    let is_about = move |id: &str| about.with_untracked(|a| a.as_ref().is_some_and(|(asked, _)| asked == id));
    let confirm = move |()| {
        let Some((id, name)) = about.get_untracked() else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        browser::spawn(async move {
            let answer = act(id.clone()).await;
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(answer) => {
                    if is_about(&id) {
                        close();
                    }
                    done(&name, answer);
                }
                Err(e) => {
                    live.note_error(&e);
                    // Who has closed the dialog meanwhile is not told in that of another thing.
                    if is_about(&id) {
                        problem.set(Some(e.to_string()));
                    }
                }
            }
        });
    };
    let title = move || about.with(|a| a.as_ref().map(|(_, name)| (words.title)(name))).unwrap_or_default();
    view! {
        <ConfirmDialog
            id=words.id
            open=Signal::derive(move || about.with(Option::is_some))
            title=Signal::derive(title)
            body=words.body
            confirm=words.confirm
            busy=busy
            problem=problem
            on_confirm=confirm
            on_close=move |()| close()
        />
    }
    .into_any()
}
