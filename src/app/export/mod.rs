//! Server. The filtered set in full, as a file. Which runs it holds is settled at one moment, before the first byte:
//! their keys, 8 bytes each, in the order asked for. The rows are then read a few at a time, each in its newest state,
//! so that whatever changes meanwhile, no run is lost and none comes twice, and no reader, however slow, keeps a
//! transaction open.

mod csv;

use super::Caller;
use crate::domain::{Error, Filter, Result, Sort};
use crate::store::executions::{self as rows, Record};
use crate::store::list::{self, After, Selection};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exports under way at the same time.
const AT_ONCE: usize = 8;
/// Keys read with one statement.
const KEYS: i64 = 10_000;
/// Rows read and sent at once.
const ROWS: usize = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A summary a line, as lists show it.
    #[default]
    Ndjson,
    /// RFC 4180.
    Csv,
}

impl FromStr for Format {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        match s {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err(Error::invalid("format", format!("`{s}` is neither ndjson nor csv"))),
        }
    }
}

impl Format {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    pub const fn ending(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// How many may be under way.
pub struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// An export under way.
pub struct Export {
    caller: Caller,
    format: Format,
    keys: Vec<i64>,
    /// Of the keys, how many are written; `None` before the head.
    done: Option<usize>,
    _place: OwnedSemaphorePermit,
}

/// Settles which runs the export holds.
pub async fn start(caller: &Caller, filter: &Filter, sort: Sort, format: Format) -> Result<Export> {
    let visible = caller.fleet()?;
    let place = caller.app.exports.0.clone().try_acquire_owned().map_err(|_| Error::TooMany { retry_after_s: 5 })?;
    let mut tx = caller.app.store.snapshot().await?;
    let selection = Selection::resolve(&mut tx, filter, visible, caller.now()).await?;
    let count = list::count(&mut tx, &selection).await?;
    let selection = selection.for_sort(sort, count, tx.is_sqlite());
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = list::keys(&mut tx, &selection, sort, after, KEYS).await?;
        keys.extend(page.iter().map(|(_, key)| *key));
        match page.last() {
            Some((value, key)) if page.len() as i64 == KEYS => after = Some(After { value: *value, key: *key }),
            _ => break,
        }
    }
    Ok(Export { caller: caller.clone(), format, keys, done: None, _place: place })
}

impl Export {
    /// How many runs it holds.
    pub fn total(&self) -> usize {
        self.keys.len()
    }

    /// The next piece; `None` at the end. After an error there is no end: whoever receives it must not take what came
    /// before for the whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        let done = self.done.unwrap_or_else(|| {
            if self.format == Format::Csv {
                csv::write_head(&mut out);
            }
            0
        });
        let chunk = &self.keys[done..self.keys.len().min(done + ROWS)];
        for record in self.read(chunk).await? {
            let run = record.summary()?;
            match self.format {
                Format::Ndjson => {
                    serde_json::to_writer(&mut out, &run).map_err(|e| Error::Internal(e.to_string()))?;
                    out.push(b'\n');
                }
                Format::Csv => csv::write_row(&mut out, &run)?,
            }
        }
        let ended = self.done.is_some() && chunk.is_empty();
        self.done = Some(done + chunk.len());
        Ok((!ended).then_some(out))
    }

    /// The rows of these keys, in this order; those that were removed meanwhile are left out.
    async fn read(&self, keys: &[i64]) -> Result<Vec<Record>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let Some(now) = self.caller.refreshed().await? else { return Err(Error::Unauthenticated) };
        let found = rows::by_keys(&mut self.caller.app.store.read(), keys).await?;
        if found.iter().any(|r| !now.visible().includes(r.agent_key)) {
            return Err(Error::Forbidden("your access changed while the export ran".to_owned()));
        }
        let mut by_key: HashMap<i64, Record> = found.into_iter().map(|r| (r.key, r)).collect();
        Ok(keys.iter().filter_map(|key| by_key.remove(key)).collect())
    }
}
