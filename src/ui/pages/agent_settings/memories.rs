//! Both sides. Short named notes that are given to the agent's prompts.

use super::asking::{Asking, unheard};
use super::section::section as setting;
use crate::browser;
use crate::domain::filter::escape;
use crate::domain::{Error, Memory};
use crate::server_fns::{delete_memory, list_memories, put_memory};
use crate::ui::kit::{Button, Field, Fields, Input, act, view_of};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

#[derive(Clone, Copy)]
struct Memories {
    agent: StoredValue<String>,
    list: RwSignal<Vec<Memory>>,
    /// Which one is being written; an empty name: a new one.
    editing: RwSignal<Option<String>>,
    fields: Fields,
    asking: Asking,
    deleted: RwSignal<Option<Memory>>,
}

impl Memories {
    fn edit(self, name: &str, content: &str) {
        self.fields.replace([("name", name), ("content", content)].map(|(n, t)| (n.to_owned(), t.to_owned())).into());
        self.editing.set(Some(name.to_owned()));
        self.deleted.set(None);
        self.asking.quiet();
        let first = if name.is_empty() { "name" } else { "content" };
        browser::focus_later(format!("#memory-{first}"));
    }

    /// Back to what was pressed: the note's own button, or the one for a new note.
    fn leave(self, name: &str) {
        self.editing.set(None);
        let found = self.list.with_untracked(|l| l.iter().any(|m| m.name == name));
        browser::focus_later(if found {
            format!("[data-memory=\"{}\"] button", escape(name))
        } else {
            "#memory-add button".to_owned()
        });
    }

    fn put(self, name: String, content: String, said: &'static str) {
        let agent = self.agent.get_value();
        let written = name.clone();
        let ask = Box::pin(async move {
            put_memory(agent.clone(), name, content).await?;
            list_memories(agent).await
        });
        self.asking.of(self.fields, ask, move |list| {
            self.list.set(list);
            self.leave(&written);
            self.deleted.set(None);
            self.asking.say(said);
        });
    }

    fn delete(self, memory: Memory) {
        let (agent, name) = (self.agent.get_value(), memory.name.clone());
        let ask = Box::pin(async move {
            delete_memory(agent.clone(), name).await?;
            list_memories(agent).await
        });
        self.asking.alone(ask, move |list| {
            self.list.set(list);
            self.deleted.set(Some(memory));
            browser::focus_later("#memories-undo button".to_owned());
        });
    }
}

pub fn section(name: String, memories: Vec<Memory>) -> AnyView {
    let m = Memories {
        agent: StoredValue::new(name),
        list: RwSignal::new(memories),
        editing: RwSignal::new(None),
        fields: Fields::of("memory", [("name", ""), ("content", "")]),
        asking: Asking::new(),
        deleted: RwSignal::new(None),
    };
    let none = move || {
        m.list
            .with(Vec::is_empty)
            .then(|| view! { <p class="muted">"None yet. For example: how to address customers."</p> })
    };
    let undo = move || {
        m.deleted.get().map(|memory| {
            let said = format!("Deleted “{}”", memory.name);
            view! {
                <p id="memories-undo" class="row-of-fields" role="status">
                    <span>{said}</span>
                    <Button on_press=move |_| m.put(memory.name.clone(), memory.content.clone(), "It is back")>"Undo"</Button>
                </p>
            }
        })
    };
    let add = move || {
        if m.editing.get().is_some_and(|name| name.is_empty()) {
            writing(m, true)
        } else {
            view! { <div id="memory-add" class="row-of-fields"><Button on_press=move |_| m.edit("", "")>"Add memory"</Button></div> }
                .into_any()
        }
    };
    let body = view! {
        {view_of(none)}
        <ul class="lines">
            <For each=move || m.list.get() key=|memory| (memory.name.clone(), memory.updated_at) let:memory>{line(m, memory)}</For>
        </ul>
        {view_of(undo)}
        {view_of(add)}
        {m.asking.words()}
    };
    setting("memories", "Memories", "Short notes that are given to its prompts, by name.", body)
}

fn line(m: Memories, memory: Memory) -> AnyView {
    let (name, key) = (memory.name.clone(), escape(&memory.name));
    let edited = Memo::new(move |_| m.editing.with(|e| e.as_deref() == Some(name.as_str())));
    let memory = StoredValue::new(memory);
    let shown = move || {
        if edited.get() {
            return writing(m, false);
        }
        let Memory { name, content, .. } = memory.get_value();
        view! {
            <div class="memory">
                <strong class="line-name">{name.clone()}</strong>
                <p class="memory-text">{content}</p>
            </div>
            <Button label=format!("Edit {name}") disabled=Signal::derive(move || m.editing.with(Option::is_some)) on_press=move |_| memory.with_value(|x| m.edit(&x.name, &x.content))>"Edit"</Button>
            <Button label=format!("Delete {name}") disabled=m.asking.busy on_press=move |_| m.delete(memory.get_value())>"Delete"</Button>
        }
        .into_any()
    };
    view! { <li class="line" data-memory=key>{view_of(shown)}</li> }.into_any()
}

/// The form of one note.
fn writing(m: Memories, new: bool) -> AnyView {
    let submit = act(move |e: SubmitEvent| {
        e.prevent_default();
        let name = m.fields.peek("name").trim().to_owned();
        if new && m.list.with_untracked(|all| all.iter().any(|memory| memory.name == name)) {
            m.asking.fails(m.fields, &Error::invalid("name", "is there already; edit it instead"));
            return;
        }
        m.put(name, m.fields.peek("content"), "Saved");
    });
    let name = if new {
        m.fields.field(Field { name: "name", label: "Name", hint: "", input: Input::Line, optional: false })
    } else {
        view! { <p><strong>{m.fields.peek("name")}</strong></p> }.into_any()
    };
    view! {
        <form id="memory" class="settings memory-form" on:submit=submit>
            <fieldset disabled=unheard()>
                {name}
                {m.fields.field(Field { name: "content", label: "Content", hint: "Up to 8 KiB.", input: Input::Area(4), optional: false })}
            </fieldset>
            <div class="row-of-fields">
                {m.asking.submit("Save memory")}
                <Button on_press=move |_| { m.leave(&m.fields.peek("name")); m.asking.quiet(); }>"Cancel"</Button>
            </div>
        </form>
    }
    .into_any()
}
