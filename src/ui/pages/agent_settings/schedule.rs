//! Both sides. When the agent runs by itself, with its next times before and after it is saved.

use super::asking::{Asking, unheard};
use super::section::section as setting;
use crate::browser::{self, LocalStyle};
use crate::domain::error::readable;
use crate::domain::{Error, NewSchedule, Overlap, Schedule, Timestamp};
use crate::server_fns::{preview_schedule, remove_schedule, set_schedule};
use crate::ui::kit::{Button, Field, Fields, Input, act, follow, format, view_of};
use crate::ui::parts::RelativeTime;
use crate::ui::state::clock::use_clock;
use crate::ui::state::turn::Turn;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

const PAUSE_MS: u32 = 300;

/// The times a rule has, or why it has none.
#[derive(Debug, Clone, PartialEq)]
enum Ahead {
    None,
    Times(Vec<Timestamp>),
    Wrong(String),
}

fn texts(schedule: Option<&Schedule>) -> [(&str, &str); 6] {
    let Some(s) = schedule else {
        let of = |name| (name, "");
        let (zone, on, skip) = (("timezone", "UTC"), ("enabled", "on"), ("overlap", "skip"));
        return [of("cron"), zone, of("message"), on, skip, of("flow_id")];
    };
    let enabled = if s.enabled { "on" } else { "" };
    [
        ("cron", &s.cron),
        ("timezone", &s.timezone),
        ("message", &s.message),
        ("enabled", enabled),
        ("overlap", s.overlap.as_str()),
        ("flow_id", s.flow_id.as_deref().unwrap_or("")),
    ]
}

pub fn section(
    name: String,
    schedule: Option<Schedule>,
    flows: Vec<(String, String)>,
    not_here: Option<String>,
) -> AnyView {
    let hint = "When it runs by itself.";
    if let (Some(why), None) = (not_here, &schedule) {
        return setting(
            "schedule-title",
            "Schedule",
            hint,
            view! { <p class="muted">{format!("Not for this agent: {}.", readable(&why))}</p> },
        );
    }
    let fields = Fields::of("schedule", texts(schedule.as_ref()));
    let schedule_flow = schedule.as_ref().and_then(|s| s.flow_id.clone());
    let is_set = RwSignal::new(schedule.is_some());
    let ahead = RwSignal::new(match schedule {
        Some(s) if s.enabled => Ahead::Times(s.next_runs),
        _ => Ahead::None,
    });
    let asking = Asking::for_form(fields);
    fields.ask_before_leaving();
    own_zone(fields, is_set);
    preview(fields, ahead);
    let save = act({
        let name = name.clone();
        move |e: SubmitEvent| {
            e.prevent_default();
            let sent = fields.all();
            let text = |name: &str| fields.peek(name);
            let new = NewSchedule {
                cron: text("cron"),
                timezone: text("timezone"),
                message: text("message"),
                enabled: !text("enabled").is_empty(),
                overlap: text("overlap").parse().unwrap_or(Overlap::Skip),
                flow_id: Some(text("flow_id")).filter(|id| !id.is_empty()),
            };
            asking.of(fields, Box::pin(set_schedule(name.clone(), new)), move |s| {
                fields.saved(&sent, texts(Some(&s)).map(|(name, text)| (name.to_owned(), text.to_owned())).into());
                ahead.set(if s.enabled { Ahead::Times(s.next_runs) } else { Ahead::None });
                is_set.set(true);
                asking.say(if s.enabled { "Saved" } else { "Saved, switched off" });
            });
        }
    });
    let remove = move || {
        let ask = remove_schedule(name.clone());
        asking.alone(Box::pin(ask), move |()| {
            fields.replace(texts(None).map(|(name, text)| (name.to_owned(), text.to_owned())).into());
            is_set.set(false);
            ahead.set(Ahead::None);
            asking.say("Removed: it does not run by itself any more");
        });
    };
    let remove = StoredValue::new(remove);
    let gone = deleted_flow(schedule_flow, &flows);
    let flows = (!flows.is_empty() || gone.is_some()).then(|| {
        let plain = (String::new(), "The agent, with the message".to_owned());
        fields.choice_of("flow_id", "It starts", [plain].into_iter().chain(flows).chain(gone).collect())
    });
    let body = view! {
        <form id="schedule" class="settings" on:submit=save>
            <fieldset disabled=unheard()>
                <div class="fields-in-row">
                    {fields.field(Field { name: "cron", label: "Cron", hint: "Minute, hour, day of month, month, day of week: 0 9 * * 1-5 is at nine on weekdays.", input: Input::Code, optional: false })}
                    {fields.field(Field { name: "timezone", label: "Time zone", hint: "Such as Europe/Berlin or UTC.", input: Input::Code, optional: false })}
                </div>
                <div class="ahead" aria-live="polite">{view_of(move || times(ahead.get(), fields))}</div>
                {fields.field(Field { name: "message", label: "Message of its runs", hint: "", input: Input::Area(3), optional: true })}
                <div class="fields-in-row">
                    {flows}
                    {fields.choice("overlap", "While the run before goes on", &[("skip", "Leave the time out"), ("queue", "Wait for its turn")])}
                </div>
                {fields.tick("enabled", "Switched on")}
            </fieldset>
            <div class="row-of-fields">
                {asking.submit("Save schedule")}
                {view_of(move || is_set.get().then(|| view! {
                    <Button disabled=asking.busy on_press=move |_| remove.with_value(|r| r())>"Remove"</Button>
                }))}
                {asking.words()}
            </div>
        </form>
    };
    setting("schedule-title", "Schedule", hint, body)
}

