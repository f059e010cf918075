//! Both sides. Text of any length, as it was written.

use super::json::cut;
use crate::browser;
use crate::ui::kit::{Button, Look, format};
use leptos::prelude::*;

/// Characters and lines shown at first.
const MOST_CHARS: usize = 1_200;
const MOST_LINES: usize = 14;
/// A long text is laid out in blocks of about this many bytes, so that the browser skips those out of sight.
const BLOCK: usize = 8_000;

/// What is shown of `text` at first: `None` when that is all of it.
fn beginning(text: &str) -> Option<&str> {
    let (short, left) = cut(text, MOST_CHARS);
    let lines = short.match_indices('\n').nth(MOST_LINES - 1).map(|(at, _)| &short[..at]);
    lines.filter(|l| l.len() < text.trim_end().len()).or((left > 0).then_some(short))
}

/// `text` in blocks that end where a line does, if one ends soon enough. A block that follows a line end
/// leaves the line end out: it stands on its own line anyway.
fn blocks(text: &str) -> Vec<String> {
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
    #[prop(optional)] code: bool,
) -> impl IntoView {
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| browser::copy_text(text.get_untracked(), move |ok| copied.set(Some(ok)));
    let word = move || match copied.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Select and copy",
    };
    let label = format!("Copy: {title}");
    let is_long = Memo::new(move |_| text.with(|t| beginning(t).is_some()));
    let short = move || text.with(|t| beginning(t).map_or_else(|| t.clone(), |b| format!("{b} …")));
    let length = move || text.with(|t| format::count(i64::try_from(t.chars().count()).unwrap_or(i64::MAX)));
    let whole = move || {
        is_long.get().then(|| {
            text.with(|t| blocks(t)).into_iter().map(|b| view! { <div class="text-block">{b}</div> }).collect_view()
        })
    };
    view! {
        <section class="text" class:code=code>
            <header>
                <h3>{title}</h3>
                <Button small=true look=Look::Quiet label=label on_press=copy>{word}</Button>
            </header>
            <div class="text-short">{short}</div>
            <details class="text-whole" hidden=move || !is_long.get()>
                <summary>
                    <span class="when-closed">"Show all " {length} " characters"</span>
                    <span class="when-open">"Show less"</span>
                </summary>
                {whole}
            </details>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(beginning("a\nb"), None);
        assert_eq!(beginning(&"x\n".repeat(MOST_LINES)), None, "a line end at the end is no further line");
    }

    #[test]
    fn long_texts_and_texts_of_many_lines_are_cut() {
        assert_eq!(beginning(&"ü".repeat(2_000)).map(|b| b.chars().count()), Some(MOST_CHARS));
        assert_eq!(beginning(&"x\n".repeat(50)).map(|b| b.lines().count()), Some(MOST_LINES));
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
