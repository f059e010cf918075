//! Server. What hostile Markdown must not become.

use super::{MOST_HTML, MOST_TEXT, render};
use proptest::prelude::*;

fn html(text: &str) -> String {
    render(text).map_or_else(|| panic!("plain: {text}"), |m| m.html)
}

/// Reads the HTML as strictly as a reader of ours could, and fails at anything that is not ours.
fn check(html: &str) {
    const TAGS: [&str; 25] = [
        "p",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "code",
        "ul",
        "ol",
        "li",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "em",
        "strong",
        "del",
        "a",
        "span",
        "br",
        "hr",
    ];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains(['>', '"', '\'']), "not escaped: {:?}", &rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in order, in {html}");
        } else {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(TAGS.contains(&name), "{tag}");
            check_attributes(name, attributes);
            if !["br", "hr"].contains(&name) {
                open.push(name);
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(!rest.contains(['>', '"', '\'']));
    assert!(open.is_empty(), "{open:?} is left open in {html}");
    assert!(!html.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
}

fn check_attributes(name: &str, attributes: &str) {
    let mut rest = attributes;
    while let Some((key, value)) = rest.split_once("=\"") {
        let (value, after) = value.split_once('"').expect("a value ends");
        match key.trim() {
            "href" => {
                assert_eq!(name, "a");
                assert!(["https://", "http://", "mailto:"].iter().any(|s| value.to_ascii_lowercase().starts_with(s)));
                assert!(attributes.contains("rel=\"noopener noreferrer nofollow\"") && attributes.contains("_blank"));
            }
            "title" | "target" | "rel" | "dir" | "tabindex" | "scope" | "class" | "start" => {}
            other => panic!("attribute {other}"),
        }
        rest = after;
    }
    assert_eq!(rest.trim(), "");
}

#[test]
fn plain_text_is_left_alone() {
    assert_eq!(render("Two lines\nof text.\n\nAnd a < b & c."), None);
    assert_eq!(render(""), None);
}

#[test]
fn what_people_write_is_rendered() {
    assert_eq!(html("**a** and `b<c`"), "<p dir=\"auto\"><strong>a</strong> and <code>b&lt;c</code></p>");
    assert_eq!(html("- one\n- [x] two"), "<ul><li dir=\"auto\">one</li><li dir=\"auto\">☑ two</li></ul>");
    assert_eq!(html("7. one"), "<ol start=\"7\"><li dir=\"auto\">one</li></ol>");
    assert_eq!(
        html("```rust\nlet a = \"<b>\";\n```"),
        "<pre tabindex=\"0\" dir=\"ltr\"><code>let a = &quot;&lt;b&gt;&quot;;\n</code></pre>"
    );
    let table = html("| a | b |\n|---|--:|\n| 1 | 2 |");
    assert!(table.contains("<th scope=\"col\" dir=\"auto\">a</th>"), "{table}");
    assert!(table.contains("<td class=\"md-right\" dir=\"auto\">2</td>"), "{table}");
    check(&table);
}

#[test]
fn headings_begin_below_the_pages_and_leave_no_level_out() {
    let text = html("# A\n\n#### B\n\n###### C\n\n###### D\n\n## E");
    let levels: Vec<&str> = text.match_indices("<h").map(|(at, _)| &text[at + 2..at + 3]).collect();
    assert_eq!(levels, ["3", "4", "5", "6", "4"]);
}

#[test]
fn html_is_text() {
    for hostile in [
        "<script>alert(1)</script>",
        "**x** <img src=x onerror=alert(1)>",
        "<div>\n**not bold in a block**\n</div>",
        "<!-- --><svg onload=alert(1)>",
        "<a href='javascript:alert(1)'>x</a> `a`",
        "<iframe srcdoc=\"&lt;script>\">\n\n# a",
        "# <style>*{display:none}</style>",
        "</p></div></article><form action=https://evil.example>`a`",
        "```html\n</code></pre><script>alert(1)</script>\n```",
        "```\"><script>\nx\n```",
        "| <b> |\n|---|\n| <script>x</script> |",
    ] {
        if let Some(markup) = render(hostile) {
            check(&markup.html);
            let lower = markup.html.to_ascii_lowercase();
            assert!(!lower.contains("<script") && !lower.contains("<img") && !lower.contains("<style"), "{lower}");
        }
    }
}

#[test]
fn only_the_web_and_mail_are_linked() {
    for address in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "javascript&#58;alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;&#x61;vascript:alert(1)",
        "java\\script:alert(1)",
        "\u{1}javascript:alert(1)",
        "java\u{ad}script:alert(1)",
        "vbscript:x",
        "data:text/html;base64,PHNjcmlwdD4=",
        "file:///etc/passwd",
        "//evil.example/x",
        "/api/logout",
        "#top",
        "https:evil.example",
        "https:\\\\evil.example",
        "view-source:https://a.example",
        "blob:https://a.example/1",
        "http&#x0;://a.example",
        "mailto:",
    ] {
        for text in [
            format!("[x]({address})"),
            format!("[x](<{address}>)"),
            format!("<{address}>"),
            format!("![x]({address})"),
            format!("[x]\n\n[x]: {address}"),
            format!("[x]\n\n[x]: <{address}> 't'"),
        ] {
            let Some(markup) = render(&format!("*a* {text}")) else { continue };
            check(&markup.html);
            assert!(!markup.html.contains("<a "), "{text}: {}", markup.html);
        }
    }
}

#[test]
fn links_to_the_web_open_elsewhere_and_tell_nothing() {
    let link = html("[the *site*](https://a.example/?a=1&b=\"2\")");
    check(&link);
    assert!(link.contains("href=\"https://a.example/?a=1&amp;b=&quot;2&quot;\""), "{link}");
    assert!(html("<me@a.example>").contains("href=\"mailto:me@a.example\""));
    let quoted = html("[x](https://a.example/\"onmouseover=\"alert(1))");
    check(&quoted);
}

#[test]
fn addresses_in_the_text_are_links() {
    let text = html("See https://a.example/x_(y), or (http://b.example). Not xhttp://c.example, not https://");
    check(&text);
    assert_eq!(text.matches("<a ").count(), 2, "{text}");
    assert!(text.contains(">https://a.example/x_(y)</a>,") && text.contains(">http://b.example</a>)."), "{text}");
    assert_eq!(html("`https://a.example`").matches("<a ").count(), 0);
    assert_eq!(html("[https://a.example](https://b.example)").matches("<a ").count(), 1);
}

#[test]
fn images_are_links_and_nothing_is_loaded() {
    let image = html("![a cat](https://evil.example/track.png)");
    check(&image);
    assert!(image.contains("Image: a cat (https://evil.example/track.png)</a>"), "{image}");
    let nested = html("[![cat](https://a.example/i.png)](https://b.example)");
    check(&nested);
    assert_eq!(nested.matches("<a ").count(), 1, "{nested}");
    let data = html(&format!("![x](data:image/png;base64,{})", "A".repeat(50_000)));
    assert!(data.len() < 400 && !data.contains("<a "), "{data}");
}

#[test]
fn what_turns_or_hides_text_is_left_out() {
    let text = html("`a` \u{202e}gpj.exe\u{202c} \u{2066}x\u{2069} \u{0}\u{7}\u{1b}[31mred \u{9b}1m");
    check(&text);
    assert!(!text.contains(['\u{202e}', '\u{202c}', '\u{2066}', '\u{1b}', '\u{9b}']), "{text:?}");
}

#[test]
fn deep_nesting_becomes_text() {
    for hostile in [
        ">".repeat(MOST_TEXT - 1) + "x",
        (0..500).map(|n| format!("{}- x\n", "  ".repeat(n))).collect::<Vec<_>>().concat(),
        "[".repeat(30_000) + &"](https://a.example)".repeat(500),
        "*a **b ".repeat(5_000),
        "![".repeat(20_000),
        "`".repeat(60_000),
        "<".repeat(60_000),
        "&".repeat(60_000),
        "> - ".repeat(10_000) + "| a |",
        "a**b".repeat(10_000),
    ] {
        if let Some(markup) = render(&hostile) {
            check(&markup.html);
            let deepest = markup.html.matches("<blockquote>").count();
            assert!(deepest <= super::MOST_DEPTH, "{deepest}");
        }
    }
}

#[test]
fn a_long_text_is_rendered_in_part_and_says_so() {
    let long = "**word** and some more text on the line\n".repeat(30_000);
    let markup = render(&long).expect("rendered");
    assert!(markup.cut && markup.html.len() < MOST_TEXT * 2);
    check(&markup.html);
    assert!(!render("**short**").expect("rendered").cut);
    assert!(render(&format!("**{}", "日".repeat(MOST_TEXT))).is_none_or(|m| m.cut));
}

#[test]
fn a_table_of_a_million_empty_cells_is_cut() {
    let columns = 8_000;
    let text = format!("{}\n{}\n{}", "|a".repeat(columns), "|-".repeat(columns), "|\n".repeat(8_000));
    let markup = render(&text).expect("rendered");
    assert!(markup.html.len() < MOST_HTML + 1_000, "{}", markup.html.len());
    check(&markup.html);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_only_our_tags_come_out(
        parts in proptest::collection::vec(prop_oneof![
            Just("<"), Just(">"), Just("\""), Just("'"), Just("&"), Just("[x]("), Just(")"), Just("!["), Just("]("),
            Just("javascript:"), Just("https://a.example/"), Just("mailto:a@b.example"), Just("<script>"), Just("</a>"),
            Just("`"), Just("```\n"), Just("\n\n"), Just("\n"), Just("> "), Just("- "), Just("1. "), Just("# "),
            Just("| a | b |\n|---|---|\n"), Just("|"), Just("**"), Just("_"), Just("~~"), Just("\\"), Just("&#x6a;"),
            Just("[x]: javascript:a\n"), Just("\u{202e}"), Just("\u{0}"), Just("    "), Just("\t"), Just("é日"),
            Just("<!--"), Just("-->"), Just("<a href="), Just("[ ] "), Just("---\n"), Just("word "),
        ], 0..60)
    ) {
        if let Some(markup) = render(&parts.concat()) {
            check(&markup.html);
        }
    }

    #[test]
    fn any_text_at_all_is_safe(text in "\\PC{0,200}") {
        if let Some(markup) = render(&text) {
            check(&markup.html);
        }
    }
}
