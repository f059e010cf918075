//! Both sides. For `<For>` over rows that come in above others: they come in one at a time, all within one frame.
//!
//! Leptos 0.8 takes every row behind them out of the page and puts it in again when several come in at one place, which
//! costs a list that is scrolled upwards more than all else, and a row its focus. One at a time moves nothing.

use super::follow;
use crate::browser;
use leptos::prelude::*;
use std::collections::HashSet;
use std::hash::Hash;

/// So many at once are another list: going there step by step would take longer.
const MOST: usize = 48;

/// The keys to show now, on the way to those that are wanted.
pub fn steady<K: Clone + Eq + Hash + Send + Sync + 'static>(wanted: Memo<Vec<K>>) -> RwSignal<Vec<K>> {
    let shown = RwSignal::new(wanted.get_untracked());
    let going = StoredValue::new(false);
    follow(move || {
        wanted.track();
        if going.get_value() {
            return;
        }
        going.set_value(true);
        browser::spawn(async move {
            // Ends too when the list has left the page.
            while let (Some(now), Some(goal)) = (shown.try_get_untracked(), wanted.try_get_untracked()) {
                if now == goal {
                    break;
                }
                shown.set(step(&now, &goal));
                leptos::task::tick().await;
            }
            going.try_set_value(false);
        });
    });
    shown
}

/// The goal, but of what it has new above the last key that stays, only the lowest.
fn step<K: Clone + Eq + Hash>(now: &[K], goal: &[K]) -> Vec<K> {
    let known: HashSet<&K> = now.iter().collect();
    let Some(last) = goal.iter().rposition(|key| known.contains(key)) else { return goal.to_vec() };
    let new = |at: usize| !known.contains(&goal[at]);
    if (0..last).filter(|at| new(*at)).count() > MOST {
        return goal.to_vec();
    }
    let lowest = (0..last).rev().find(|at| new(*at));
    (0..goal.len()).filter(|at| *at > last || !new(*at) || Some(*at) == lowest).map(|at| goal[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::step;
    use proptest::prelude::*;

    #[test]
    fn what_comes_in_above_comes_one_by_one_from_below() {
        assert_eq!(step(&[4, 5, 6], &[1, 2, 3, 4, 5]), [3, 4, 5]);
        assert_eq!(step(&[3, 4, 5], &[1, 2, 3, 4, 5]), [2, 3, 4, 5]);
        assert_eq!(step(&[1, 2, 3], &[2, 3, 4, 5]), [2, 3, 4, 5], "below, at once");
        assert_eq!(step(&[1, 2], &[7, 8, 9]), [7, 8, 9], "another list, at once");
        assert_eq!(step(&[1, 2], &[]), [0; 0]);
        assert_eq!(step(&[1, 4], &[1, 2, 3, 4]), [1, 3, 4]);
    }

    proptest! {
        #[test]
        fn every_way_ends_where_it_should(now in prop::collection::hash_set(0..80, 0..60), goal in prop::collection::hash_set(0..80, 0..60)) {
            let (mut now, goal) = (now.into_iter().collect::<Vec<_>>(), goal.into_iter().collect::<Vec<_>>());
            let mut steps = 0;
            while now != goal {
                now = step(&now, &goal);
                steps += 1;
                prop_assert!(steps <= goal.len() + 1, "{now:?} {goal:?}");
            }
        }
    }
}
