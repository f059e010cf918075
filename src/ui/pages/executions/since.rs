//! Both sides. "Since you left": what happened while the reader was away, and a walk through it.

use crate::browser;
use crate::domain::since::SINCE_CAP;
use crate::domain::{ExecutionId, Since, Status};
use crate::server_fns::{MarkSeen, list_executions};
use crate::ui::kit::format::count;
use crate::ui::kit::{Button, Look, follow, view_of};
use crate::ui::parts::{RelativeTime, status_class};
use crate::ui::paths;
use crate::ui::state::beside::BesideList;
use crate::ui::state::query::PageQuery;
use leptos::prelude::*;

const COUNTED: [(Status, &str); 4] = [
    (Status::Failed, "failed"),
    (Status::Waiting, "waiting"),
    (Status::Success, "succeeded"),
    (Status::Cancelled, "cancelled"),
];

#[component]
pub fn SinceLine(beside: BesideList, walk: Walk) -> impl IntoView {
    let seen = ServerAction::<MarkSeen>::new();
    follow(move || {
        if let Some(Ok(since)) = seen.value().get() {
            beside.since.set(Some(since));
        }
    });
    let line = move |since: Since| {
        let at = since.at;
        let links: Vec<_> = counts(&since)
            .into_iter()
            .map(|(status, text)| {
                let href = paths::executions(&page(&since, &[status]).address());
                view! { <a class=format!("link {}", status_class(status)) href=href data-noscroll="">{text}</a> }
            })
            .collect();
        view! {
            <section class="since" aria-label="Since you left">
                <p>"Since you left " <RelativeTime at=Signal::stored(at)/> ":"</p>
                {links}
                <span class="since-where" role="status">{view_of(move || walk.said.get())}</span>
                <span class="grow"></span>
                <Button small=true look=Look::Quiet on_press=move |_| walk.next()>
                    "Next" <kbd class="desktop-only" aria-hidden="true">"n"</kbd>
                </Button>
                <ActionForm action=seen><button type="submit" class="btn quiet small">"Mark as seen"</button></ActionForm>
            </section>
        }
    };
    view_of(move || beside.since.get().filter(|since| !since.is_quiet()).map(line))
}

/// The counts there are, in words: what calls for somebody comes first.
fn counts(since: &Since) -> Vec<(Status, String)> {
    let of = |status| match status {
        Status::Failed => since.failed,
        Status::Waiting => since.waiting,
        Status::Success => since.success,
        _ => since.cancelled,
    };
    let text = |n: i64, word: &str| if n < SINCE_CAP { format!("{} {word}", count(n)) } else { format!("99+ {word}") };
    COUNTED
        .into_iter()
        .map(|(s, word)| (s, of(s), word))
        .filter(|(_, n, _)| *n > 0)
        .map(|(s, n, w)| (s, text(n, w)))
        .collect()
}

fn page(since: &Since, status: &[Status]) -> PageQuery {
    PageQuery::default().with_filter(since.filter(status))
}

/// One run after the other, newest first.
#[derive(Clone, Copy)]
pub struct Walk {
    beside: BesideList,
    open: Callback<ExecutionId>,
    stops: StoredValue<Stops>,
    /// Where the reader is, in words.
    pub said: RwSignal<String>,
}

/// The runs of one absence, as far as they are known.
#[derive(Default)]
struct Stops {
    of: Option<(i64, i64)>,
    ids: Vec<ExecutionId>,
    cursor: Option<String>,
    total: i64,
    next: usize,
}

impl Walk {
    pub fn new(beside: BesideList, open: Callback<ExecutionId>) -> Self {
        let walk = Self { beside, open, stops: StoredValue::new(Stops::default()), said: RwSignal::new(String::new()) };
        follow(move || {
            browser::on_key(move |e| {
                let plain =
                    !(e.ctrl_key() || e.meta_key() || e.alt_key() || browser::typing() || browser::dialog_open());
                if plain && e.key() == "n" {
                    walk.next();
                    e.prevent_default();
                }
            });
        });
        walk
    }

    pub fn next(self) {
        let Some(since) = self.beside.since.get_untracked().filter(|s| !s.is_quiet()) else { return };
        let of = (since.seq, since.back_seq);
        self.stops.update_value(|stops| {
            if stops.of != Some(of) {
                *stops = Stops { of: Some(of), ..Stops::default() };
            }
        });
        browser::spawn(async move {
            let (known, cursor) = self.stops.with_value(|s| (s.next < s.ids.len(), s.cursor.clone()));
            let fresh = self.stops.with_value(|s| s.ids.is_empty());
            if !known && (fresh || cursor.is_some()) {
                let statuses = COUNTED.map(|(status, _)| status);
                match list_executions(page(&since, &statuses).list(), cursor, None).await {
                    Ok(page) => drop(self.stops.try_update_value(|s| {
                        s.ids.extend(page.executions.into_iter().map(|r| r.id));
                        s.cursor = page.next_cursor;
                        s.total = page.total_count;
                    })),
                    Err(e) => return self.said.set(e.to_string()),
                }
            }
            self.step();
        });
    }

    fn step(self) {
        let stop = self.stops.try_update_value(|s| {
            let id = s.ids.get(s.next).cloned();
            s.next += usize::from(id.is_some());
            (id, s.next, s.total)
        });
        match stop {
            Some((Some(id), at, total)) => {
                self.said.set(format!("{at} of {}", count(total)));
                self.open.run(id);
            }
            Some((None, ..)) => self.said.set("That was all.".to_owned()),
            None => {}
        }
    }
}
