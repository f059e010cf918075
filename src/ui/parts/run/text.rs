//! Both sides. Text of any length: as it was written, or its Markdown rendered.

use super::heading::heading;
use super::json::cut;
use crate::domain::Markup;
use crate::ui::kit::{Button, Look, act, attr_of, copying, format, view_of};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

/// Characters and lines shown at first.
const MOST_CHARS: usize = 1_200;
const MOST_LINES: usize = 14;
/// The same for rendered text, which is shown down to a height (`.md.long` in style/pages/_run.scss).
const MARKUP_CHARS: usize = 3_200;
const MARKUP_LINES: usize = 22;
/// A long text is laid out in blocks of about this many bytes, so that the browser skips those out of sight.
const BLOCK: usize = 8_000;

/// What is shown of `text` at first: `None` when that is all of it.
fn beginning(text: &str) -> Option<&str> {
    let (short, left) = cut(text, MOST_CHARS);
    let lines = short.match_indices('\n').nth(MOST_LINES - 1).map(|(at, _)| &short[..at]);
    lines.filter(|l| l.len() < text.trim_end().len()).or((left > 0).then_some(short))
}

/// Whether `text` is higher than what is shown of it at first when it is rendered.
fn is_high(text: &str) -> bool {
    cut(text, MARKUP_CHARS).1 > 0 || text.lines().filter(|line| !line.trim().is_empty()).nth(MARKUP_LINES).is_some()
}

/// `text` in blocks that end where a line does, if one ends soon enough. A block that follows a line end
/// leaves the line end out: it stands on its own line anyway.
pub fn blocks(text: &str) -> Vec<String> {
    let mut rest = text;
    let mut out = Vec::new();
    while rest.len() > BLOCK {
        let mut at = BLOCK;
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let end = rest[..at].rfind('\n');
        out.push(rest[..end.unwrap_or(at)].to_owned());
        rest = &rest[end.map_or(at, |end| end + 1)..];
    }
    out.push(rest.to_owned());
    out
}

/// A titled text; a long one opens on demand, also without JavaScript.
#[component]
pub fn LongText(
    #[prop(into)] title: String,
    #[prop(into)] text: Signal<String>,
    /// The same text as HTML, where it uses Markdown.
    #[prop(optional)]
    markup: Option<Signal<Option<Markup>>>,
) -> impl IntoView {
    let raw = RwSignal::new(false);
    let html = Memo::new(move |_| markup.and_then(|m| m.get()).filter(|_| !raw.get()));
    let is_rendered = Memo::new(move |_| html.with(Option::is_some));
    let is_long =
        Memo::new(move |_| text.with(|t| if is_rendered.get() { is_high(t) } else { beginning(t).is_some() }));
    let short = move || text.with(|t| beginning(t).map_or_else(|| t.clone(), |b| format!("{b} …")));
    let length = move || text.with(|t| format::count(i64::try_from(t.chars().count()).unwrap_or(i64::MAX)));
    let whole = move || {
        (is_long.get() && !is_rendered.get()).then(|| {
            text.with(|t| blocks(t)).into_iter().map(|b| view! { <div class="text-block">{b}</div> }).collect_view()
        })
    };
    let shown = move || match html.get() {
        Some(Markup { html, cut }) => view! {
            <div class="md" class:long=attr_of(move || is_long.get()) inner_html=html></div>
            {cut.then(|| view! { <p class="muted">"This is the beginning; the raw text goes on."</p> })}
        }
        .into_any(),
        None => view! { <div class="text-short">{view_of(short)}</div> }.into_any(),
    };
    view! {
        <section class="text">
            <header>
                {heading(title.clone())}
                <span class="actions">
                    {markup.map(|markup| view! { <Toggle title=title.clone() markup raw/> })}
                    <Copy title text/>
                </span>
            </header>
            {view_of(shown)}
            <details class="text-whole" class:rendered=attr_of(move || is_rendered.get()) hidden=attr_of(move || !is_long.get())>
                <summary>
                    <span class="when-closed">"Show all " {view_of(length)} " characters"</span>
                    <span class="when-open">"Show less"</span>
                </summary>
                {view_of(whole)}
            </details>
        </section>
    }
}

/// The same of texts that do not change.
pub fn titled(title: String, text: String, markup: Option<Markup>) -> AnyView {
    match markup {
        Some(markup) => {
            view! { <LongText title text=Signal::stored(text) markup=Signal::stored(Some(markup))/> }.into_any()
        }
        None => view! { <LongText title text=Signal::stored(text)/> }.into_any(),
    }
}

/// Rendered or raw.
#[component]
fn Toggle(title: String, markup: Signal<Option<Markup>>, raw: RwSignal<bool>) -> impl IntoView {
    let label = format!("Raw text: {title}");
    view! {
        <button type="button" class="btn quiet small needs-js" aria-label=label hidden=attr_of(move || markup.with(Option::is_none))
            aria-pressed=attr_of(move || if raw.get() { "true" } else { "false" }) on:click=act(move |_: MouseEvent| raw.update(|on| *on = !*on))>
            "Raw"
        </button>
    }
}

#[component]
fn Copy(title: String, text: Signal<String>) -> impl IntoView {
    let (copy, word) = copying(text);
    view! { <Button small=true look=Look::Quiet label=format!("Copy: {title}") on_press=copy>{view_of(move || word.get())}</Button> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(beginning("a\nb"), None);
        assert_eq!(beginning(&"x\n".repeat(MOST_LINES)), None, "a line end at the end is no further line");
        assert!(!is_high("# a\n\n- b") && !is_high(&"\n".repeat(1_000)));
    }

    #[test]
    fn long_texts_and_texts_of_many_lines_are_cut() {
        assert_eq!(beginning(&"ü".repeat(2_000)).map(|b| b.chars().count()), Some(MOST_CHARS));
        assert_eq!(beginning(&"x\n".repeat(50)).map(|b| b.lines().count()), Some(MOST_LINES));
        assert!(is_high(&"- x\n".repeat(50)) && is_high(&"ü".repeat(4_000)));
    }

    #[test]
    fn blocks_hold_the_whole_text() {
        let lines = "one line of text, ünïcode\n".repeat(2_000);
        assert!(blocks(&lines).len() > 4);
        assert_eq!(blocks(&lines).join("\n"), lines);
        let single = "日".repeat(10_000);
        assert_eq!(blocks(&single).concat(), single);
    }
}
