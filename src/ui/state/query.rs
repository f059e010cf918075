//! Both sides. The address of the list page, read and written: filter, sort, open run and its tab.

use crate::domain::filter::{Dialect, query_string};
use crate::domain::{ExecutionId, FieldError, Filter, Sort, Timestamp, Window};

/// Everything the query string of `/executions` says. The URL is the truth of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// The run in the drawer.
    pub run: Option<String>,
    pub tab: Option<String>,
    /// Where a page without JavaScript goes on.
    pub cursor: Option<String>,
    /// For a link to a moment (`as_of`): the time then, to be read by people.
    pub at: Option<Timestamp>,
    /// What could not be understood; the rest holds.
    pub errors: Vec<FieldError>,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            filter: Filter::page_default(),
            sort: Sort::default(),
            run: None,
            tab: None,
            cursor: None,
            at: None,
            errors: Vec::new(),
        }
    }
}

impl PageQuery {
    /// Reads a query string, with or without its `?`.
    pub fn parse(search: &str) -> Self {
        let pairs = decode(search.trim_start_matches('?'));
        let last = |name: &str| pairs.iter().rev().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.clone());
        let own = ["sort", "run", "tab", "cursor", "at"];
        let rest = pairs.iter().filter(|(n, _)| !own.contains(&n.as_str()));
        let (filter, mut errors) =
            Filter::page_default().parse(rest.map(|(n, v)| (n.as_str(), v.as_str())), Dialect::Page);
        let mut sort = Sort::default();
        if let Some(text) = last("sort") {
            match text.parse() {
                Ok(s) => sort = s,
                Err(e) => errors.push(FieldError { field: "sort".to_owned(), message: e.to_string() }),
            }
        }
        let at = last("at").and_then(|text| Timestamp::parse(&text)).filter(|_| filter.as_of.is_some());
        Self { filter, sort, run: last("run"), tab: last("tab"), cursor: last("cursor"), at, errors }
    }

    /// What decides which rows are shown, in normal form: the server functions take this.
    pub fn list(&self) -> String {
        let mut pairs = self.filter.page_pairs();
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.to_string()));
        }
        query_string(pairs)
    }

    /// The whole query string in normal form. A cursor is left out: it belongs to one step.
    pub fn address(&self) -> String {
        let mut out = self.list();
        let at = self.at.map(|at| at.to_string());
        let drawer = [("at", &at), ("run", &self.run), ("tab", &self.tab)];
        let pairs = drawer.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let drawer = query_string(pairs);
        if !out.is_empty() && !drawer.is_empty() {
            out.push('&');
        }
        out + &drawer
    }

    /// The same rows with a run in the drawer, or with none.
    pub fn with_run(&self, run: Option<String>) -> Self {
        let tab = run.as_ref().and(self.tab.clone());
        Self { run, tab, ..self.clone() }
    }

    /// Another filter; the drawer closes, because its run may not be in the list any more.
    pub fn with_filter(&self, filter: Filter) -> Self {
        Self { at: self.at.filter(|_| filter.as_of.is_some()), filter, sort: self.sort, ..Self::default() }
    }

    /// These rows for somebody who comes later: runs recorded after the event `as_of` are left out, and a window that
    /// moves with the clock stands still. Its end stays open: clocks differ, and what `as_of` lets in is all there was.
    pub fn at_moment(&self, as_of: i64, now: Timestamp) -> Self {
        if self.filter.as_of.is_some() {
            return self.clone();
        }
        let window = match self.filter.window {
            Window::Last(s) => Window::Range { from: Some(now.plus_secs(-s)), to: None },
            stands => stands,
        };
        let filter = Filter { as_of: Some(as_of), window, ..self.filter.clone() };
        Self { filter, at: Some(now), ..self.clone() }
    }

    pub fn without_moment(&self) -> Self {
        Self { filter: Filter { as_of: None, ..self.filter.clone() }, at: None, ..self.clone() }
    }
}

/// A search text that is a whole execution id means that run.
pub fn pasted_id(text: &str) -> Option<ExecutionId> {
    let text = text.trim();
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// Name and value pairs of a query string; a broken escape stays as it is written.
fn decode(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[i], hex(i + 1), hex(i + 2)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits fit a byte.
                out.extend(u8::try_from(high * 16 + low));
                i += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (b, ..) => out.push(b),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Status, Window};

    #[test]
    fn an_address_survives_the_round_trip() {
        for text in [
            "",
            "status=running,failed&agent=!x&q=a%20%26%20b,%20%C3%BC",
            "last=7d&sort=-cost",
            "status=failed&run=0199a3f2-0000-7000-8000-00000000c41e&tab=log",
        ] {
            let query = PageQuery::parse(text);
            assert_eq!(query.errors, [], "{text}");
            assert_eq!(query.address(), text);
            assert_eq!(PageQuery::parse(&query.address()), query);
        }
    }

    #[test]
    fn a_plain_form_writes_values_repeatedly_and_spaces_as_plus() {
        let query = PageQuery::parse("?status=failed&status=running&q=two+words&last=24h");
        assert_eq!(query.filter.status.include, [Status::Running, Status::Failed]);
        assert_eq!(query.filter.search.as_deref(), Some("two words"));
        assert_eq!(query.address(), "status=running,failed&q=two%20words");
    }

    #[test]
    fn a_link_to_a_moment_stands_still_and_says_when_it_was() {
        let query = PageQuery::parse("status=failed&last=1h&run=0199a3f2-0000-7000-8000-00000000c41e&tab=log");
        let now = Timestamp::from_millis(1_770_000_000_000);
        let moment = query.at_moment(4711, now);
        assert_eq!(
            moment.address(),
            "status=failed&from=2026-02-02T01:40:00Z&as_of=4711&at=2026-02-02T02:40:00Z\
             &run=0199a3f2-0000-7000-8000-00000000c41e&tab=log"
        );
        assert_eq!(PageQuery::parse(&moment.address()), moment);
        assert_eq!(moment.at_moment(9999, now), moment);
        assert_eq!(PageQuery::parse("at=2026-02-02T02:40:00Z"), PageQuery::default());
        assert_eq!(PageQuery::default().at_moment(1, now).without_moment().at, None);
    }

    #[test]
    fn an_empty_field_of_a_form_is_no_filter() {
        assert_eq!(PageQuery::parse("q=&last=24h"), PageQuery::default());
    }

    #[test]
    fn what_is_not_understood_is_named_and_the_rest_holds() {
        let query = PageQuery::parse("status=failed,done&colour=red&sort=name&last=7d");
        let fields: Vec<_> = query.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["colour", "status", "sort"]);
        assert_eq!(query.filter.window, Window::Last(7 * 86_400));
        assert_eq!(PageQuery::parse("q=%zz%").filter.search.as_deref(), Some("%zz%"));
    }

    #[test]
    fn a_pasted_id_means_that_run() {
        assert!(pasted_id(" 0199a3f2-0000-7000-8000-00000000c41e ").is_some());
        assert!(pasted_id("0199a3f2").is_none());
    }
}
