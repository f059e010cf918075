//! Server. Two texts, line by line.

use super::align::align;
use crate::domain::{DiffRow, TextDiff};

/// Of each text so much is compared, and of a line so much is shown.
const MOST_BYTES: usize = 256 << 10;
const MOST_LINES: usize = 5_000;
const MOST_LINE: usize = 4_000;
/// Rows of an answer.
const MOST_ROWS: usize = 1_000;
/// Equal lines shown around a difference, and how many in a row make it worth leaving some out.
const AROUND: usize = 3;
const MANY: usize = 9;

/// `None` when neither run has it.
pub fn compare(name: &str, a: Option<&str>, b: Option<&str>) -> Option<TextDiff> {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    if a.is_empty() && b.is_empty() {
        return None;
    }
    let ((lines_a, cut_a), (lines_b, cut_b)) = (lines(a), lines(b));
    let rows = align(&lines_a, &lines_b).into_iter().map(|pair| match pair {
        (Some(i), Some(j)) if lines_a[i] == lines_b[j] => DiffRow::Same(short(lines_a[i])),
        (i, j) => DiffRow::Changed(i.map(|i| short(lines_a[i])), j.map(|j| short(lines_b[j]))),
    });
    let mut rows = around(rows.collect());
    let cut = cut_a || cut_b || rows.len() > MOST_ROWS;
    rows.truncate(MOST_ROWS);
    Some(TextDiff { name: name.to_owned(), rows, same: a == b, cut })
}

/// The lines compared, and whether there are more.
fn lines(text: &str) -> (Vec<&str>, bool) {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let lines: Vec<&str> = text[..end].lines().take(MOST_LINES + 1).collect();
    let cut = end < text.len() || lines.len() > MOST_LINES;
    (lines.into_iter().take(MOST_LINES).collect(), cut)
}

fn short(line: &str) -> String {
    match line.char_indices().nth(MOST_LINE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Leaves out what is equal far from any difference.
fn around(rows: Vec<DiffRow>) -> Vec<DiffRow> {
    let mut out = Vec::new();
    let mut equal: Vec<DiffRow> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(row) = rows.next() {
        let ends = match &row {
            DiffRow::Same(_) => rows.peek().is_none(),
            _ => true,
        };
        if matches!(row, DiffRow::Same(_)) {
            equal.push(row);
            if ends {
                leave_out(&mut equal, out.is_empty(), true, &mut out);
            }
        } else {
            leave_out(&mut equal, out.is_empty(), false, &mut out);
            out.push(row);
        }
    }
    out
}

/// `first`, `last`: no difference stands before or after these equal lines.
fn leave_out(equal: &mut Vec<DiffRow>, first: bool, last: bool, out: &mut Vec<DiffRow>) {
    let (head, tail) = match (first, last) {
        (true, false) => (0, AROUND),
        (false, false) => (AROUND, AROUND),
        (_, true) => (AROUND, 0),
    };
    if equal.len() < MANY {
        out.append(equal);
        return;
    }
    let left = equal.len() - head - tail;
    let end = equal.split_off(head + left);
    equal.truncate(head);
    out.append(equal);
    out.push(DiffRow::Skipped(left));
    out.extend(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_beside_each_other() {
        let diff = compare("Response", Some("a\nb\nc"), Some("a\nx\nc\nd")).expect("texts");
        let some = |s: &str| Some(s.to_owned());
        assert_eq!(
            diff.rows,
            [
                DiffRow::Same("a".into()),
                DiffRow::Changed(some("b"), some("x")),
                DiffRow::Same("c".into()),
                DiffRow::Changed(None, some("d")),
            ]
        );
        assert!(!diff.same && !diff.cut);
        assert_eq!(compare("Error", None, Some("")), None);
    }

    #[test]
    fn equal_lines_far_from_a_difference_are_counted_only() {
        let many = |n: usize| (0..n).map(|i| format!("line {i}\n")).collect::<Vec<_>>().concat();
        let diff = compare("Response", Some(&many(100)), Some(&(many(100) + "more"))).expect("texts");
        assert_eq!(diff.rows[0], DiffRow::Skipped(97));
        assert_eq!(diff.rows.len(), 5);
        let same = compare("Response", Some(&many(100)), Some(&many(100))).expect("texts");
        assert!(same.same);
        assert_eq!(same.rows.len(), 4);
        assert_eq!(same.rows[3], DiffRow::Skipped(97));
    }

    #[test]
    fn very_long_texts_are_compared_in_part_and_say_so() {
        let long = "日本語のとても長い行\n".repeat(50_000);
        let diff = compare("Response", Some(&long), Some("x")).expect("texts");
        assert!(diff.cut && diff.rows.len() == MOST_ROWS);
        let line = "é".repeat(10_000);
        let diff = compare("Response", Some(&line), None).expect("texts");
        assert!(!diff.cut && matches!(&diff.rows[0], DiffRow::Changed(Some(l), None) if l.ends_with('…')));
    }
}
