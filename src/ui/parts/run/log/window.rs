//! Both sides. Which lines of a log are in the page, and whether it follows the end.

/// Height of a line in px; `--log-line` in style/pages/run.scss is the same.
pub const LINE: f64 = 20.0;
/// Line elements in the page, at most.
pub const MOST: i64 = 200;
const OVERSCAN: i64 = 30;

/// Numbers of the first and last line to render (from 1; empty when last < first).
pub fn window(top: f64, height: f64, total: i64) -> (i64, i64) {
    #[allow(clippy::cast_possible_truncation)] // a log has far fewer lines than 2^53
    let (above, shown) = ((top.max(0.0) / LINE) as i64, (height.max(0.0) / LINE).ceil() as i64);
    let (above, shown) = (above.min(total), shown.min(MOST));
    let first = (above + 1 - OVERSCAN).min(total - shown - OVERSCAN).max(1);
    (first, (first + shown + 2 * OVERSCAN).min(first + MOST - 1).min(total))
}

/// Whether to go on following after the reader scrolled from `before` to `top`. Only a move up ends it:
/// new lines make the end move away, and that must not.
pub fn follows(following: bool, before: f64, top: f64, height: f64, content: f64) -> bool {
    let at_end = top + height >= content - LINE * 1.5;
    at_end || (following && top >= before - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_few_lines_in_the_page() {
        for total in [0, 1, 50, 100_000, 2_000_000] {
            for top in [0.0, 999.0, 1_000_000.0, f64::MAX] {
                for height in [0.0, 600.0, 100_000.0] {
                    let (first, last) = window(top, height, total);
                    assert!(first >= 1 && last <= total && last - first < MOST, "{top} {height} {total}");
                }
            }
        }
    }

    #[test]
    fn the_lines_in_view_are_in_the_window() {
        let (first, last) = window(20_000.0, 600.0, 100_000);
        assert!(first <= 1_001 && last >= 1_031);
        assert_eq!(window(0.0, 600.0, 12), (1, 12));
        let (first, last) = window(100_000.0 * LINE - 600.0, 600.0, 100_000);
        assert!(first <= 99_970 && last == 100_000);
    }

    #[test]
    fn scrolling_up_ends_following_and_the_end_starts_it() {
        assert!(!follows(true, 1_000.0, 900.0, 500.0, 1_500.0));
        assert!(follows(false, 900.0, 995.0, 500.0, 1_500.0));
        assert!(follows(true, 1_000.0, 1_000.0, 500.0, 4_000.0), "new lines do not end it");
        assert!(!follows(false, 100.0, 200.0, 500.0, 4_000.0));
    }
}
