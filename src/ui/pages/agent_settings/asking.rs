//! Both sides. One request of a form at a time, and what came of it.

use crate::browser;
use crate::domain::Error;
use crate::domain::error::readable;
use crate::ui::kit::{Fields, attr_of, follow, view_of};
use crate::ui::state::clock::use_clock;
use crate::ui::state::live::{Live, use_live};
use leptos::prelude::*;
use std::future::Future;
use std::pin::Pin;

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

#[derive(Clone, Copy)]
pub struct Asking {
    live: Live,
    pub busy: RwSignal<bool>,
    problem: RwSignal<Option<String>>,
    done: RwSignal<Option<String>>,
}

impl Asking {
    pub fn new() -> Self {
        Self { live: use_live(), busy: RwSignal::new(false), problem: RwSignal::new(None), done: RwSignal::new(None) }
    }

    /// For a form: what came of the last request is no more to be said once something else is written.
    pub fn for_form(fields: Fields) -> Self {
        let asking = Self::new();
        follow(move || {
            if fields.changed() {
                asking.quiet();
            }
        });
        asking
    }

    /// Sends what a form has. What is wrong with a field stands beside it.
    pub fn of<T: 'static>(self, fields: Fields, ask: Answer<T>, then: impl FnOnce(T) + 'static) {
        fields.clear_errors();
        self.ask(ask, move |e| fields.fail(e), then);
    }

    /// Sends a request that has no fields.
    pub fn alone<T: 'static>(self, ask: Answer<T>, then: impl FnOnce(T) + 'static) {
        self.ask(ask, |e| readable(&e.to_string()), then);
    }

    fn ask<T: 'static>(
        self,
        ask: Answer<T>,
        fail: impl FnOnce(&Error) -> String + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.quiet();
        browser::spawn(async move {
            let answer = ask.await;
            // The reader may have gone elsewhere meanwhile.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(value) => then(value),
                Err(e) => {
                    self.live.note_error(&e);
                    self.problem.set(Some(fail(&e)));
                }
            }
        });
    }

    /// What is wrong is known without asking.
    pub fn fails(self, fields: Fields, error: &Error) {
        self.quiet();
        self.problem.set(Some(fields.fail(error)));
    }

    pub fn say(self, text: impl Into<String>) {
        self.done.set(Some(text.into()));
    }

    /// It was answered, with a no.
    pub fn refuse(self, text: impl Into<String>) {
        self.problem.set(Some(text.into()));
    }

    pub fn quiet(self) {
        self.problem.set(None);
        self.done.set(None);
    }

    /// What came of it.
    pub fn words(self) -> AnyView {
        view! {
            <p class="asked" role="status">{view_of(move || self.done.get())}</p>
            {view_of(move || self.problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> }))}
        }
        .into_any()
    }

    /// The button that sends a form.
    pub fn submit(self, word: &'static str) -> AnyView {
        view! { <button type="submit" class="btn primary needs-js" disabled=attr_of(move || self.busy.get())>{word}</button> }
            .into_any()
    }
}

/// What is written before the page can hear it would be lost.
pub fn unheard() -> Box<dyn FnMut() -> bool + Send> {
    let clock = use_clock();
    attr_of(move || !clock.hydrated())
}
