//! Both sides. Filters as people type them: `status:failed,running agent:!noisy duration:>5m invoice`.
//!
//! A word is a filter when it begins with a key and a colon; everything else is text. What looks like a
//! filter and is none is an error that names it, never text and never nothing. In double quotes anything is
//! text. Numbers are compared exactly: durations in whole milliseconds (`>5m` is from 300 001 ms on), tokens in
//! whole tokens, cost in billionths of a USD (exact up to 9 million USD, beyond which a float ends).

mod amount;
mod term;
#[cfg(test)]
pub(crate) mod tests;
mod words;
mod write;

pub use term::{KEYS, Term, milliseconds};
pub use write::{bound_words, line, span_text, text_form, typed};

use super::Filter;
use std::ops::Range;
use words::Shape;

/// A search text is no longer than this.
const TEXT_CHARS: usize = 1_000;

/// One word, and where it stands in what was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub at: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Term(Term),
    Text(String),
    /// In plain words, what is wrong.
    Wrong(String),
}

/// A word that is no filter although it looks like one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// As typed.
    pub raw: String,
    pub message: String,
}

/// Every word of `text`, in order. Never fails: what is wrong is said at its place.
pub fn parse(text: &str) -> Vec<Token> {
    let word = |word: words::Word<'_>| {
        let kind = match word.shape {
            Shape::Text(text) => Kind::Text(text),
            Shape::Pair { key, value } => term::read(key, value).map_or_else(Kind::Wrong, Kind::Term),
        };
        Token { at: word.at, kind }
    };
    let mut tokens: Vec<Token> = words::split(text).into_iter().map(word).collect();
    let relative = |t: &Token| matches!(t.kind, Kind::Term(Term::Last(_)));
    let absolute = |t: &Token| matches!(t.kind, Kind::Term(Term::From(_) | Term::To(_)));
    if tokens.iter().any(relative) && tokens.iter().any(absolute) {
        // All of them: one alone would be right when it is read again.
        for token in tokens.iter_mut().filter(|t| relative(t) || absolute(t)) {
            token.kind = Kind::Wrong("give either last or from and to, not both".to_owned());
        }
    }
    tokens
}

/// The text among the tokens as it was typed; where something else was taken out, one space is left.
pub fn text_of(typed: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut before: Option<usize> = None;
    for (i, token) in tokens.iter().enumerate() {
        let Kind::Text(text) = &token.kind else { continue };
        match before {
            None => {}
            Some(b) if b + 1 == i => out.push_str(&typed[tokens[b].at.end..token.at.start]),
            Some(_) => out.push(' '),
        }
        out.push_str(text);
        before = Some(i);
    }
    out
}

impl Filter {
    /// Adds what was typed to the filter, and sets its text. Answers what could not be taken.
    pub fn take_typed(&mut self, typed: &str) -> Vec<Wrong> {
        let tokens = parse(typed);
        let mut wrong = Vec::new();
        for token in &tokens {
            let message = match &token.kind {
                Kind::Term(term) => term.apply(self).err(),
                Kind::Wrong(message) => Some(message.clone()),
                Kind::Text(_) => None,
            };
            if let Some(message) = message {
                wrong.push(Wrong { raw: typed[token.at.clone()].to_owned(), message });
            }
        }
        let text = text_of(typed, &tokens);
        if text.chars().count() > TEXT_CHARS {
            wrong.push(Wrong { raw: text_form(&text), message: "the text is longer than 1 000 characters".to_owned() });
        } else {
            self.search = (!text.is_empty()).then_some(text);
        }
        wrong
    }
}
