//! Both sides. The address of the list page, read and written: filter, sort, columns, open run and its tab.

use crate::domain::filter::{parse_query, query_string};
use crate::domain::list_query::Kept;
use crate::domain::{Choice, Columns, ExecutionId, Filter, ListQuery, QueryError, Sort, Timestamp, Window};

/// Everything the query string of `/executions` says. The URL is the truth of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// `None`: as the reader likes them.
    pub columns: Option<Columns>,
    /// The run in the drawer.
    pub run: Option<String>,
    pub tab: Option<String>,
    /// News are held back until the reader wants them.
    pub paused: bool,
    /// Where a page without JavaScript goes on.
    pub cursor: Option<String>,
    /// For a link to a moment (`as_of`): the time then, to be read by people.
    pub at: Option<Timestamp>,
    /// What could not be understood; the rest holds.
    pub errors: Vec<QueryError>,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            filter: Filter::page_default(),
            sort: Sort::default(),
            columns: None,
            run: None,
            tab: None,
            paused: false,
            cursor: None,
            at: None,
            errors: Vec::new(),
        }
    }
}

impl PageQuery {
    /// All runs of one agent.
    pub fn of_agent(name: &str) -> Self {
        let mut query = Self::default();
        query.filter.agent = Choice::only(name.to_owned());
        query.filter.window = Window::All;
        query
    }

    /// Reads a query string, with or without its `?`.
    pub fn parse(search: &str) -> Self {
        let mut pairs = parse_query(search);
        let mut take = |name: &str| {
            let mut last = None;
            pairs.retain(|(n, v)| {
                if n == name && !v.is_empty() {
                    last = Some(v.clone());
                }
                n != name
            });
            last
        };
        let (run, tab, live, cursor, at) = (take("run"), take("tab"), take("live"), take("cursor"), take("at"));
        let list = ListQuery::parse(&pairs);
        Self {
            at: at.and_then(|text| Timestamp::parse(&text)).filter(|_| list.filter.as_of.is_some()),
            filter: list.filter,
            sort: list.sort,
            columns: list.columns,
            run,
            tab,
            paused: live.as_deref() == Some("off"),
            cursor,
            errors: list.errors,
        }
    }

    /// What decides which rows are shown, in normal form: the server functions take this.
    pub fn list(&self) -> String {
        ListQuery::rows(&self.filter, self.sort)
    }

