//! In a real browser: what only a DOM can show.
#![cfg(target_arch = "wasm32")]

use leptos::html;
use leptos::mount::mount_to;
use leptos::prelude::*;
use runboard::domain::{ExecutionPage, ExecutionSummary, FrameType, ServerFrame};
use runboard::ui::parts::runs::{ListActions, RunList};
use runboard::ui::parts::{StartDialog, StopDialog};
use runboard::ui::state::clock::Clock;
use runboard::ui::state::live::Live;
use runboard::ui::state::query::PageQuery;
use runboard::ui::state::runs::{FirstPage, Runs};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlElement};

wasm_bindgen_test_configure!(run_in_browser);

fn run(n: usize, version: i64, status: &str) -> ExecutionSummary {
    let at = format!("2026-01-01T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60);
    serde_json::from_value(serde_json::json!({
        "id": format!("0199a3f2-0000-7000-8000-{n:012x}"), "agent_name": "build", "agent_display_name": "build",
        "status": status, "triggered_by": "cli", "message": format!("run {n}"), "has_error": false,
        "queued_at": at, "started_at": at, "updated_at": at, "tool_call_count": 0, "steps_done": 0, "attempt": 1,
        "labels": {}, "cancel_requested": false, "version": version,
    }))
    .expect("a run")
}

/// A mounted list of `n` runs, newest first.
fn mount(n: usize) -> (HtmlElement, Runs, impl Sized) {
    let document = web_sys::window().and_then(|w| w.document()).expect("a document");
    let place: HtmlElement = document.create_element("div").expect("made").unchecked_into();
    document.body().expect("a body").append_child(&place).expect("added");
    let page = ExecutionPage {
        executions: (0..n).rev().map(|i| run(i, 1, "running")).collect(),
        next_cursor: None,
        has_more: false,
        total_count: 0,
        total_is_capped: false,
        filters_applied: std::collections::BTreeMap::default(),
        as_of: 1,
    };
    let out = Rc::new(RefCell::new(None));
    let to = out.clone();
    let handle = mount_to(place.clone(), move || {
        let clock = Clock::new();
        let live = Live::new(clock);
        provide_context(clock);
        provide_context(live);
        let query = Memo::new(|_| PageQuery::default());
        let runs = Runs::new(
            live,
            clock,
            query,
            "executions".to_owned(),
            Ok(FirstPage { page, ever: true, numbers: None, bad_cursor: false }),
        );
        *to.borrow_mut() = Some(runs);
        let actions = ListActions {
            open: None,
            sortable: false,
            selected: RwSignal::new(None),
            base: StoredValue::new("/executions".to_owned()),
        };
        let area = NodeRef::<html::Div>::new();
        view! { <StopDialog><StartDialog/><RunList runs actions area/></StopDialog> }
    });
    let runs = out.borrow_mut().take().expect("mounted");
    (place, runs, handle)
}

fn rows(place: &HtmlElement) -> Vec<Element> {
    let list = place.query_selector_all("[data-execution-id]").expect("a selector");
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

fn news(run: ExecutionSummary, seq: i64) -> ServerFrame {
    ServerFrame { seq: Some(seq), execution: Some(Box::new(run)), ..ServerFrame::plain(FrameType::ExecutionUpdated) }
}

async fn settled() {
    leptos::task::tick().await;
    gloo_timers::future::TimeoutFuture::new(30).await;
}

#[wasm_bindgen_test]
async fn an_event_patches_one_row_in_place_and_leaves_every_other_element() {
    let (place, runs, _handle) = mount(8);
    settled().await;
    let before = rows(&place);
    assert_eq!(before.len(), 8);
    runs.list.update(|l| {
        l.apply(&news(run(5, 2, "failed"), 2), true);
    });
    settled().await;
    let after = rows(&place);
    assert_eq!(before, after, "the same elements in the same order");
    let states: Vec<_> = after.iter().filter_map(|r| r.get_attribute("data-status")).collect();
    assert_eq!(states.iter().filter(|s| *s == "failed").count(), 1);
    assert_eq!(states[2], "failed");
    place.remove();
}

#[wasm_bindgen_test]
async fn a_new_run_comes_in_at_the_top_and_moves_no_element() {
    let (place, runs, _handle) = mount(3);
    settled().await;
    let before = rows(&place);
    runs.list.update(|l| {
        l.apply(&news(run(100, 1, "running"), 2), true);
    });
    settled().await;
    let after = rows(&place);
    assert_eq!(after.len(), 4);
    assert_eq!(before[..], after[1..]);
    assert!(after[0].class_list().contains("fresh"));
    place.remove();
}

#[wasm_bindgen_test]
async fn ten_thousand_runs_put_at_most_150_rows_into_the_page() {
    let (place, runs, _handle) = mount(10_000);
    settled().await;
    assert_eq!(runs.list.with_untracked(runboard::ui::state::list::ListState::len), 10_000);
    let first = rows(&place);
    assert!((10..=150).contains(&first.len()), "{} rows", first.len());
    let window = web_sys::window().expect("a window");
    window.scroll_to_with_x_and_y(0.0, 200_000.0);
    // The browser tells of it with its next frame, which a page nobody looks at may not get.
    window.dispatch_event(&web_sys::Event::new("scroll").expect("an event")).expect("dispatched");
    settled().await;
    let later = rows(&place);
    assert!((10..=150).contains(&later.len()), "{} rows", later.len());
    assert_ne!(first[0], later[0]);
    place.remove();
}

#[wasm_bindgen_test]
fn an_address_survives_the_round_trip() {
    let query = PageQuery::parse("?status=running,failed&agent=!x&q=a%20%26%20%C3%BC&last=7d&sort=-cost&tab=log");
    assert_eq!(PageQuery::parse(&query.address()), query);
    assert!(query.errors.is_empty());
}
