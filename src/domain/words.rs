//! Both sides. The words of a command as they are written in a field.

/// The words of a command, one a line. One that would not come back so stands in quotes, as in JSON.
pub fn write_words(argv: &[String]) -> String {
    let line = |word: &String| {
        let plain = !word.is_empty() && !word.contains(['\n', '\r']) && !word.starts_with('"');
        if plain { word.clone() } else { serde_json::Value::from(word.as_str()).to_string() }
    };
    argv.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub fn read_words(text: &str) -> Vec<String> {
    let word = |line: &str| {
        let quoted = line.starts_with('"').then(|| serde_json::from_str(line.trim_end()).ok()).flatten();
        quoted.unwrap_or_else(|| line.to_owned())
    };
    text.lines().filter(|line| !line.is_empty()).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_it_was() {
        let argv = ["sh", "-c", "echo a\nexit 3\r\n", "", " blank ", "\"quoted\"", "back\\slash"].map(str::to_owned);
        let text = write_words(&argv);
        assert_eq!((text.lines().count(), read_words(&text)), (7, argv.to_vec()));
        assert_eq!(read_words("ls\n\n-l\n"), ["ls", "-l"]);
    }
}
