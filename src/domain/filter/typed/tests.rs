use super::*;
use crate::domain::filter::{Choice, Dialect, Label, Range, Window};
use crate::domain::status::{Status, Trigger};
use crate::domain::time::Timestamp;
use proptest::prelude::*;

fn read(text: &str) -> (Filter, Vec<Wrong>) {
    let mut filter = Filter::default();
    let wrong = filter.take_typed(text);
    (filter, wrong)
}

#[track_caller]
fn right(text: &str) -> Filter {
    let (filter, wrong) = read(text);
    assert_eq!(wrong, [], "{text}");
    filter
}

#[track_caller]
fn complaint(text: &str) -> String {
    let (_, mut wrong) = read(text);
    assert_eq!(wrong.len(), 1, "{text}: {wrong:?}");
    wrong.remove(0).message
}

#[test]
fn every_kind_of_filter_can_be_typed() {
    let f = right(
        "status:failed,running agent:!noisy trigger:schedule tool:github.* duration:>5m label:env:prod last:7d model:x thread:t root:true errors:true interactions:no tax due",
    );
    assert_eq!(f.status.include, [Status::Running, Status::Failed]);
    assert_eq!(f.agent, Choice { include: vec![], exclude: vec!["noisy".into()] });
    assert_eq!(f.trigger, Choice::only(Trigger::Schedule));
    assert_eq!(f.tool, Choice::only("github.*".to_owned()));
    assert_eq!(f.label, Choice::only(Label { key: "env".into(), value: "prod".into() }));
    assert_eq!((f.window, f.root_only), (Window::Last(7 * 86_400), true));
    assert_eq!((f.has_error, f.has_interaction), (Some(true), Some(false)));
    assert_eq!(f.search.as_deref(), Some("tax due"));
}

#[test]
fn bounds_are_exact() {
    let duration = |text: &str| right(&format!("duration:{text}")).duration_ms;
    assert_eq!(duration(">5m"), Range { min: Some(300_001), max: None });
    assert_eq!(duration(">=5m"), Range { min: Some(300_000), max: None });
    assert_eq!(duration("<1.5h"), Range { min: None, max: Some(5_399_999) });
    assert_eq!(duration("10s..2m"), Range { min: Some(10_000), max: Some(120_000) });
    assert_eq!(right("duration:>5m duration:<=10m").duration_ms, Range { min: Some(300_001), max: Some(600_000) });
    assert_eq!(right("tokens:<1000").tokens, Range { min: None, max: Some(999) });
    assert_eq!(right("tokens:>1.5k").tokens, Range { min: Some(1_501), max: None });
    assert_eq!(right("cost:>0.5").cost, Range { min: Some(0.500_000_001), max: None });
    assert_eq!(right("cost:<=$0.5").cost, Range { min: None, max: Some(0.5) });
}

#[test]
fn the_colon_of_ordinary_text_stays_text() {
    for text in [
        "http://x.example/a:b",
        "at 12:30",
        "std::io::Error",
        "C:\\temp",
        "error: no space left",
        ":",
        "a:",
        "::",
        "{\"a\":1}",
        "\"a\":1",
        "fetch https://a.example status",
        "- :x",
        "\"not closed",
        "お:か",
    ] {
        assert_eq!(right(text).search.as_deref(), Some(text));
    }
    assert_eq!(right("\"foo:bar\"").search.as_deref(), Some("foo:bar"));
    assert_eq!(right("\"status:failed\" x").search.as_deref(), Some("status:failed x"));
    assert_eq!(right("two  spaces status:failed and one").search.as_deref(), Some("two  spaces and one"));
}

#[test]
fn what_is_no_filter_is_named_with_the_nearest_one() {
    assert_eq!(complaint("colour:red"), "“colour” is not a filter; in quotes it is text");
    assert_eq!(complaint("staus:failed"), "“staus” is not a filter, did you mean status? In quotes it is text");
    assert_eq!(complaint("status:done"), complaint("Status:done"));
    assert!(complaint("status:done").starts_with("“done” is not a status; use queued"));
    assert_eq!(complaint("status:"), "status: needs a value directly after the colon");
    assert_eq!(complaint("duration:5m"), "duration: say from where or up to where, as in >5m");
    assert_eq!(complaint("duration:>5"), "“5” is not a span like 500ms, 5m or 1.5h");
    assert_eq!(complaint("tokens:<0"), "tokens: nothing can lie there");
    assert_eq!(complaint("root:maybe"), "“maybe” is neither true nor false");
    assert_eq!(complaint("agent:\"a b"), "agent: a quotation mark is not closed");
    let (f, wrong) = read("last:7d from:2026-01-01");
    assert_eq!((wrong.len(), f.window), (2, Window::All));
    assert_eq!(wrong[0].message, "give either last or from and to, not both");
    assert_eq!(complaint("from:2026-02-01 to:2026-01-01"), "the start lies after the end");
    let (f, wrong) = read("status:failed colour:red tax");
    assert_eq!(wrong[0].raw, "colour:red");
    assert_eq!((f.status, f.search.as_deref()), (Choice::only(Status::Failed), Some("tax")));
}

