//! Both sides. Rows that keep their place in the page while their content changes, so that a live update
//! neither closes what the reader opened nor moves it.

use crate::domain::{ListedCall, Step, Timestamp};
use leptos::prelude::*;
use std::collections::HashMap;
use std::hash::Hash;

/// What identifies a row, and where it belongs.
pub trait Row: Clone + PartialEq + Send + Sync + 'static {
    type Key: Clone + Eq + Hash + Ord + Send + Sync + 'static;
    type Place: Ord;
    fn key(&self) -> Self::Key;
    fn place(&self) -> Self::Place;
}

impl Row for ListedCall {
    type Key = String;
    type Place = (Timestamp, String);
    fn key(&self) -> String {
        self.call.call_id.clone()
    }
    fn place(&self) -> Self::Place {
        (self.call.started_at, self.call.call_id.clone())
    }
}

impl Row for Step {
    type Key = i64;
    type Place = i64;
    fn key(&self) -> i64 {
        self.index
    }
    fn place(&self) -> i64 {
        self.index
    }
}

pub type RowSignal<T> = ArcRwSignal<T>;

#[derive(Clone)]
pub struct Rows<T: Row> {
    by_key: HashMap<T::Key, RowSignal<T>>,
    order: Vec<(T::Key, RowSignal<T>)>,
}

impl<T: Row> Rows<T> {
    pub fn new(items: Vec<T>) -> Self {
        let mut rows = Self { by_key: HashMap::new(), order: Vec::new() };
        rows.merge(items);
        rows
    }

    /// Changed rows are told through their own signal; `true` when rows were added.
    pub fn merge(&mut self, items: Vec<T>) -> bool {
        let before = self.order.len();
        for item in items {
            let key = item.key();
            match self.by_key.get(&key) {
                Some(row) if row.with_untracked(|old| *old != item) => row.set(item),
                Some(_) => {}
                None => {
                    let row = RowSignal::new(item);
                    self.by_key.insert(key.clone(), row.clone());
                    self.order.push((key, row));
                }
            }
        }
        let added = self.order.len() > before;
        if added {
            self.order.sort_by_cached_key(|(_, row)| row.with_untracked(Row::place));
        }
        added
    }

    pub const fn len(&self) -> usize {
        self.order.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &RowSignal<T>> {
        self.order.iter().map(|(_, row)| row)
    }

    /// Whether the row is here and `test` holds for it.
    pub fn any(&self, key: &T::Key, test: impl Fn(&T) -> bool) -> bool {
        self.by_key.get(key).is_some_and(|row| row.with_untracked(test))
    }

    /// A stretch for the page: at most `most` rows after the first `skip`.
    pub fn slice(&self, skip: usize, most: usize) -> Vec<(T::Key, RowSignal<T>)> {
        self.order.iter().skip(skip).take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PartStatus, ToolCall};

    fn call(id: &str, at: i64, status: PartStatus) -> ListedCall {
        let call = ToolCall {
            call_id: id.to_owned(),
            name: "web.search".to_owned(),
            arguments: None,
            result: None,
            error: None,
            status,
            started_at: Timestamp::from_millis(at),
            completed_at: None,
            parent_call_id: None,
        };
        ListedCall { call, left_out: 0 }
    }

    #[test]
    fn an_update_changes_the_row_and_keeps_its_signal() {
        let mut rows = Rows::new(vec![call("a", 1, PartStatus::Running), call("b", 2, PartStatus::Running)]);
        let before = rows.slice(0, 9);
        assert!(!rows.merge(vec![call("a", 1, PartStatus::Success)]));
        assert_eq!(before[0].1.get_untracked().call.status, PartStatus::Success);
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_call_that_is_told_late_goes_where_it_started() {
        let mut rows = Rows::new(vec![call("a", 1, PartStatus::Success), call("c", 3, PartStatus::Success)]);
        assert!(rows.merge(vec![call("b", 2, PartStatus::Success)]));
        let order: Vec<String> = rows.slice(0, 9).into_iter().map(|(key, _)| key).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }

    #[test]
    fn the_page_takes_a_stretch_only() {
        let rows = Rows::new((0..10_000).map(|n| call(&format!("{n:05}"), n, PartStatus::Success)).collect());
        assert_eq!(rows.slice(9_950, 100).len(), 50);
        assert_eq!(rows.slice(100, 100)[0].0, "00100");
    }
}
