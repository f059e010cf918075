//! Server. Which entries of two lists belong to each other (Myers' algorithm, bounded).

/// Differences after which the rest counts as different altogether.
const MOST_DIFFERENCES: usize = 1_000;

/// A place in both lists, or in one of them.
pub type Pair = (Option<usize>, Option<usize>);

/// Both lists in order: equal entries beside each other; between them, what differs is paired by position.
pub fn align<T: PartialEq>(a: &[T], b: &[T]) -> Vec<Pair> {
    let mut out = Vec::with_capacity(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    for (next_a, next_b) in equal(a, b).into_iter().chain([(a.len(), b.len())]) {
        while i < next_a || j < next_b {
            let (left, right) = ((i < next_a).then_some(i), (j < next_b).then_some(j));
            i += usize::from(left.is_some());
            j += usize::from(right.is_some());
            out.push((left, right));
        }
        if next_a < a.len() && next_b < b.len() {
            out.push((Some(next_a), Some(next_b)));
            (i, j) = (next_a + 1, next_b + 1);
        }
    }
    out
}

/// Places of equal entries, rising in both lists.
fn equal<T: PartialEq>(a: &[T], b: &[T]) -> Vec<(usize, usize)> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[start..], &b[start..]);
    let end = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (middle_a, middle_b) = (&rest_a[..rest_a.len() - end], &rest_b[..rest_b.len() - end]);
    let mut pairs: Vec<(usize, usize)> = (0..start).map(|n| (n, n)).collect();
    pairs.extend(shortest(middle_a, middle_b).into_iter().map(|(x, y)| (x + start, y + start)));
    pairs.extend((0..end).map(|n| (a.len() - end + n, b.len() - end + n)));
    pairs
}

/// Equal entries on a shortest way from one list to the other; none when the way is too long.
fn shortest<T: PartialEq>(a: &[T], b: &[T]) -> Vec<(usize, usize)> {
    let most = (a.len() + b.len()).min(MOST_DIFFERENCES);
    // `reach[zero + k]`: how far in `a` the diagonal `k` (place in `a` less place in `b`) was followed.
    let zero = most + 1;
    let mut reach = vec![0_usize; 2 * most + 3];
    let mut steps = Vec::new();
    for d in 0..=most {
        steps.push(reach[zero - d - 1..=zero + d + 1].to_vec());
        for k in (zero - d..=zero + d).step_by(2) {
            let mut x = came_from(&reach, k, zero - d, zero + d).1;
            let mut y = x + zero - k;
            while x < a.len() && y < b.len() && a[x] == b[y] {
                (x, y) = (x + 1, y + 1);
            }
            reach[k] = x;
            if x >= a.len() && y >= b.len() {
                return back(&steps, a.len(), b.len());
            }
        }
    }
    Vec::new()
}

/// The neighbouring diagonal that led furthest, and where the way enters `k` from it.
fn came_from(reach: &[usize], k: usize, lowest: usize, highest: usize) -> (usize, usize) {
    if k == lowest || (k != highest && reach[k - 1] < reach[k + 1]) {
        (k + 1, reach[k + 1])
    } else {
        (k - 1, reach[k - 1] + 1)
    }
}

fn back(steps: &[Vec<usize>], mut x: usize, mut y: usize) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (d, reach) in steps.iter().enumerate().rev() {
        // Here the diagonal 0 stands at d + 1.
        let k = x + d + 1 - y;
        let (from, entered) = came_from(reach, k, 1, 2 * d + 1);
        let start = if d == 0 { 0 } else { entered };
        while x > start && y > 0 {
            (x, y) = (x - 1, y - 1);
            pairs.push((x, y));
        }
        if d > 0 {
            x = reach[from];
            y = x + d + 1 - from;
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn both(a: &str, b: &str) -> String {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let show = |i: Option<usize>, of: &[char]| i.map_or('-', |i| of[i]);
        align(&a, &b).into_iter().flat_map(|(i, j)| [show(i, &a), show(j, &b), ' ']).collect()
    }

    #[test]
    fn equal_entries_stand_beside_each_other() {
        assert_eq!(both("abc", "abc"), "aa bb cc ");
        assert_eq!(both("abc", "axc"), "aa bx cc ");
        assert_eq!(both("ac", "abc"), "aa -b cc ");
        assert_eq!(both("", "ab"), "-a -b ");
        assert_eq!(both("abcd", "bcde"), "a- bb cc dd -e ");
    }

    #[test]
    fn what_differs_altogether_is_paired_by_position() {
        let (a, b): (Vec<usize>, Vec<usize>) = ((0..5_000).collect(), (10_000..14_000).collect());
        let pairs = align(&a, &b);
        assert_eq!(pairs.len(), 5_000);
        assert_eq!(pairs[0], (Some(0), Some(0)));
        assert_eq!(pairs[4_999], (Some(4_999), None));
    }

    /// The length of a longest common subsequence, the slow way.
    fn longest(a: &[u8], b: &[u8]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..a.len() {
            for j in 0..b.len() {
                table[i + 1][j + 1] = if a[i] == b[j] { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_as_much_as_possible_is_equal(
            a in proptest::collection::vec(0_u8..4, 0..30),
            b in proptest::collection::vec(0_u8..4, 0..30),
        ) {
            let pairs = align(&a, &b);
            prop_assert_eq!(pairs.iter().filter_map(|p| p.0).collect::<Vec<_>>(), (0..a.len()).collect::<Vec<_>>());
            prop_assert_eq!(pairs.iter().filter_map(|p| p.1).collect::<Vec<_>>(), (0..b.len()).collect::<Vec<_>>());
            let found = equal(&a, &b);
            prop_assert!(found.iter().all(|(i, j)| a[*i] == b[*j]));
            prop_assert!(found.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
            prop_assert_eq!(found.len(), longest(&a, &b));
        }
    }
}
