//! Server. The texts of `docs/frameworks`, taken apart: they are the documentation, and what the set-up page shows.

use crate::domain::{Framework, FrameworkPart};
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "docs/frameworks"]
struct Texts;

/// The one that stands last: for whatever is not listed.
const ANY_OTHER: &str = "opentelemetry";

/// By name.
pub(super) fn all() -> &'static [Framework] {
    static ALL: LazyLock<Vec<Framework>> = LazyLock::new(|| {
        let texts = Texts::iter().filter_map(|path| {
            let id = path.strip_suffix(".md")?.to_owned();
            let text = String::from_utf8(Texts::get(&path)?.data.into_owned()).ok()?;
            read(&id, &text)
        });
        let mut all: Vec<Framework> = texts.collect();
        all.sort_by_key(|framework| (framework.id == ANY_OTHER, framework.name.to_lowercase()));
        all
    });
    &ALL
}

/// A title, a paragraph, parts of a heading and a block each, and a note without one. None where it is not so: a test
/// sees to it that it is.
fn read(id: &str, text: &str) -> Option<Framework> {
    let mut sections = text.split("\n## ");
    let (name, about) = sections.next()?.strip_prefix("# ")?.split_once('\n')?;
    let mut framework = Framework {
        id: id.to_owned(),
        name: name.trim().to_owned(),
        about: one_line(about),
        parts: Vec::new(),
        note: None,
    };
    for section in sections {
        let (title, body) = section.split_once('\n')?;
        match body.split_once("```") {
            Some((_, block)) => {
                let text = block.split_once('\n')?.1.split_once("```")?.0.trim_end().to_owned();
                framework.parts.push(FrameworkPart { title: title.trim().to_owned(), text });
            }
            None => framework.note = Some(one_line(body)),
        }
    }
    Some(framework)
}

/// Lines of a paragraph are one; what Markdown marks as code stands there without its marks.
fn one_line(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_one_that_can_be_shown() {
        let all = all();
        assert_eq!(all.len(), Texts::iter().count(), "one can't be read");
        assert!(all.len() >= 20, "{}", all.len());
        for framework in all {
            let id = &framework.id;
            assert!(!framework.name.is_empty() && !framework.about.is_empty(), "{id}");
            assert!(framework.parts.iter().any(FrameworkPart::takes_token), "{id} has no place for a token");
            assert!(framework.parts.iter().any(|part| part.text.contains("{url}")), "{id} has none for the address");
            for part in &framework.parts {
                let known = ["Install", "Point it here", "Turn it on"].contains(&part.title.as_str());
                assert!(known && !part.text.is_empty(), "{id}: {}", part.title);
            }
        }
        assert_eq!(all.last().map(|last| last.id.as_str()), Some(ANY_OTHER));
    }

    #[test]
    fn a_text_is_taken_apart() {
        let text = "# A B\n\nPython. Built\nin.\n\n## Install\n\n```sh\npip install a\n```\n\n## Worth knowing\n\nGive it a `name`.\n";
        let read = read("a", text).expect("readable");
        assert_eq!((read.name.as_str(), read.about.as_str()), ("A B", "Python. Built in."));
        assert_eq!(read.parts, [FrameworkPart { title: "Install".to_owned(), text: "pip install a".to_owned() }]);
        assert_eq!(read.note.as_deref(), Some("Give it a name."));
    }
}
