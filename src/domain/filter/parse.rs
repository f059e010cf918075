//! Both sides. A filter from parameters, and back, in either dialect.

use super::typed::text_form;
use super::url::query_string;
use super::values::{boolean, choice, count, duration, join, money, one};
use super::{Filter, Window, format_seconds};
use crate::domain::error::{Error, FieldError};
use crate::domain::time::{NO_TIME, Timestamp};
use std::collections::BTreeMap;

pub const NO_PARAMETER: &str = "is not a parameter of this list";
pub const ENDS_BEFORE: &str = "lies after the end";

/// Which names the parameters carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Api,
    Page,
}

/// (API name, page name)
const NAMES: [(&str, &str); 28] = [
    ("agent_name", "agent"),
    ("status", "status"),
    ("triggered_by", "trigger"),
    ("tool", "tool"),
    ("model", "model"),
    ("label", "label"),
    ("thread_id", "thread"),
    ("flow_id", "flow"),
    ("parent_id", "parent"),
    ("retry_of", "retry_of"),
    ("search", "q"),
    ("last", "last"),
    ("start_time", "from"),
    ("end_time", "to"),
    ("min_duration_ms", "min_duration"),
    ("max_duration_ms", "max_duration"),
    ("min_cost", "min_cost"),
    ("max_cost", "max_cost"),
    ("min_tokens", "min_tokens"),
    ("max_tokens", "max_tokens"),
    ("has_interaction", "interactions"),
    ("has_error", "errors"),
    ("root_only", "root"),
    ("include_unfinished", "unfinished"),
    ("error_group", "group"),
    ("changed_after", "changed_after"),
    ("changed_before", "changed_before"),
    ("as_of", "as_of"),
];

impl Dialect {
    /// The API name of a parameter of this dialect.
    fn api_name(self, name: &str) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(api, page)| if self == Self::Api { *api == name } else { *page == name })
            .map(|(api, _)| *api)
    }

    fn own_name(self, api: &'static str) -> &'static str {
        match self {
            Self::Api => api,
            Self::Page => NAMES.iter().find(|(a, _)| *a == api).map_or(api, |(_, page)| *page),
        }
    }
}

impl Filter {
    /// What a page shows with an empty query string: the last 24 hours, unfinished runs always included.
    pub fn page_default() -> Self {
        Self { window: Window::DAY, include_unfinished: true, ..Self::default() }
    }

