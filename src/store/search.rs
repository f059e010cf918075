//! Server. Text search: Unicode simple case folding, a trigram index, and an exact check of what it finds.

use super::db::{Executor, Tx};
use super::query::{Query, Value};
use crate::domain::Result;
use std::collections::HashMap;

/// Simple case folding, character by character; accents count.
pub fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\0')
        .map(|c| unicode_case_mapping::case_folded(c).and_then(|f| char::from_u32(f.get())).unwrap_or(c))
        .collect()
}

/// What is searched of a run.
pub fn folded(message: &str, response: Option<&str>, error: Option<&str>) -> String {
    let mut all = fold(message);
    for part in [response, error].into_iter().flatten() {
        all.push('\n');
        all.push_str(&fold(part));
    }
    all
}

/// The index query that every text containing `term` satisfies; `None` when the term is too short for one.
pub fn trigrams(term: &str) -> Option<String> {
    let chars: Vec<char> = term.chars().collect();
    let mut grams: Vec<String> = chars.windows(3).map(|w| w.iter().collect()).collect();
    grams.sort();
    grams.dedup();
    // More of them hardly narrow further.
    grams.truncate(24);
    let quoted: Vec<String> = grams.iter().map(|g| format!("\"{}\"", g.replace('"', "\"\""))).collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}

/// The runs of an open transaction that SQLite's trigram index does not know yet, each with the text it still has
/// there. The index writes to disk at every savepoint, so it is told of all of them at once, at the end. PostgreSQL
/// keeps its own up to date.
#[derive(Default)]
pub struct Unindexed {
    kept: HashMap<i64, Option<String>>,
    /// Since the savepoint.
    recent: HashMap<i64, Option<String>>,
}

impl Unindexed {
    fn contains(&self, key: i64) -> bool {
        self.kept.contains_key(&key) || self.recent.contains_key(&key)
    }

    pub fn keep(&mut self) {
        for (key, text) in self.recent.drain() {
            self.kept.entry(key).or_insert(text);
        }
    }

    pub fn forget(&mut self) {
        self.recent.clear();
    }
}

/// Adds texts of new runs.
pub async fn add(tx: &mut Tx, texts: &[(i64, &str)]) -> Result<()> {
    for chunk in super::executions::chunks(texts) {
        let mut q = Query::new("insert into execution_search (key, folded) values ");
        q.rows(chunk.iter().map(|(key, text)| vec![Value::from(*key), Value::from(*text)]));
        tx.run(q).await?;
    }
    if tx.is_sqlite() {
        tx.unindexed.recent.extend(texts.iter().map(|(key, _)| (*key, None)));
    }
    Ok(())
}

/// Replaces the text of a run.
pub async fn replace(tx: &mut Tx, key: i64, text: &str) -> Result<()> {
    if tx.is_sqlite() && !tx.unindexed.contains(key) {
        let old: Option<(String,)> =
            tx.maybe(Query::new("select folded from execution_search where key = $1").bind(key)).await?;
        tx.unindexed.recent.insert(key, old.map(|(text,)| text));
    }
    let sql = "insert into execution_search (key, folded) values ($1, $2) \
               on conflict (key) do update set folded = excluded.folded";
    tx.run(Query::new(sql).bind(key).bind(text)).await.map(|_| ())
}

/// A run is about to be taken away: the index forgets its text.
pub async fn remove(tx: &mut Tx, key: i64) -> Result<()> {
    if tx.is_sqlite() && !tx.unindexed.contains(key) {
        let old: Option<(String,)> =
            tx.maybe(Query::new("select folded from execution_search where key = $1").bind(key)).await?;
        tx.unindexed.recent.insert(key, old.map(|(text,)| text));
    }
    Ok(())
}

/// Brings the trigram index up to date, as the last step of a transaction.
pub async fn settle(tx: &mut Tx) -> Result<()> {
    let owed = std::mem::take(&mut tx.unindexed.kept);
    if owed.is_empty() {
        return Ok(());
    }
    let json = |v: serde_json::Value| v.to_string();
    let keys = json(owed.keys().copied().collect());
    let old: Vec<(i64, String)> = owed.into_iter().filter_map(|(key, text)| Some((key, text?))).collect();
    if !old.is_empty() {
        // The index can only forget a text that it is told.
        let sql = "insert into execution_trigrams (execution_trigrams, rowid, folded) \
                   select 'delete', value ->> 0, value ->> 1 from json_each($1)";
        tx.run(Query::new(sql).bind(json(serde_json::json!(old)))).await?;
    }
    let sql = "insert into execution_trigrams (rowid, folded) \
               select key, folded from execution_search where key in (select value from json_each($1))";
    tx.run(Query::new(sql).bind(keys)).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_unicode_and_keeps_accents() {
        assert_eq!(fold("STRAẞE Éclair ΣΊΣΥΦΟΣ İ"), fold("straße éclair σίσυφοσ İ"));
        assert_ne!(fold("e"), fold("é"));
        assert_eq!(fold("a\0b"), "ab");
    }

    #[test]
    fn a_term_becomes_its_trigrams() {
        assert_eq!(trigrams("ab"), None);
        assert_eq!(trigrams("abcd").as_deref(), Some("\"abc\" AND \"bcd\""));
        assert_eq!(trigrams("\"\"\"").as_deref(), Some("\"\"\"\"\"\"\"\""));
    }
}
