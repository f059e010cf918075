//! Both sides. Which subscription a message belongs to. The server answers each order in turn, so what comes before the
//! answer is still of the subscription before: under its filter, not under the new one.

use crate::domain::{FrameType, ServerFrame};
use std::collections::BTreeMap;

/// Orders of each topic that are not answered yet.
#[derive(Debug, Clone, Default)]
pub struct Acks(BTreeMap<String, u32>);

impl Acks {
    /// A new socket: nothing was ordered on it, and it has nothing of an old one.
    pub fn restart(&mut self) {
        self.0.clear();
    }

    pub fn ordered(&mut self, topic: &str) {
        *self.0.entry(topic.to_owned()).or_default() += 1;
    }

    /// Takes note of a message, in the order in which they come; is it one for who listens now?
    pub fn current(&mut self, frame: &ServerFrame) -> bool {
        let Some(topic) = &frame.topic else { return true };
        let answer = matches!(frame.frame, FrameType::Subscribed | FrameType::Unsubscribed | FrameType::Error);
        match self.0.get_mut(topic) {
            None => true,
            Some(waiting) if answer => {
                *waiting -= 1;
                let last = *waiting == 0;
                if last {
                    self.0.remove(topic);
                }
                last
            }
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(frame: FrameType, topic: &str) -> ServerFrame {
        ServerFrame { topic: Some(topic.to_owned()), ..ServerFrame::plain(frame) }
    }

    #[test]
    fn what_comes_before_the_answer_is_of_the_filter_before() {
        let mut acks = Acks::default();
        let (news, answer) =
            (frame(FrameType::ExecutionUpdated, "executions"), frame(FrameType::Subscribed, "executions"));
        acks.ordered("executions");
        assert!(!acks.current(&news));
        assert!(acks.current(&answer) && acks.current(&news));
        acks.ordered("executions");
        acks.ordered("executions");
        assert!(!acks.current(&answer) && !acks.current(&news));
        assert!(acks.current(&frame(FrameType::ExecutionUpdated, "agent:a")));
        assert!(acks.current(&answer) && acks.current(&news));
    }

    #[test]
    fn a_refusal_is_an_answer_and_a_new_socket_starts_anew() {
        let mut acks = Acks::default();
        acks.ordered("executions");
        assert!(acks.current(&frame(FrameType::Error, "executions")));
        acks.ordered("executions");
        acks.restart();
        assert!(acks.current(&frame(FrameType::Resync, "executions")));
        assert!(acks.current(&ServerFrame::plain(FrameType::Pong)));
    }
}
