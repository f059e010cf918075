//! Both sides. The fields of a form under the names the server knows them by: each with a label, a hint, and what is
//! wrong with it beside it.

use super::{act, attr_of, view_of};
use crate::browser;
use crate::domain::error::readable;
use crate::domain::{Error, FieldError};
use leptos::ev::Event;
use leptos::prelude::*;
use std::collections::BTreeMap;

type Texts = BTreeMap<String, String>;

/// How a field takes its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Line,
    /// A few characters: a number, a span.
    Short,
    /// Written as programs are.
    Code,
    /// So many lines.
    Area(u8),
    CodeArea(u8),
}

#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// As errors name it.
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub input: Input,
    pub optional: bool,
}

#[derive(Clone, Copy)]
pub struct Fields {
    /// The form's own name, once on a page: ids begin with it.
    form: &'static str,
    texts: RwSignal<Texts>,
    wrong: RwSignal<Vec<FieldError>>,
    changed: RwSignal<bool>,
}

impl Fields {
    /// `texts`: of every field there may be.
    pub fn new(form: &'static str, texts: Texts) -> Self {
        Self { form, texts: RwSignal::new(texts), wrong: RwSignal::new(Vec::new()), changed: RwSignal::new(false) }
    }

    /// The same of a few pairs.
    pub fn of<const N: usize>(form: &'static str, pairs: [(&str, &str); N]) -> Self {
        Self::new(form, pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).into())
    }

    pub fn all(self) -> Texts {
        self.texts.get_untracked()
    }

    pub fn get(self, name: &str) -> String {
        self.texts.with(|texts| texts.get(name).cloned().unwrap_or_default())
    }

    pub fn peek(self, name: &str) -> String {
        self.texts.with_untracked(|texts| texts.get(name).cloned().unwrap_or_default())
    }

    pub fn set(self, name: &str, text: String) {
        self.texts.update(|texts| drop(texts.insert(name.to_owned(), text)));
        self.changed.set(true);
    }

    /// Was something written that is not saved?
    pub fn changed(self) -> bool {
        self.changed.get()
    }

    pub fn changed_untracked(self) -> bool {
        self.changed.get_untracked()
    }

    /// Asks before the page is left while something is not saved.
    pub fn ask_before_leaving(self) {
        Effect::new(move || browser::ask_before_leaving(move || self.changed.try_get_untracked() == Some(true)));
    }

    /// What is saved now.
    pub fn replace(self, texts: Texts) {
        self.texts.set(texts);
        self.wrong.set(Vec::new());
        self.changed.set(false);
    }

    /// What was sent is saved, as `texts`. What was written meanwhile stays, and is not saved.
    pub fn saved(self, sent: &Texts, texts: Texts) {
        if self.texts.with_untracked(|now| now == sent) {
            self.replace(texts);
        }
    }

    pub fn clear_errors(self) {
        self.wrong.set(Vec::new());
    }

    /// Puts each error beside its field and goes to the first; answers what is to be said of the whole.
    pub fn fail(self, error: &Error) -> String {
        let Error::Invalid(errors) = error else { return readable(&error.to_string()) };
        let has_place = |e: &&FieldError| self.texts.with_untracked(|texts| texts.keys().any(|n| is_of(e, n)));
        let (placed, homeless): (Vec<_>, Vec<_>) = errors.iter().partition(has_place);
        self.wrong.set(placed.into_iter().cloned().collect());
        browser::focus_later(format!("#{} [aria-invalid=true]", self.form));
        if homeless.is_empty() {
            return match errors.len() {
                1 => "Not saved: one field is wrong.".to_owned(),
                n => format!("Not saved: {n} fields are wrong."),
            };
        }
        let said = homeless.iter().map(|e| readable(&format!("{}: {}", e.field, e.message)));
        said.collect::<Vec<_>>().join("; ")
    }

    /// What is wrong with a field, as sentences that begin with its label.
    fn wrong(self, name: &'static str, label: &'static str) -> Memo<Option<String>> {
        Memo::new(move |_| {
            let said: Vec<_> = self.wrong.with(|all| {
                all.iter()
                    .filter(|e| is_of(e, name))
                    .map(|e| sentence(label, &e.field[name.len()..], &e.message))
                    .collect()
            });
            (!said.is_empty()).then(|| said.join(" "))
        })
    }

    fn id(self, name: &str) -> String {
        format!("{}-{}", self.form, name.replace('.', "-"))
    }

    fn heard(self, name: &'static str) -> Box<dyn FnMut(Event)> {
        act(move |e: Event| {
            self.wrong.update(|all| all.retain(|e| !is_of(e, name)));
            self.set(name, event_target_value(&e));
        })
    }

    /// A field with its label, hint and error.
    pub fn field(self, f: Field) -> AnyView {
        let Field { name, label, hint, input, optional } = f;
        let (value, wrong) = (Memo::new(move |_| self.get(name)), self.wrong(name, label));
        let (first, id) = (value.get_untracked(), self.id(name));
        let described = described(&id, !hint.is_empty(), wrong);
        let invalid = move || wrong.with(Option::is_some).then_some("true");
        let class = match input {
            Input::Line | Input::Area(_) => "",
            Input::Short => "short",
            Input::Code | Input::CodeArea(_) => "code",
        };
        let control = match input {
            Input::Line | Input::Short | Input::Code => view! {
                <input type="text" id=id.clone() class=class value=first prop:value=value autocomplete="off" spellcheck="false"
                    aria-invalid=attr_of(invalid) aria-describedby=attr_of(described) on:input=self.heard(name)/>
            }
            .into_any(),
            Input::Area(rows) | Input::CodeArea(rows) => view! {
                <textarea id=id.clone() class=class rows=rows.to_string() prop:value=value spellcheck=if class == "code" { "false" } else { "true" }
                    aria-invalid=attr_of(invalid) aria-describedby=attr_of(described) on:input=self.heard(name) inner_html=escaped(&first)></textarea>
            }
            .into_any(),
        };
        let optional = optional.then(|| view! { <span class="faint">" optional"</span> });
        view! {
            <div class="field">
                <label for=id.clone()>{label}{optional}</label>
                {control}
                {under(&id, hint, wrong)}
            </div>
        }
        .into_any()
    }

    /// One of a few values: (value, word).
    pub fn choice(self, name: &'static str, label: &'static str, options: &[(&'static str, &'static str)]) -> AnyView {
        self.choice_of(name, label, options.iter().map(|&(v, word)| (v.to_owned(), word.to_owned())).collect())
    }

    /// The same, where the values are not known beforehand.
    pub fn choice_of(self, name: &'static str, label: &'static str, options: Vec<(String, String)>) -> AnyView {
        let (value, wrong, id) = (Memo::new(move |_| self.get(name)), self.wrong(name, label), self.id(name));
        let options: Vec<_> = options
            .into_iter()
            .map(|(v, word)| {
                let of = v.clone();
                view! { <option value=v selected=attr_of(move || value.with(|now| *now == of))>{word}</option> }
            })
            .collect();
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <select id=id.clone() prop:value=value on:change=self.heard(name)>{options}</select>
                {under(&id, "", wrong)}
            </div>
        }
        .into_any()
    }

    /// On or off: `on`, or nothing.
    pub fn tick(self, name: &'static str, label: &'static str) -> AnyView {
        self.tick_of(
            label,
            move |texts| texts.get(name).is_some_and(|t| !t.is_empty()),
            move |on| {
                self.set(name, if on { "on".to_owned() } else { String::new() });
            },
        )
    }

    /// Several of a few words, kept as a list with commas.
    pub fn ticks(self, name: &'static str, label: &'static str, options: &[(&'static str, &'static str)]) -> AnyView {
        let (wrong, id) = (self.wrong(name, label), self.id(name));
        let described = described(&id, false, wrong);
        let boxes: Vec<_> = options
            .iter()
            .map(|&(word, label)| {
                let is_in = move |texts: &Texts| texts.get(name).is_some_and(|list| list.split(',').any(|w| w == word));
                self.tick_of(label, is_in, move |on| {
                    let list = self.peek(name);
                    let others = list.split(',').filter(|w| !w.is_empty() && *w != word);
                    let all: Vec<_> = others.chain(on.then_some(word)).collect();
                    self.clear_errors();
                    self.set(name, all.join(","));
                })
            })
            .collect();
        view! {
            <fieldset class="field" aria-describedby=attr_of(described)>
                <legend>{label}</legend>
                <div class="ticks">{boxes}</div>
                {under(&id, "", wrong)}
            </fieldset>
        }
        .into_any()
    }

    fn tick_of(
        self,
        label: &'static str,
        is_on: impl Fn(&Texts) -> bool + Send + Sync + 'static,
        set: impl Fn(bool) + 'static,
    ) -> AnyView {
        let on = Memo::new(move |_| self.texts.with(|texts| is_on(texts)));
        view! {
            <label class="tick">
                <input type="checkbox" checked=on.get_untracked() prop:checked=on autocomplete="off"
                    on:change=act(move |e: Event| set(event_target_checked(&e)))/>
                <span>{label}</span>
            </label>
        }
        .into_any()
    }
}

