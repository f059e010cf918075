//! Both sides. What a page's query string says about its list: filter, order and columns. The one reader of it,
//! for the address, for saved views and for what a browser remembers.

use super::columns::Columns;
use super::error::readable;
use super::filter::{Dialect, ENDS_BEFORE, Filter, NO_PARAMETER, query_string, typed};
use super::page::Sort;

#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// `None`: as the reader likes them.
    pub columns: Option<Columns>,
    /// What could not be understood; the rest holds.
    pub errors: Vec<QueryError>,
}

/// One thing that was not understood. It stays in the address until it is taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The parameter.
    pub field: String,
    /// In plain words, naming the field where that is needed.
    pub message: String,
    pub kept: Kept,
}

/// As it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Params(Vec<(String, String)>),
    /// A word of the search field.
    Typed(String),
}

/// More than any page's own address has; beyond, nobody reads the errors.
const MOST_ERRORS: usize = 20;

impl ListQuery {
    pub fn parse(pairs: &[(String, String)]) -> Self {
        let mut errors = Vec::new();
        // An empty field of a form is no filter.
        let filled = || pairs.iter().filter(|(_, value)| !value.is_empty());
        let own = ["sort", "cols", "q"];
        let rest = filled().filter(|(n, _)| !own.contains(&n.as_str())).map(|(n, v)| (n.as_str(), v.as_str()));
        let (mut filter, wrong) = Filter::page_default().parse(rest, Dialect::Page);
        for error in wrong {
            let message = in_words(&error.field, &error.message);
            // One parameter, one error, however many of its values are wrong.
            match errors.iter_mut().find(|e: &&mut QueryError| e.field == error.field) {
                Some(known) if known.message == message => {}
                Some(known) => known.message = format!("{}; {message}", known.message),
                None => {
                    let kept = Kept::Params(params(pairs, &error.field, &error.message));
                    errors.push(QueryError { field: error.field, message, kept });
                }
            }
        }
        let mut sort = Sort::default();
        if let Some((_, text)) = filled().rfind(|(n, _)| n == "sort") {
            match text.parse() {
                Ok(s) => sort = s,
                Err(_) => errors.push(QueryError {
                    field: "sort".to_owned(),
                    message: format!("“{text}” is not an order; use started_at, duration_ms or cost"),
                    kept: Kept::Params(params(pairs, "sort", "")),
                }),
            }
        }
        let mut columns = None;
        if let Some((_, text)) = filled().rfind(|(n, _)| n == "cols") {
            let (found, unknown) = Columns::parse(text);
            for name in unknown {
                errors.push(QueryError {
                    field: "cols".to_owned(),
                    message: format!("“{name}” is not a column"),
                    kept: Kept::Params(vec![("cols".to_owned(), name)]),
                });
            }
            // The usual columns are not worth a word, unless somebody said so.
            let usual = text != "default" && found == Columns::default();
            columns = (!usual).then_some(found);
        }
        let text: Vec<&str> = filled().filter(|(n, _)| n == "q").map(|(_, v)| v.as_str()).collect();
        for wrong in filter.take_typed(&text.join(" ")) {
            errors.push(QueryError { field: "q".to_owned(), message: wrong.message, kept: Kept::Typed(wrong.raw) });
        }
        errors.truncate(MOST_ERRORS);
        Self { filter, sort, columns, errors }
    }

    /// What decides which rows are shown, in normal form.
    pub fn rows(filter: &Filter, sort: Sort) -> String {
        let sort = (sort != Sort::default()).then(|| ("sort", sort.to_string()));
        query_string(filter.page_pairs().into_iter().chain(sort))
    }

    /// All of it in normal form; what was not understood comes last, the search field's words with the text.
    pub fn pairs(
        filter: &Filter,
        sort: Sort,
        columns: Option<&Columns>,
        errors: &[QueryError],
    ) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut lost_columns = Vec::new();
        let mut lost = Vec::new();
        for error in errors {
            match &error.kept {
                Kept::Typed(raw) => words.push(raw.clone()),
                Kept::Params(params) if error.field == "cols" => {
                    lost_columns.extend(params.iter().map(|(_, name)| name.clone()));
                }
                Kept::Params(params) => lost.extend(params.iter().cloned()),
            }
        }
        let text = typed::line(filter.search.as_deref(), &words);
        let without_text = Filter { search: None, ..filter.clone() };
        // The text keeps its place among the parameters.
        let place = |name: &str| ["status", "agent", "trigger", "tool", "model", "label"].contains(&name);
        let (before, after): (Vec<_>, Vec<_>) = without_text.page_pairs().into_iter().partition(|(n, _)| place(n));
        let mut add = |name: &str, value: String| out.push((name.to_owned(), value));
        for (name, value) in before {
            add(name, value);
        }
        if !text.is_empty() {
            add("q", text);
        }
        for (name, value) in after {
            add(name, value);
        }
        if sort != Sort::default() {
            add("sort", sort.to_string());
        }
        let names = match columns {
            Some(c) if *c == Columns::default() && lost_columns.is_empty() => "default".to_owned(),
            Some(c) => c.to_string(),
            None if lost_columns.is_empty() => String::new(),
            None => Columns::default().to_string(),
        };
        if !names.is_empty() {
            lost_columns.insert(0, names);
            add("cols", lost_columns.join(","));
        }
        out.extend(lost);
        out
    }
}

/// All values of a parameter; of a window that ends before it begins, both ends.
fn params(pairs: &[(String, String)], field: &str, message: &str) -> Vec<(String, String)> {
    let with_end = field == "from" && message == ENDS_BEFORE;
    pairs.iter().filter(|(n, v)| !v.is_empty() && (n == field || (with_end && n == "to"))).cloned().collect()
}

fn in_words(field: &str, message: &str) -> String {
    if message == NO_PARAMETER {
        return format!("“{field}” is not a filter");
    }
    let message = readable(message);
    if message.starts_with('“') { message } else { format!("{field} {message}") }
}
