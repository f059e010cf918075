//! Both sides. Which answer counts: only that of the newest question.

/// Counts questions. An answer is used only while its number is the newest, so that a late answer to an
/// older filter is never shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn(u64);

impl Turn {
    /// Asks anew; everything asked before is void.
    pub fn ask(&mut self) -> Self {
        self.0 += 1;
        *self
    }

    /// Is `asked` still the newest question?
    pub fn is_newest(self, asked: Self) -> bool {
        self == asked
    }
}

#[cfg(test)]
mod tests {
    use super::Turn;

    #[test]
    fn lesson_4_a_late_answer_to_an_older_filter_is_void() {
        let mut turn = Turn::default();
        let slow = turn.ask();
        let fast = turn.ask();
        assert!(turn.is_newest(fast));
        assert!(!turn.is_newest(slow));
    }
}
