//! Both sides. Which rows of a long list are in the page: plain arithmetic.

use std::ops::Range;

/// One row's height in CSS pixels; style/_tokens.scss has the same numbers.
pub const ROW_HEIGHT: f64 = 48.0;
pub const ROW_HEIGHT_PHONE: f64 = 124.0;

/// What the server renders and the browser takes over.
pub const FIRST_ROWS: usize = 50;
/// No more row elements than this, however tall the window is.
pub const MOST_ROWS: usize = 140;
const OVERSCAN: usize = 12;
/// Rows come and go by so many: most frames of a scroll then change nothing in the page.
const STEP: usize = 4;
/// The next page is asked for when the reader is this near to the end.
const NEAR_END: usize = 25;

/// The rows to have in the page. `top` is where the list begins in the window (negative: scrolled past).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn visible(top: f64, height: f64, row: f64, len: usize) -> Range<usize> {
    let first = ((-top).max(0.0) / row) as usize;
    let shown = (height.max(0.0) / row).ceil() as usize + 1;
    let start = (first.saturating_sub(OVERSCAN) / STEP * STEP).min(len);
    let end = (first + shown + OVERSCAN).next_multiple_of(STEP).min(start + MOST_ROWS).min(len);
    // Never an empty window over a list that has rows.
    if start == end { len.saturating_sub((shown + OVERSCAN).min(MOST_ROWS))..len } else { start..end }
}

/// Is the list's first row in view?
pub fn at_top(top: f64, row: f64) -> bool {
    top > -row / 2.0
}

pub fn near_end(window: &Range<usize>, len: usize) -> bool {
    window.end + NEAR_END >= len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_rows_put_few_into_the_page() {
        for top in [100.0, 0.0, -30_000.0, -559_000.0, -9_999_999.0] {
            for height in [300.0, 900.0, 100_000.0] {
                let window = visible(top, height, ROW_HEIGHT, 10_000);
                assert!(window.len() <= 150, "{top} {height}: {window:?}");
                assert!(!window.is_empty());
            }
        }
        assert_eq!(visible(-56_000.0, 560.0, 56.0, 10_000), 988..1_024);
        assert_eq!(visible(0.0, 560.0, 56.0, 3), 0..3);
        assert_eq!(visible(0.0, 560.0, 56.0, 0), 0..0);
    }

    #[test]
    fn the_next_page_is_asked_for_before_the_end_is_seen() {
        assert!(!near_end(&(0..24), 50));
        assert!(near_end(&(0..30), 50));
    }

    #[test]
    fn a_reader_is_at_the_top_while_the_first_row_is_in_view() {
        assert!(at_top(300.0, 56.0));
        assert!(!at_top(-300.0, 56.0));
    }

    #[test]
    fn the_stylesheet_has_the_same_row_heights() {
        let tokens = include_str!("../../../style/_tokens.scss");
        assert!(tokens.contains(&format!("$row-height: {ROW_HEIGHT}px;")));
        assert!(tokens.contains(&format!("$row-height-phone: {ROW_HEIGHT_PHONE}px;")));
    }
}
