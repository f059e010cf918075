//! Server. Agents' Markdown as HTML that can do nothing: every tag is ours, every character of theirs is escaped,
//! links lead to the web or to mail only, and nothing is loaded from anywhere.

mod links;
#[cfg(test)]
mod tests;

use crate::domain::Markup;
use links::{allowed, bare_links};
use pulldown_cmark::{Alignment, Event, HeadingLevel, LinkType, Options, Parser, Tag, TextMergeStream};
use std::borrow::Cow;

/// Bytes of a text that are rendered; the rest is for the raw view.
const MOST_TEXT: usize = 64 << 10;
/// A table can ask for far more cells than it has characters.
const MOST_HTML: usize = 512 << 10;
/// Elements inside each other; what lies deeper is text.
const MOST_DEPTH: usize = 24;
/// Characters of an address that are shown as text.
const MOST_ADDRESS: usize = 120;

/// `None` when the text uses no Markdown: it is shown as it is.
pub fn render(text: &str) -> Option<Markup> {
    let beginning = beginning(text);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::default();
    let mut cut = beginning.len() < text.len();
    for event in TextMergeStream::new(Parser::new_ext(beginning, options)) {
        if page.html.len() > MOST_HTML {
            cut = true;
            break;
        }
        page.take(event);
    }
    while let Some(open) = page.open.pop() {
        page.html.push_str(&open.close);
    }
    page.rich.then_some(Markup { html: page.html, cut })
}

/// What is rendered of `text`, up to the end of a line if there is one.
fn beginning(text: &str) -> &str {
    if text.len() <= MOST_TEXT {
        return text;
    }
    let mut end = MOST_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..text[..end].rfind('\n').unwrap_or(end)]
}

struct Open {
    /// Empty: it has no tag here, nor has anything inside it.
    close: Cow<'static, str>,
    link: bool,
}

