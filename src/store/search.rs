//! Server. Text search: Unicode simple case folding, a trigram index, and an exact check of what it finds.

use super::db::{Executor, Tx};
use super::query::{Query, Value};
use crate::domain::Result;

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

/// Adds texts of new runs.
pub async fn add(tx: &mut Tx, texts: Vec<(i64, String)>) -> Result<()> {
    for chunk in super::executions::chunks(&texts) {
        let rows = || chunk.iter().map(|(key, text)| vec![Value::from(*key), Value::from(text.as_str())]);
        let mut q = Query::new("insert into execution_search (key, folded) values ");
        q.rows(rows());
        tx.run(q).await?;
        if tx.is_sqlite() {
            let mut q = Query::new("insert into execution_trigrams (rowid, folded) values ");
            q.rows(rows());
            tx.run(q).await?;
        }
    }
    Ok(())
}

/// Replaces the text of a run.
pub async fn replace(tx: &mut Tx, key: i64, text: &str) -> Result<()> {
    if tx.is_sqlite() {
        let old: Option<(String,)> =
            tx.maybe(Query::new("select folded from execution_search where key = $1").bind(key)).await?;
        if let Some((old,)) = old {
            // The index can only forget a text that it is told.
            let sql = "insert into execution_trigrams (execution_trigrams, rowid, folded) values ('delete', $1, $2)";
            tx.run(Query::new(sql).bind(key).bind(old)).await?;
        }
        let sql = "insert into execution_trigrams (rowid, folded) values ($1, $2)";
        tx.run(Query::new(sql).bind(key).bind(text)).await?;
    }
    let sql = "insert into execution_search (key, folded) values ($1, $2) \
               on conflict (key) do update set folded = excluded.folded";
    tx.run(Query::new(sql).bind(key).bind(text)).await.map(|_| ())
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