/// What the schedule starts, if that is no more: it is to be seen, and changed.
fn deleted_flow(id: Option<String>, flows: &[(String, String)]) -> Option<(String, String)> {
    let id = id.filter(|id| flows.iter().all(|(known, _)| known != id))?;
    Some((id, "A flow that was deleted".to_owned()))
}

/// A new schedule is most likely meant in the reader's own time.
fn own_zone(fields: Fields, is_set: RwSignal<bool>) {
    follow(move || {
        if !is_set.get_untracked() && !fields.changed_untracked() {
            let zone = browser::time_zone().unwrap_or_else(|| "UTC".to_owned());
            let mut all = fields.all();
            all.insert("timezone".to_owned(), zone);
            fields.replace(all);
        }
    });
}

/// Asks the server for the times of what is being written, once it rests.
fn preview(fields: Fields, ahead: RwSignal<Ahead>) {
    let turn = StoredValue::new(Turn::default());
    let rule = Memo::new(move |_| (fields.get("cron"), fields.get("timezone")));
    follow(move || {
        let (cron, zone) = rule.get();
        let Some(asked) = turn.try_update_value(Turn::ask) else { return };
        if !fields.changed_untracked() {
            return;
        }
        if cron.trim().is_empty() {
            return ahead.set(Ahead::None);
        }
        browser::spawn(async move {
            let newest = move || turn.try_with_value(|t| t.is_newest(asked)) == Some(true);
            browser::sleep(PAUSE_MS).await;
            if !newest() {
                return;
            }
            let answer = preview_schedule(cron, zone).await;
            if newest() {
                ahead.try_set(match answer {
                    Ok(times) => Ahead::Times(times),
                    Err(Error::Invalid(wrong)) => {
                        let said = wrong.iter().map(|e| match e.field.as_str() {
                            "timezone" => format!("Time zone {}.", e.message),
                            _ => format!("Cron {}.", e.message),
                        });
                        Ahead::Wrong(said.collect::<Vec<_>>().join(" "))
                    }
                    Err(e) => Ahead::Wrong(e.to_string()),
                });
            }
        });
    });
}

fn times(ahead: Ahead, fields: Fields) -> AnyView {
    let clock = use_clock();
    match ahead {
        Ahead::None => ().into_any(),
        Ahead::Wrong(text) => view! { <p class="muted">{text}</p> }.into_any(),
        Ahead::Times(times) => {
            let all: Vec<_> = times
                .into_iter()
                .map(|at| {
                    let local = move || {
                        if clock.hydrated() {
                            browser::local_time(at.millis(), LocalStyle::DayMinute)
                        } else {
                            format::utc(at)
                        }
                    };
                    view! { <li><span>{view_of(local)}</span><span class="muted"><RelativeTime at=at/></span></li> }
                })
                .collect();
            let title = move || match (fields.changed(), fields.get("enabled").is_empty()) {
                (_, true) => "Switched off. Its times would be",
                (true, false) => "Its times, once saved",
                (false, false) => "Its next times",
            };
            view! { <p class="muted">{view_of(title)}", in your own time"</p> <ol class="times">{all}</ol> }.into_any()
        }
    }
}
