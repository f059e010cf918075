//! Both sides. A saved view of the list: filter, order and columns under a name.

use super::error::{Error, FieldError, Result};
use super::filter::{parse_query, query_string};
use super::list_query::ListQuery;
use super::time::Timestamp;
use super::visible::has_visible;
use serde::{Deserialize, Serialize};

const NAME_CHARS: usize = 80;
const QUERY_BYTES: usize = 16 << 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct View {
    pub id: String,
    pub name: String,
    /// The page's query string in normal form, as in `/executions?…`.
    pub query: String,
    /// Everybody who sees the whole fleet sees it.
    pub shared: bool,
    /// Display name of whose it is.
    pub owner: String,
    /// Is it the caller's own?
    pub mine: bool,
    /// Does the page open with it, for the caller?
    pub default: bool,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    #[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// A page of views, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ViewPage {
    pub views: Vec<View>,
    pub next_cursor: Option<String>,
}

/// A new view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewView {
    /// 1 to 80 characters, once per owner.
    pub name: String,
    /// A query string of the page: filter, `sort` and `cols`.
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub shared: bool,
    #[serde(default)]
    pub default: bool,
}

/// A change: only the fields present change. Everybody sets their own `default`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ViewPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<bool>,
}

/// The name as it is stored.
pub fn view_name(text: &str) -> Result<String> {
    let name = text.trim();
    if !(1..=NAME_CHARS).contains(&name.chars().count()) {
        return Err(Error::invalid("name", format!("must be 1 to {NAME_CHARS} characters")));
    }
    if name.contains(char::is_control) || !has_visible(name) {
        return Err(Error::invalid("name", "has a character that can't be shown, or none that can"));
    }
    Ok(name.to_owned())
}

/// The query as it is stored. What this version does not understand is refused here; what a later version does not
/// understand any more is shown as an error when the view is opened.
pub fn view_query(text: &str) -> Result<String> {
    if text.len() > QUERY_BYTES {
        return Err(Error::invalid("query", "is longer than 16 KiB"));
    }
    let list = ListQuery::parse(&parse_query(text));
    if !list.errors.is_empty() {
        let error = |e: super::QueryError| FieldError { field: "query".to_owned(), message: e.message };
        return Err(Error::Invalid(list.errors.into_iter().map(error).collect()));
    }
    let pairs = ListQuery::pairs(&list.filter, list.sort, list.columns.as_ref(), &[]);
    Ok(query_string(pairs.iter().map(|(name, value)| (name.as_str(), value.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_stored_in_normal_form() {
        assert_eq!(view_query("?sort=-cost&q=status:failed+tax&last=24h"), Ok("status=failed&q=tax&sort=-cost".into()));
        assert_eq!(view_query(""), Ok(String::new()));
        assert_eq!(view_query("cols=default"), Ok("cols=default".into()));
        let wrong = view_query("colour=red&run=x");
        assert_eq!(
            wrong.map_err(|e| e.to_string()),
            Err("query: “colour” is not a filter; query: “run” is not a filter".into())
        );
    }

    #[test]
    fn a_name_is_short_and_visible() {
        assert_eq!(view_name("  Night shift "), Ok("Night shift".into()));
        assert_eq!(view_name(&"é".repeat(80)), Ok("é".repeat(80)));
        for wrong in ["", " ", "a\nb", "\u{200b}\u{202e}", &"x".repeat(81)] {
            assert!(view_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
