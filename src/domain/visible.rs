//! Both sides. Which characters can be seen.

/// Takes up no ink: blanks, control characters, and what Unicode says to ignore when it can't be shown (joiners,
/// directions, fillers, variation selectors, tags).
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Is there anything to see? A name has something.
pub fn has_visible(text: &str) -> bool {
    !text.chars().all(is_invisible)
}

#[cfg(test)]
mod tests {
    use super::has_visible;

    #[test]
    fn blanks_joiners_and_directions_are_nothing_to_see() {
        for text in
            ["", " \t", "\u{200b}\u{200d}", "\u{202e}\u{2066}", "\u{feff}", "\u{3164}", "\u{2800}\u{fe0f}", "\u{e0041}"]
        {
            assert!(!has_visible(text), "{text:?}");
        }
        for text in ["a", "\u{200e}א", "❤\u{fe0f}", "見"] {
            assert!(has_visible(text), "{text:?}");
        }
    }
}
