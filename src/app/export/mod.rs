//! Server. The filtered set in full, as a file. Which runs it holds is settled at one moment, before the first byte:
//! their keys, 8 bytes each, in the order asked for. The rows are then read a few at a time, each in its newest state,
//! so that whatever changes meanwhile, no run is lost and none comes twice, and no reader, however slow, keeps a
//! transaction open.

mod csv;
mod deliver;

use super::Caller;
use crate::domain::{Error, Filter, Result, Sort};
use crate::store::executions::{self as rows, Record};
use crate::store::list::{self, After, Selection};
use futures::stream::{self, Stream};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Exports under way at the same time, of everybody and of one person.
const AT_ONCE: usize = 8;
const EACH: usize = 3;
/// A reader who takes nothing for so long is left.
const PATIENCE: Duration = Duration::from_mins(1);
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

/// The people whose exports are under way, once for each.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<Vec<i64>>>);

/// A place that is taken, until it is dropped.
struct Place {
    all: Places,
    user_key: i64,
}

impl Places {
    fn take(&self, user_key: i64) -> Result<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= AT_ONCE || taken.iter().filter(|user| **user == user_key).count() >= EACH {
            return Err(Error::TooMany { retry_after_s: 5 });
        }
        taken.push(user_key);
        Ok(Place { all: self.clone(), user_key })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = taken.iter().position(|user| *user == self.user_key) {
            taken.swap_remove(at);
        }
    }
}

/// An export under way.
pub struct Export {
    caller: Caller,
    format: Format,
    keys: Vec<i64>,
    /// Of the keys, how many are written; `None` before the head.
    done: Option<usize>,
    _place: Place,
}

/// Settles which runs the export holds.
pub async fn start(caller: &Caller, filter: &Filter, sort: Sort, format: Format) -> Result<Export> {
    let visible = caller.fleet()?;
    let place = caller.app.exports.take(caller.user_key)?;
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

    /// The file, piece by piece. After an error there is no end: whoever receives it must not take what came before for
    /// the whole.
    pub fn pieces(self) -> impl Stream<Item = Result<Vec<u8>>> + Send {
        let pieces = stream::try_unfold(self, |mut export| async move {
            match export.next().await {
                Ok(piece) => Ok(piece.map(|bytes| (bytes, export))),
                Err(e) => {
                    tracing::warn!(error = %e, "an export was broken off");
                    Err(e)
                }
            }
        });
        deliver::deliver(pieces, PATIENCE)
    }

    /// The next piece; `None` at the end.
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
