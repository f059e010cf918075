//! Both sides. Log text for the eye: what a terminal would obey is removed, never interpreted.

use std::borrow::Cow;

/// `text` without escape sequences and control characters. Of a line that a progress bar overwrote
/// with carriage returns, the last state remains, as in a terminal.
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    if !text.chars().any(|c| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => match rest.next() {
                // CSI: parameters, then one final byte.
                Some('[') => while rest.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
                // OSC, DCS, APC, PM, SOS: up to BEL or ESC \.
                Some(']' | 'P' | '_' | '^' | 'X') => skip_string(&mut rest),
                // A character set is named by one more character.
                Some('(' | ')' | '#' | '%') => drop(rest.next()),
                _ => {}
            },
            '\u{9b}' => while rest.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
            c if c.is_control() && c != '\t' => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = rest.next() {
        if c == '\u{7}' {
            return;
        }
        if c == '\u{1b}' && rest.peek() == Some(&'\\') {
            rest.next();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(plain("\tcompiling für 日本"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn colours_titles_and_links_are_removed() {
        assert_eq!(plain("\u{1b}[1;32m   Compiling\u{1b}[0m runboard"), "   Compiling runboard");
        assert_eq!(plain("\u{1b}]0;title\u{7}text"), "text");
        assert_eq!(plain("\u{1b}]8;;https://a.example\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "link");
        assert_eq!(plain("\u{1b}(Bok\u{8}"), "ok");
    }

    #[test]
    fn an_unfinished_sequence_ends_with_the_line() {
        assert_eq!(plain("ok\u{1b}[12"), "ok");
        assert_eq!(plain("ok\u{1b}"), "ok");
    }

    #[test]
    fn the_last_state_of_a_progress_bar_remains() {
        assert_eq!(plain("10 %\r50 %\r100 %\r\n"), "100 %");
        assert_eq!(plain("\r"), "");
    }

    #[test]
    fn markup_stays_text() {
        assert_eq!(plain("<script>alert(1)</script>"), "<script>alert(1)</script>");
    }
}
