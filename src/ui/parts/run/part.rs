//! Both sides. What a view needs besides the record: read with the record at first, and alone when the view changes.

use super::calls::Calls;
use super::log::Log;
use super::state::RunState;
use super::steps::Steps;
use super::tabs::Tab;
use super::trace::Trace;
use crate::browser;
use crate::domain::{Error, RunRecord, SpanPage, Step};
use crate::server_fns::{LogPage, ToolCallPage, get_run, list_spans, list_steps, list_tool_calls, read_log};
use crate::ui::kit::{ErrorNote, follow, view_of};
use crate::ui::state::live::use_live;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    Steps(Vec<Step>),
    Calls(ToolCallPage),
    Trace(SpanPage),
    Log(LogPage),
}

impl Part {
    /// `None` for a view that shows the record alone.
    async fn load(tab: Tab, id: String) -> Option<Result<Self, Error>> {
        match tab {
            Tab::Overview | Tab::Json => None,
            Tab::Steps => Some(list_steps(id).await.map(Self::Steps)),
            Tab::Tools => Some(list_tool_calls(id, None).await.map(Self::Calls)),
            Tab::Trace => Some(list_spans(id, None).await.map(Self::Trace)),
            Tab::Log => Some(read_log(id, None).await.map(Self::Log)),
        }
    }
}

/// A run as it is opened: one answer, so that the server's HTML holds the view that the URL names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub record: RunRecord,
    pub part: Option<Result<Part, Error>>,
}

/// Reads the record and what `tab` needs, at once.
pub async fn open_run(id: String, tab: Tab) -> Result<Opened, Error> {
    let (record, part) = futures::join!(get_run(id.clone()), Part::load(tab, id));
    Ok(Opened { record: record?, part })
}

/// What came with the page; the first who takes it shows it.
pub type First = StoredValue<Option<Result<Opened, Error>>>;

/// A run on its way with the page.
pub type Opening = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = First> + Send>> + Send + Sync>;

/// Blocking: the server's HTML holds the run.
pub fn open_with_page(id: String, tab: Tab) -> Opening {
    let opened = Resource::new_blocking(|| (), move |()| open_run(id.clone(), tab));
    Arc::new(move || Box::pin(async move { StoredValue::new(Some(opened.await)) }))
}

/// A view with its part: waiting, failed, here.
#[component]
pub fn PartView(run: RunState, tab: Tab, first: Option<Result<Part, Error>>) -> impl IntoView {
    let live = use_live();
    // What the server rendered can be read without JavaScript; what is made here need not be.
    let plain = first.is_some();
    let part = RwSignal::new(first);
    follow(move || {
        if part.with(Option::is_none) {
            let id = run.id();
            browser::spawn(async move {
                let loaded = Part::load(tab, id).await;
                if let Some(Err(error)) = &loaded {
                    live.note_error(error);
                }
                // Another view was opened meanwhile: this answer is for nobody.
                drop(part.try_set(loaded));
            });
        }
    });
    view_of(move || match part.get() {
        None => view! { <p class="loading" role="status">"Loading"</p> }.into_any(),
        Some(Ok(Part::Steps(steps))) => view! { <Steps run steps/> }.into_any(),
        Some(Ok(Part::Calls(first))) => view! { <Calls run first plain/> }.into_any(),
        Some(Ok(Part::Trace(first))) => view! { <Trace run first/> }.into_any(),
        Some(Ok(Part::Log(first))) => view! { <Log run first/> }.into_any(),
        Some(Err(error)) => {
            view! { <ErrorNote message=error.to_string() on_retry=move |()| part.set(None)/> }.into_any()
        }
    })
}
