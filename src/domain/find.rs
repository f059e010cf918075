//! Both sides. A text in another one, whatever the case of its letters: the server finds, the page marks the same.

use std::ops::Range;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    lower: Vec<char>,
    /// ASCII only, as bytes: most of what is looked for, and quicker.
    bytes: Option<Vec<u8>>,
}

impl Needle {
    /// `None` for nothing.
    pub fn new(text: &str) -> Option<Self> {
        let lower: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let bytes = text.is_ascii().then(|| text.as_bytes().to_vec());
        (!lower.is_empty()).then_some(Self { lower, bytes })
    }

    /// The first place in `text`, in bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        if let Some(bytes) = &self.bytes {
            let at = text.as_bytes().windows(bytes.len()).position(|w| w.eq_ignore_ascii_case(bytes))?;
            return Some(at..at + bytes.len());
        }
        // One letter may become several; each knows where the one it came from begins and ends.
        let folded: Vec<(char, usize, usize)> = text
            .char_indices()
            .flat_map(|(at, c)| c.to_lowercase().map(move |lower| (lower, at, at + c.len_utf8())))
            .collect();
        let n = self.lower.len();
        let hit = folded.windows(n).find(|w| w.iter().map(|(c, ..)| c).eq(&self.lower))?;
        Some(hit[0].1..hit[n - 1].2)
    }

    /// Every place, from the left.
    pub fn find_all(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = self.find(&text[from..]) {
            found.push(from + hit.start..from + hit.end);
            from += hit.end;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Needle;

    fn find(needle: &str, text: &str) -> Option<std::ops::Range<usize>> {
        Needle::new(needle).expect("something").find(text)
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        assert_eq!(find("error", "An ERROR here"), Some(3..8));
        assert_eq!(find("ÜBER", "x über y"), Some(2..7));
        assert_eq!(find("οδός", "ΟΔΌΣ"), None, "a final sigma is another letter");
        assert_eq!(find("日本", "これは日本語"), Some(9..15));
        assert_eq!(find("x", "日本"), None);
        assert_eq!(find("longer than it", "short"), None);
        assert!(Needle::new("").is_none());
    }

    #[test]
    fn places_lie_between_characters_even_where_letters_grow() {
        let text = "İİ İstanbul";
        let hit = find("i̇s", text).expect("found");
        assert_eq!(&text[hit], "İs");
        assert_eq!(Needle::new("aa").expect("something").find_all("aAaAa"), [0..2, 2..4]);
    }
}