#[derive(Default)]
struct Page {
    html: String,
    open: Vec<Open>,
    /// Links don't contain links.
    in_link: usize,
    in_code: bool,
    /// The level of the last heading: the next one goes one level deeper at most.
    heading: usize,
    in_head: bool,
    columns: Vec<Alignment>,
    column: usize,
    /// There is something besides paragraphs.
    rich: bool,
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(_) => self.end(),
            Event::Text(text) if self.in_code || self.in_link > 0 => self.text(&text),
            Event::Text(text) => self.linked_text(&text),
            Event::Code(text) => {
                self.rich = true;
                self.html.push_str("<code>");
                self.text(&text);
                self.html.push_str("</code>");
            }
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => {
                self.rich = true;
                self.html.push_str("<hr>");
            }
            Event::TaskListMarker(done) => self.html.push_str(if done { "☑ " } else { "☐ " }),
            // The author's HTML is text like any other.
            Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.text(&text),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        self.rich |= !matches!(tag, Tag::Paragraph | Tag::HtmlBlock);
        // A table and a list are nothing without what has to be in them.
        let room = match tag {
            Tag::Table(_) => 4,
            Tag::List(_) => 2,
            _ => 1,
        };
        let too_deep =
            self.open.len() + room > MOST_DEPTH || self.open.last().is_some_and(|open| open.close.is_empty());
        let link = matches!(tag, Tag::Link { .. } | Tag::Image { .. });
        let close: Cow<'static, str> = match tag {
            _ if too_deep => {
                self.html.push(if link { ' ' } else { '\n' });
                "".into()
            }
            Tag::Link { .. } | Tag::Image { .. } => self.link(tag),
            Tag::Paragraph | Tag::HtmlBlock => self.tag("<p dir=\"auto\">", "</p>"),
            Tag::Heading { level, .. } => self.heading(*level),
            Tag::BlockQuote(_) => self.tag("<blockquote>", "</blockquote>"),
            Tag::CodeBlock(_) => {
                self.in_code = true;
                // It scrolls sideways, so the keyboard must reach it.
                self.tag("<pre tabindex=\"0\" dir=\"ltr\"><code>", "</code></pre>")
            }
            Tag::List(None) => self.tag("<ul>", "</ul>"),
            Tag::List(Some(first)) => self.tag(&format!("<ol start=\"{first}\">"), "</ol>"),
            Tag::Item => self.tag("<li dir=\"auto\">", "</li>"),
            Tag::Table(columns) => {
                self.columns.clone_from(columns);
                self.tag("<div class=\"md-table\" tabindex=\"0\"><table>", "</tbody></table></div>")
            }
            Tag::TableHead => {
                (self.in_head, self.column) = (true, 0);
                self.tag("<thead><tr>", "</tr></thead><tbody>")
            }
            Tag::TableRow => {
                self.column = 0;
                self.tag("<tr>", "</tr>")
            }
            Tag::TableCell => self.cell(),
            Tag::Emphasis => self.tag("<em>", "</em>"),
            Tag::Strong => self.tag("<strong>", "</strong>"),
            Tag::Strikethrough => self.tag("<del>", "</del>"),
            // Of extensions that are not switched on.
            _ => self.tag("<div>", "</div>"),
        };
        self.open.push(Open { close, link });
        self.in_link += usize::from(link);
    }

    fn end(&mut self) {
        let Some(Open { close, link }) = self.open.pop() else { return };
        self.html.push_str(&close);
        self.in_code &= close != "</code></pre>";
        self.in_head &= close != "</tr></thead><tbody>";
        self.in_link -= usize::from(link);
    }

    fn tag(&mut self, open: &str, close: &'static str) -> Cow<'static, str> {
        self.html.push_str(open);
        close.into()
    }

    /// The page's own headings are above: the text's begin at the third level and leave none out.
    fn heading(&mut self, level: HeadingLevel) -> Cow<'static, str> {
        let level = (level as usize + 2).min(self.heading.max(2) + 1).min(6);
        self.heading = level;
        let close = ["</h3>", "</h4>", "</h5>", "</h6>"][level - 3];
        self.tag(&format!("<h{level} dir=\"auto\">"), close)
    }

    fn cell(&mut self) -> Cow<'static, str> {
        let align = match self.columns.get(self.column) {
            Some(Alignment::Right) => " class=\"md-right\"",
            Some(Alignment::Center) => " class=\"md-center\"",
            _ => "",
        };
        self.column += 1;
        let (name, scope, close) = if self.in_head { ("th", " scope=\"col\"", "</th>") } else { ("td", "", "</td>") };
        self.tag(&format!("<{name}{scope}{align} dir=\"auto\">"), close)
    }

    /// A link to somewhere harmless, or its text and address as text. Images are links: nothing is loaded.
    fn link(&mut self, tag: &Tag<'_>) -> Cow<'static, str> {
        let (address, image) = match tag {
            Tag::Link { link_type: LinkType::Email, dest_url, .. } => (format!("mailto:{dest_url}"), false),
            Tag::Link { dest_url, .. } => (dest_url.to_string(), false),
            Tag::Image { dest_url, .. } => (dest_url.to_string(), true),
            _ => return "".into(),
        };
        let linked = self.in_link == 0 && allowed(&address);
        if linked {
            self.open_link(&address);
        } else {
            self.html.push_str("<span>");
        }
        if image {
            self.html.push_str("Image: ");
        }
        // Where it leads is said where it can't be tried, and of what would have been loaded. `<address>` says it already.
        let own = matches!(tag, Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. });
        let told = if image || (!linked && !own) { told(&address) } else { String::new() };
        format!("{told}{}", if linked { "</a>" } else { "</span>" }).into()
    }

    fn open_link(&mut self, address: &str) {
        self.rich = true;
        self.html.push_str("<a href=\"");
        self.text(address);
        self.html.push_str("\" title=\"");
        self.text(address);
        self.html.push_str("\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
    }

    /// Text in which addresses stand as they are.
    fn linked_text(&mut self, text: &str) {
        let mut done = 0;
        for range in bare_links(text) {
            self.text(&text[done..range.start]);
            self.open_link(&text[range.clone()]);
            self.text(&text[range.clone()]);
            self.html.push_str("</a>");
            done = range.end;
        }
        self.text(&text[done..]);
    }

    fn text(&mut self, text: &str) {
        escape(text, &mut self.html);
    }
}

/// An address in words: ` (address)`.
fn told(address: &str) -> String {
    if address.is_empty() {
        return String::new();
    }
    let mut short: String = address.chars().take(MOST_ADDRESS).collect();
    if short.len() < address.len() {
        short.push('…');
    }
    let mut out = " (".to_owned();
    escape(&short, &mut out);
    out.push(')');
    out
}

/// Characters that end text in HTML are spelled out. What can't be seen and changes what is seen is left out:
/// control characters, and those that turn the direction of all that follows.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}