    /// Filter, order and columns: what a saved view keeps.
    pub fn view(&self) -> String {
        let pairs = ListQuery::pairs(&self.filter, self.sort, self.columns.as_ref(), &self.errors);
        query_string(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    /// The whole query string in normal form. A cursor is left out: it belongs to one step.
    pub fn address(&self) -> String {
        let mut out = self.view();
        let live = self.paused.then(|| "off".to_owned());
        let at = self.at.map(|at| at.to_string());
        let rest = [("at", at), ("run", self.run.clone()), ("tab", self.tab.clone()), ("live", live)];
        let rest = query_string(rest.into_iter().filter_map(|(name, value)| Some((name, value?))));
        if !out.is_empty() && !rest.is_empty() {
            out.push('&');
        }
        out + &rest
    }

    /// The same rows with a run in the drawer, or with none.
    pub fn with_run(&self, run: Option<String>) -> Self {
        let tab = run.as_ref().and(self.tab.clone());
        Self { run, tab, ..self.clone() }
    }

    /// Another filter; the drawer closes, because its run may not be in the list any more.
    pub fn with_filter(&self, filter: Filter) -> Self {
        Self {
            at: self.at.filter(|_| filter.as_of.is_some()),
            filter,
            run: None,
            tab: None,
            cursor: None,
            ..self.clone()
        }
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

    /// The same without something that was not understood.
    pub fn without_error(&self, error: &QueryError) -> Self {
        let errors = self.errors.iter().filter(|e| *e != error).cloned().collect();
        Self { errors, ..self.clone() }
    }

    /// No filter and no errors; order, columns and whether news are held stay.
    pub fn cleared(&self) -> Self {
        Self { sort: self.sort, columns: self.columns.clone(), paused: self.paused, ..Self::default() }
    }

    /// What stands in the search field: the text, and words that are wrong.
    pub fn field_text(&self) -> String {
        let wrong: Vec<String> = self
            .typed_errors()
            .filter_map(|e| match &e.kept {
                Kept::Typed(raw) => Some(raw.clone()),
                Kept::Params(_) => None,
            })
            .collect();
        crate::domain::filter::typed::line(self.filter.search.as_deref(), &wrong)
    }

    /// Where to go on when the text of `search`, the query string this was read from, says more than text: typed
    /// filters, or the id of a run.
    pub fn understood(&self, search: &str) -> Option<String> {
        let text: Vec<String> = parse_query(search).into_iter().filter(|(n, _)| n == "q").map(|(_, v)| v).collect();
        let text = text.join(" ");
        if let Some(id) = pasted_id(&text) {
            let filter = Filter { search: None, ..self.filter.clone() };
            return Some(self.with_filter(filter).with_run(Some(id.to_string())).address());
        }
        (text.contains(':') && text.trim() != self.field_text().trim()).then(|| self.address())
    }

    /// What is wrong in the search field.
    pub fn typed_errors(&self) -> impl Iterator<Item = &QueryError> {
        self.errors.iter().filter(|e| matches!(e.kept, Kept::Typed(_)))
    }

    /// Takes in what the search field says; the rest of the filter stays.
    pub fn with_typed(&self, typed: &str) -> Self {
        let mut filter = self.filter.clone();
        let wrong = filter.take_typed(typed);
        let kept = self.errors.iter().filter(|e| matches!(e.kept, Kept::Params(_))).cloned();
        let new = wrong.into_iter().map(|w| QueryError {
            field: "q".to_owned(),
            message: w.message,
            kept: Kept::Typed(w.raw),
        });
        Self { errors: kept.chain(new).collect(), ..self.with_filter(filter) }
    }
}

/// A search text that is a whole execution id means that run.
pub fn pasted_id(text: &str) -> Option<ExecutionId> {
    let text = text.trim();
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::filter::typed::tests::filters;
    use crate::domain::{Column, Status, Window};
    use proptest::prelude::*;

    #[test]
    fn an_address_survives_the_round_trip() {
        for text in [
            "",
            "status=running,failed&agent=!x&q=a%20%26%20b,%20%C3%BC",
            "last=7d&sort=-cost",
            "status=failed&run=0199a3f2-0000-7000-8000-00000000c41e&tab=log",
            "status=failed&q=tax&min_cost=0.5&sort=cost&cols=status,message,model&run=x&live=off",
            "cols=default",
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
        assert_eq!(PageQuery::parse("q=&last=24h&min_cost=&tool=&errors="), PageQuery::default());
    }

    #[test]
    fn a_plain_form_may_type_filters_and_spans() {
        let query = PageQuery::parse("?q=status:failed+duration:>5m+foo&max_duration=1.5h");
        assert_eq!(query.address(), "status=failed&q=foo&min_duration=300001&max_duration=5400000");
        let both = PageQuery::parse("q=status%3Afailed&status=running");
        assert_eq!(both.address(), "status=running,failed");
    }

    #[test]
    fn what_is_not_understood_is_named_and_the_rest_holds() {
        let query = PageQuery::parse("status=failed,done&colour=red&sort=name&last=7d&cols=cost,size&q=tax+staus:x");
        let messages: Vec<_> = query.errors.iter().map(|e| e.message.as_str()).collect();
        assert_eq!(messages[0], "“colour” is not a filter");
        assert!(messages[1].starts_with("“done” is not a status"));
        assert_eq!(messages[3], "“size” is not a column");
        assert_eq!(messages[4], "“staus” is not a filter, did you mean status? In quotes it is text");
        assert_eq!((query.filter.window, query.field_text()), (Window::Last(7 * 86_400), "tax staus:x".to_owned()));
        assert_eq!(PageQuery::parse("q=%zz%").filter.search.as_deref(), Some("%zz%"));
    }

    #[test]
    fn an_error_stays_in_the_address_until_it_is_taken_away() {
        let query =
            PageQuery::parse("colour=red&from=2026-02-02T00:00:00Z&to=2026-01-01T00:00:00Z&cols=cost,size&q=a:b+ab:c");
        assert_eq!(query.errors.len(), 4);
        let again = PageQuery::parse(&query.address());
        assert_eq!(again.address(), query.address());
        assert_eq!(again.errors.len(), 4);
        let mut left = again;
        while let Some(error) = left.errors.first().cloned() {
            left = PageQuery::parse(&left.without_error(&error).address());
        }
        assert_eq!(left.address(), "q=a:b&cols=cost,message");
        assert_eq!(query.cleared().address(), "cols=cost,message");
    }

    #[test]
    fn what_is_typed_replaces_the_text_and_adds_to_the_filter() {
        let query = PageQuery::parse("status=failed&q=old+ab:c&colour=red").with_typed("status:running new");
        assert_eq!(query.address(), "status=running,failed&q=new&colour=red");
        assert_eq!(query.with_typed("").address(), "status=running,failed&colour=red");
    }

    #[test]
    fn an_address_with_more_than_text_leads_to_the_canonical_one() {
        let on = |text: &str| PageQuery::parse(text).understood(text);
        assert_eq!(on("q=status:failed+foo").as_deref(), Some("status=failed&q=foo"));
        assert_eq!(on("status=failed&q=foo"), None);
        assert_eq!(on("q=http://x.example+a"), None);
        assert_eq!(on("q=colour:red+foo").as_deref(), Some("q=foo%20colour:red"));
        assert_eq!(on("q=foo+colour:red"), None);
        let id = "0199a3f2-0000-7000-8000-00000000c41e";
        assert_eq!(on(&format!("q={id}")), Some(format!("run={id}")));
        // Wherever it leads, it leads no further.
        for text in ["q=from:2026-02-02+to:2026-01-01", "q=a:b+ab:\"+x", "q=\"a:b\"", "q=last:7d+from:2026-01-01"] {
            let to = on(text).unwrap_or_else(|| PageQuery::parse(text).address());
            assert_eq!(on(&to), None, "{text} {to}");
        }
    }

    #[test]
    fn a_pasted_id_means_that_run() {
        assert!(pasted_id(" 0199a3f2-0000-7000-8000-00000000c41e ").is_some());
        assert!(pasted_id("0199a3f2").is_none());
    }

    proptest! {
        #[test]
        fn every_address_is_canonical(
            filter in filters(),
            columns in proptest::option::of(proptest::collection::vec(proptest::sample::select(Column::ALL.to_vec()), 1..9)),
            sort in proptest::sample::select(vec!["started_at", "-started_at", "-cost", "duration_ms"]),
            rest in (any::<bool>(), proptest::option::of("[a-z0-9-]{1,12}")),
        ) {
            let names = columns.map(|list| list.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(","));
            let columns = names.map(|n| Columns::parse(&n).0).filter(|c| *c != Columns::default());
            let sort = sort.parse().expect("a sort");
            let query = PageQuery { filter, sort, columns, paused: rest.0, run: rest.1, ..PageQuery::default() };
            let back = PageQuery::parse(&query.address());
            prop_assert_eq!(&back, &query);
            prop_assert_eq!(back.address(), query.address());
        }

        #[test]
        fn any_address_can_be_read(text in "([a-z_]{1,6}=|cols=|q=|from=|%|&|\\PC){0,20}") {
            let query = PageQuery::parse(&text);
            let again = PageQuery::parse(&query.address());
            prop_assert_eq!(again.address(), query.address(), "{}", text);
        }
    }
}