    /// Reads the parameters of a dialect; every wrong or unknown one is reported by its name there,
    /// the right ones hold. Start from `Filter::default()` (API) or `Filter::page_default()` (page).
    pub fn parse<'a>(
        self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        dialect: Dialect,
    ) -> (Self, Vec<FieldError>) {
        let usual = self.window;
        let mut filter = self;
        let mut errors = Vec::new();
        let mut seen: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        for (name, value) in pairs {
            match dialect.api_name(name) {
                Some(api) => seen.entry(api).or_default().push(value),
                None => {
                    errors
                        .push(FieldError { field: name.chars().take(80).collect(), message: NO_PARAMETER.to_owned() });
                }
            }
        }
        let relative = seen.contains_key("last");
        if relative && (seen.contains_key("start_time") || seen.contains_key("end_time")) {
            errors.push(FieldError {
                field: dialect.own_name("last").to_owned(),
                message: "give either last or a start and end, not both".to_owned(),
            });
            seen.remove("last");
        }
        // On pages the text is typed, and may say more than text.
        let typed = if dialect == Dialect::Page { seen.remove("search") } else { None };
        for (api, values) in seen {
            let field = dialect.own_name(api);
            if let Err(e) = filter.set(api, &values, dialect) {
                match e {
                    Error::Invalid(list) => errors
                        .extend(list.into_iter().map(|e| FieldError { field: field.to_owned(), message: e.message })),
                    other => errors.push(FieldError { field: field.to_owned(), message: other.to_string() }),
                }
            }
        }
        if let Some(values) = typed {
            // Several fields of one form are one text.
            let wrong = filter.take_typed(&values.join(" "));
            errors.extend(wrong.into_iter().map(|w| FieldError { field: "q".to_owned(), message: w.message }));
        }
        if let Window::Range { from: Some(from), to: Some(to) } = filter.window
            && from > to
        {
            filter.window = usual;
            errors
                .push(FieldError { field: dialect.own_name("start_time").to_owned(), message: ENDS_BEFORE.to_owned() });
        }
        (filter, errors)
    }

    fn set(&mut self, api: &str, values: &[&str], dialect: Dialect) -> Result<(), Error> {
        match api {
            "agent_name" => self.agent = choice(values, |s| Ok(s.to_owned()))?,
            "status" => self.status = choice(values, str::parse)?,
            "triggered_by" => self.trigger = choice(values, str::parse)?,
            "tool" => self.tool = choice(values, |s| Ok(s.to_owned()))?,
            "model" => self.model = choice(values, |s| Ok(s.to_owned()))?,
            "label" => self.label = choice(values, str::parse)?,
            "thread_id" => self.thread = choice(values, |s| Ok(s.to_owned()))?,
            "flow_id" => self.flow = choice(values, |s| Ok(s.to_owned()))?,
            "parent_id" => self.parent = choice(values, str::parse)?,
            "retry_of" => self.retry_of = choice(values, str::parse)?,
            "search" => {
                let text = one(values)?;
                if text.chars().count() > 1_000 {
                    return Err(Error::invalid("search", "is longer than 1 000 characters"));
                }
                self.search = (!text.is_empty()).then(|| text.to_owned());
            }
            "last" => self.window = Window::parse_last(one(values)?)?,
            "start_time" | "end_time" => {
                let text = one(values)?;
                let t = Timestamp::parse(text).ok_or_else(|| Error::invalid(api, format!("`{text}` is {NO_TIME}")))?;
                let (mut from, mut to) = match self.window {
                    Window::Range { from, to } => (from, to),
                    _ => (None, None),
                };
                if api == "start_time" {
                    from = Some(t);
                } else {
                    to = Some(t);
                }
                self.window = Window::Range { from, to };
            }
            "min_duration_ms" => self.duration_ms.min = Some(duration(values, dialect)?),
            "max_duration_ms" => self.duration_ms.max = Some(duration(values, dialect)?),
            "min_cost" => self.cost.min = Some(money(values)?),
            "max_cost" => self.cost.max = Some(money(values)?),
            "min_tokens" => self.tokens.min = Some(count(values)?),
            "max_tokens" => self.tokens.max = Some(count(values)?),
            "has_interaction" => self.has_interaction = Some(boolean(values)?),
            "has_error" => self.has_error = Some(boolean(values)?),
            "root_only" => self.root_only = boolean(values)?,
            "include_unfinished" => self.include_unfinished = boolean(values)?,
            "error_group" => self.error_group = choice(values, |s| Ok(s.to_owned()))?,
            "changed_after" => self.changed.min = Some(count(values)?),
            "changed_before" => self.changed.max = Some(count(values)?),
            "as_of" => self.as_of = Some(count(values)?),
            _ => return Err(Error::invalid(api, NO_PARAMETER)),
        }
        Ok(())
    }

    /// Normal form: canonical order, defaults of `base` omitted, multi-values sorted and comma-joined.
    fn pairs_against(&self, base: &Self, dialect: Dialect) -> Vec<(&'static str, String)> {
        let mut out: Vec<(&'static str, String)> = Vec::new();
        let mut add = |api: &'static str, value: Option<String>| {
            if let Some(v) = value {
                out.push((dialect.own_name(api), v));
            }
        };
        add("status", join(&self.status));
        add("agent_name", join(&self.agent));
        add("triggered_by", join(&self.trigger));
        add("tool", join(&self.tool));
        add("model", join(&self.model));
        add("label", join(&self.label));
        add(
            "search",
            self.search.as_deref().map(|q| if dialect == Dialect::Page { text_form(q) } else { q.to_owned() }),
        );
        if self.window != base.window {
            match self.window {
                Window::All => add("last", Some("all".to_owned())),
                Window::Last(s) => add("last", Some(format_seconds(s))),
                Window::Range { from, to } => {
                    add("start_time", from.map(|t| t.to_string()));
                    add("end_time", to.map(|t| t.to_string()));
                }
            }
        }
        add("min_duration_ms", self.duration_ms.min.map(|v| v.to_string()));
        add("max_duration_ms", self.duration_ms.max.map(|v| v.to_string()));
        add("min_cost", self.cost.min.map(|v| v.to_string()));
        add("max_cost", self.cost.max.map(|v| v.to_string()));
        add("min_tokens", self.tokens.min.map(|v| v.to_string()));
        add("max_tokens", self.tokens.max.map(|v| v.to_string()));
        add("has_interaction", self.has_interaction.map(|v| v.to_string()));
        add("has_error", self.has_error.map(|v| v.to_string()));
        add("thread_id", join(&self.thread));
        add("flow_id", join(&self.flow));
        add("parent_id", join(&self.parent));
        add("retry_of", join(&self.retry_of));
        add("root_only", self.root_only.then(|| "true".to_owned()));
        let unfinished = self.include_unfinished;
        add("include_unfinished", (unfinished != base.include_unfinished).then(|| unfinished.to_string()));
        add("error_group", join(&self.error_group));
        add("changed_after", self.changed.min.map(|v| v.to_string()));
        add("changed_before", self.changed.max.map(|v| v.to_string()));
        add("as_of", self.as_of.map(|v| v.to_string()));
        out
    }

    /// The API's parameters; what `filters_applied` shows.
    pub fn api_pairs(&self) -> Vec<(&'static str, String)> {
        self.pairs_against(&Self::default(), Dialect::Api)
    }

    /// The page's parameters.
    pub fn page_pairs(&self) -> Vec<(&'static str, String)> {
        self.pairs_against(&Self::page_default(), Dialect::Page)
    }

    /// The page's query string without `?`; empty for the default.
    pub fn page_query(&self) -> String {
        query_string(self.page_pairs())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Choice;
    use super::super::url::parse_query;
    use super::*;
    use crate::domain::status::Status;

    fn page(query: &[(&str, &str)]) -> (Filter, Vec<FieldError>) {
        Filter::page_default().parse(query.iter().copied(), Dialect::Page)
    }

    #[test]
    fn wrong_values_are_named_and_the_right_ones_hold() {
        let (f, errors) = page(&[("status", "failed"), ("trigger", "cron"), ("min_cost", "x"), ("colour", "red")]);
        assert_eq!(f.status, Choice::only(Status::Failed));
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["colour", "min_cost", "trigger"]);
    }

    #[test]
    fn a_page_url_is_canonical() {
        let (f, errors) = page(&[("q", "a & b"), ("status", "running,failed"), ("last", "24h"), ("agent", "!x")]);
        assert!(errors.is_empty());
        assert_eq!(f.page_query(), "status=running,failed&agent=!x&q=a%20%26%20b");
    }

    #[test]
    fn a_query_string_survives_the_round_trip() {
        let pairs = [("q", "a&b=c+d %41 é,!*".to_owned()), ("status", "failed".to_owned())];
        let text = query_string(pairs.iter().map(|(k, v)| (*k, v.clone())));
        let back = parse_query(&text);
        assert_eq!(back, pairs.map(|(k, v)| (k.to_owned(), v)));
        assert_eq!(
            parse_query("?a=%zz&b=%&c&=x"),
            [("a", "%zz"), ("b", "%"), ("c", ""), ("", "x")].map(|(k, v)| (k.into(), v.into()))
        );
    }

    #[test]
    fn last_and_a_range_do_not_mix() {
        let (_, errors) = page(&[("last", "7d"), ("from", "2026-01-01T00:00:00Z")]);
        assert_eq!(errors.len(), 1);
        let (_, errors) = page(&[("from", "2026-01-02T00:00:00Z"), ("to", "2026-01-01T00:00:00Z")]);
        assert_eq!(errors[0].field, "from");
    }

    #[test]
    fn spans_read_as_people_write_them() {
        for text in ["15m", "24h", "7d", "90s", "2h"] {
            let Ok(Window::Last(s)) = Window::parse_last(text) else { panic!("{text}") };
            assert_eq!(format_seconds(s), text);
        }
        for text in ["", "h", "0h", "-1h", "1y", "1.5h", "é", "99999999999999999999h"] {
            assert!(Window::parse_last(text).is_err(), "{text}");
        }
    }
}
