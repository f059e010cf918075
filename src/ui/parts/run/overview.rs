//! Both sides. What went in, what came out, what it took.

use super::asks::asked;
use super::facts::Facts;
use super::heading::heading;
use super::json::JsonTree;
use super::related::Related;
use super::state::RunState;
use super::text::LongText;
use crate::domain::ToldInSpans;
use crate::ui::kit::view_of;
use crate::ui::paths;
use leptos::prelude::*;

#[component]
pub fn Overview(run: RunState) -> impl IntoView {
    let error = Memo::new(move |_| run.detail.with(|d| d.summary.error.clone().filter(|e| !e.is_empty())));
    let response = Memo::new(move |_| run.detail.with(|d| d.response.clone().filter(|r| !r.is_empty())));
    let message = Memo::new(move |_| run.detail.with(|d| d.summary.message.clone()));
    let response_markup = Memo::new(move |_| run.extras.with(|e| e.response.clone()));
    let message_markup = Memo::new(move |_| run.extras.with(|e| e.message.clone()));
    let labels = Memo::new(move |_| run.detail.with(|d| d.summary.labels.clone()));
    let metadata = Memo::new(move |_| run.detail.with(|d| d.metadata.clone().filter(|m| !m.is_null())));
    let told = Memo::new(move |_| run.detail.with(|d| ToldInSpans::of(d.metadata.as_ref())));
    let lacks = move |part: &'static str| told.with(|t| t.as_ref().is_some_and(|t| t.lacks(part)));
    let no_message = Memo::new(move |_| lacks("message"));
    let no_response = Memo::new(move |_| lacks("response") && !run.unfinished() && error.with(Option::is_none));
    // Made once and kept, so that a text that grows does not close what the reader opened.
    let has_error = Memo::new(move |_| error.with(Option::is_some));
    let has_response = Memo::new(move |_| response.with(Option::is_some));
    let has_message = Memo::new(move |_| message.with(|m| !m.is_empty()));
    view! {
        <div class="overview">
        <Show when=move || has_error.get()>
            <div class="run-error"><LongText title="Error" text=Signal::derive(move || error.get().unwrap_or_default())/></div>
        </Show>
        <div class="overview-side"><Facts run/></div>
        <Show when=move || has_message.get()><LongText title="Message" text=message markup=message_markup.into()/></Show>
        <Show when=move || has_response.get()>
            <LongText title="Response" text=Signal::derive(move || response.get().unwrap_or_default()) markup=response_markup.into()/>
        </Show>
        {not_recorded(no_message, no_response)}
        {asked(run)}
        <Related run/>
        {view_of(move || {
            let labels = labels.get();
            (!labels.is_empty()).then(|| view! {
                <section class="labels">
                    {heading("Labels".to_owned())}
                    <ul>{labels.into_iter().map(|(k, v)| view! { <li><span>{k}</span>{v}</li> }).collect_view()}</ul>
                </section>
            })
        })}
        {view_of(move || metadata.get().map(|value| view! { <section class="text">{heading("Metadata".to_owned())}<JsonTree value/></section> }))}
        </div>
    }
}

/// Emitters leave content out unless they are told to record it: that is not the same as an empty text.
fn not_recorded(message: Memo<bool>, response: Memo<bool>) -> impl IntoView {
    let words = move || match (message.get(), response.get()) {
        (true, true) => Some(("Message and response", "neither")),
        (true, false) => Some(("Message", "no message")),
        (false, true) => Some(("Response", "no response")),
        (false, false) => None,
    };
    view_of(move || {
        words().map(|(what, lacks)| {
            view! {
                <section class="text not-recorded">
                    {heading(what.to_owned())}
                    <p class="muted">{format!("Not recorded: the spans hold {lacks}. ")}
                        <a class="link" href=paths::CONNECT>"How to record content"</a></p>
                </section>
            }
        })
    })
}