/// Hint and error of a field.
fn under(id: &str, hint: &'static str, wrong: Memo<Option<String>>) -> AnyView {
    let (hint_id, wrong_id) = (format!("{id}-hint"), format!("{id}-wrong"));
    let hint = (!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> });
    view! {
        {view_of(move || wrong.get().map(|text| view! { <p class="problem" id=wrong_id.clone()>{text}</p> }))}
        {hint}
    }
    .into_any()
}

/// The ids of what says more about a field.
fn described(id: &str, has_hint: bool, wrong: Memo<Option<String>>) -> impl FnMut() -> Option<String> + Send + 'static {
    let (hint, problem) = (format!("{id}-hint"), format!("{id}-wrong"));
    move || match (wrong.with(Option::is_some), has_hint) {
        (true, true) => Some(format!("{problem} {hint}")),
        (true, false) => Some(problem.clone()),
        (false, true) => Some(hint.clone()),
        (false, false) => None,
    }
}

/// Errors of lists name the item: `argv[2]`.
fn is_of(error: &FieldError, name: &str) -> bool {
    error.field.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// How the server's messages about a field go on.
const VERBS: [&str; 9] = ["is", "must", "needs", "has", "may", "can't", "never", "holds", "looks"];

fn sentence(label: &str, item: &str, message: &str) -> String {
    let index = item.strip_prefix('[').and_then(|i| i.strip_suffix(']')).and_then(|i| i.parse::<usize>().ok());
    let subject = index.map_or_else(|| label.to_owned(), |i| format!("Line {}", i + 1));
    let message = readable(message);
    if message.split(' ').next().is_some_and(|first| VERBS.contains(&first)) {
        return format!("{subject} {message}.");
    }
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Inside a text area nothing is escaped for us.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sentences_about_their_field() {
        assert_eq!(sentence("Base URL", "", "is not a URL"), "Base URL is not a URL.");
        assert_eq!(sentence("Arguments", "[1]", "is empty"), "Line 2 is empty.");
        assert_eq!(sentence("E-mail", "", "nobody here has this e-mail"), "Nobody here has this e-mail.");
        let error = FieldError { field: "config.argv[0]".to_owned(), message: String::new() };
        assert!(is_of(&error, "config.argv") && !is_of(&error, "config.arg"));
    }

    #[test]
    fn no_text_leaves_its_area() {
        assert_eq!(escaped("</textarea><b>&"), "&lt;/textarea&gt;&lt;b&gt;&amp;");
    }
}