#[test]
fn quotes_keep_spaces_commas_and_bangs() {
    let f = right(r#"agent:!"a b","c,d","!e",f thread:"say \"hi\" \\""#);
    assert_eq!(f.agent.include, ["!e", "c,d", "f"]);
    assert_eq!(f.agent.exclude, ["a b"]);
    assert_eq!(f.thread.include, [r#"say "hi" \"#]);
}

#[test]
fn days_are_whole_days_of_utc() {
    let f = right("from:2026-01-31 to:2026-01-31");
    let at = |text| Timestamp::parse(text);
    assert_eq!(f.window, Window::Range { from: at("2026-01-31T00:00:00Z"), to: at("2026-01-31T23:59:59.999999Z") });
}

#[test]
fn typing_adds_to_what_is_there() {
    let mut f = right("status:failed agent:!a last:7d");
    assert_eq!(f.take_typed("status:running agent:a from:2026-01-01"), []);
    assert_eq!(f.status.include, [Status::Running, Status::Failed]);
    assert_eq!((f.agent.include, f.agent.exclude), (vec!["a".to_owned()], vec![]));
    assert!(matches!(f.window, Window::Range { from: Some(_), to: None }));
}

#[test]
fn an_address_keeps_a_text_that_looks_like_a_filter() {
    let filter = Filter { search: Some("status:failed".into()), ..Filter::page_default() };
    assert_eq!(filter.page_query(), "q=%22status:failed%22");
    let (back, errors) = Filter::page_default().parse([("q", "\"status:failed\"")], Dialect::Page);
    assert_eq!((back, errors), (filter, vec![]));
    let (api, _) = Filter::default().parse([("search", "status:failed")], Dialect::Api);
    assert_eq!(api.search.as_deref(), Some("status:failed"));
}

#[test]
fn ranges_read_as_they_were_said() {
    let words = |text| bound_words(&right(text));
    assert_eq!(words("duration:>5m")[0].as_deref(), Some("> 5m"));
    assert_eq!(words("cost:>=0.5")[1].as_deref(), Some("≥ 0.5 USD"));
    assert_eq!(words("cost:<0.5")[1].as_deref(), Some("< 0.5 USD"));
    assert_eq!(words("tokens:10k..20k")[2].as_deref(), Some("≥ 10K and ≤ 20K"));
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z.*_-]{1,8}", "\\PC{1,6}", r#"[a-c ,!"\\:]{1,6}"#].prop_filter("a value", |s| !s.is_empty())
}

fn choice<T: Ord + Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Choice<T>> {
    let set = proptest::collection::btree_map(value, any::<bool>(), 0..3);
    set.prop_map(|values| {
        let side = |on: bool| values.iter().filter(|(_, b)| **b == on).map(|(v, _)| v.clone()).collect();
        Choice { include: side(true), exclude: side(false) }
    })
}

fn range() -> impl Strategy<Value = Range<i64>> {
    let bound = || proptest::option::of(0..5_000_000_000_i64);
    (bound(), bound()).prop_map(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => Range { min: Some(a.min(b)), max: Some(a.max(b)) },
        (min, max) => Range { min, max },
    })
}

fn window() -> impl Strategy<Value = Window> {
    let time = || (0..253_402_300_799_999_999_i64).prop_map(Timestamp::from_micros);
    prop_oneof![
        Just(Window::All),
        (1..300_000_000_i64).prop_map(Window::Last),
        (time(), proptest::option::of(time())).prop_map(|(a, b)| match b {
            Some(b) => Window::Range { from: Some(a.min(b)), to: Some(a.max(b)) },
            None => Window::Range { from: Some(a), to: None },
        }),
    ]
}

prop_compose! {
    /// Any filter a page can have.
    pub(crate) fn filters()(
        status in choice(proptest::sample::select(Status::ALL.to_vec())),
        trigger in choice(proptest::sample::select(Trigger::ALL.to_vec())),
        names in (choice(word()), choice(word()), choice(word()), choice(word())),
        label in choice(("[a-z]{1,4}", word()).prop_map(|(key, value)| Label { key, value })),
        window in window(),
        ranges in (range(), range(), range()),
        flags in (any::<Option<bool>>(), any::<Option<bool>>(), any::<bool>()),
        search in proptest::option::of(word()),
    ) -> Filter {
        let usd = |n: Option<i64>| n.map(|n| n as f64 / 1e9);
        Filter {
            agent: names.0, tool: names.1, model: names.2, thread: names.3,
            status, trigger, label, window,
            duration_ms: ranges.0,
            tokens: ranges.1,
            cost: Range { min: usd(ranges.2.min), max: usd(ranges.2.max) },
            has_interaction: flags.0, has_error: flags.1, root_only: flags.2,
            search,
            ..Filter::page_default()
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_on_the_way_to_text_and_back(filter in filters()) {
        let base = Filter::page_default();
        let text = typed(&filter, &base);
        let mut back = base;
        prop_assert_eq!(back.take_typed(&text), vec![], "{}", text);
        prop_assert_eq!(back, filter, "{}", text);
    }

    #[test]
    fn nothing_is_lost_on_the_way_to_the_address_and_back(filter in filters()) {
        let query = filter.page_query();
        let pairs = crate::domain::filter::parse_query(&query);
        let (back, errors) =
            Filter::page_default().parse(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), Dialect::Page);
        prop_assert_eq!(errors, vec![], "{}", query);
        prop_assert_eq!(back.page_query(), query);
        prop_assert_eq!(back, filter);
    }

    #[test]
    fn whatever_is_typed_is_filter_text_or_error(text in r#"([a-z:"\\!,.> \n<=/0-9]|status:|agent:|cost:|\PC){0,30}"#) {
        let tokens = parse(&text);
        let mut end = 0;
        for token in &tokens {
            prop_assert!(text[end..token.at.start].chars().all(char::is_whitespace));
            prop_assert!(token.at.start < token.at.end);
            end = token.at.end;
        }
        prop_assert!(text[end..].chars().all(char::is_whitespace));
        let (filter, wrong) = read(&text);
        let errors = tokens.iter().filter(|t| matches!(t.kind, Kind::Wrong(_))).count();
        prop_assert!(wrong.len() >= errors);
        // The text that was found is found again when it stands alone.
        let text = filter.search.unwrap_or_default();
        prop_assert_eq!(right(&text_form(&text)).search.unwrap_or_default(), text);
    }
}
