//! Both sides. The columns of the list: which, in which order, and how much room they need.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Status,
    Agent,
    Message,
    Trigger,
    Started,
    Duration,
    Tokens,
    Cost,
    Model,
    Queue,
    Input,
    Output,
    Labels,
    Attempt,
    Thread,
}

/// Buttons and the space around a row, px.
const ROW_EXTRA: u32 = 92 + 12 + 26;
const GAP: u32 = 12;
const MESSAGE: u32 = 160;
/// So much of the room that is left belongs to the message before other columns grow.
const MESSAGE_MORE: u32 = 180;

/// The least width of a row with these columns, px.
fn least(columns: &[Column]) -> u32 {
    columns.iter().map(|c| c.width().0 + GAP).sum::<u32>() + ROW_EXTRA
}

impl Column {
    pub const ALL: [Self; 15] = [
        Self::Status,
        Self::Agent,
        Self::Message,
        Self::Trigger,
        Self::Started,
        Self::Duration,
        Self::Tokens,
        Self::Cost,
        Self::Model,
        Self::Queue,
        Self::Input,
        Self::Output,
        Self::Labels,
        Self::Attempt,
        Self::Thread,
    ];

    /// In addresses and in class names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Agent => "agent",
            Self::Message => "message",
            Self::Trigger => "trigger",
            Self::Started => "started",
            Self::Duration => "duration",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Model => "model",
            Self::Queue => "queue",
            Self::Input => "input",
            Self::Output => "output",
            Self::Labels => "labels",
            Self::Attempt => "attempt",
            Self::Thread => "thread",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Status => "Status",
            Self::Agent => "Agent",
            Self::Message => "Message",
            Self::Trigger => "Trigger",
            Self::Started => "Started",
            Self::Duration => "Duration",
            Self::Tokens => "Tokens",
            Self::Cost => "Cost",
            Self::Model => "Model",
            Self::Queue => "Queue time",
            Self::Input => "Tokens in",
            Self::Output => "Tokens out",
            Self::Labels => "Labels",
            Self::Attempt => "Attempt",
            Self::Thread => "Thread",
        }
    }

    /// Numbers stand at the right.
    pub const fn numeric(self) -> bool {
        matches!(
            self,
            Self::Started
                | Self::Duration
                | Self::Tokens
                | Self::Cost
                | Self::Queue
                | Self::Input
                | Self::Output
                | Self::Attempt
        )
    }

    /// A row is opened by its message, so that stays.
    pub const fn may_go(self) -> bool {
        !matches!(self, Self::Message)
    }

    /// Least and most width in px; the message takes what is left.
    const fn width(self) -> (u32, u32) {
        match self {
            Self::Status => (88, 108),
            Self::Agent => (96, 170),
            Self::Message => (MESSAGE, 0),
            Self::Trigger => (60, 76),
            Self::Started | Self::Duration => (68, 92),
            Self::Tokens | Self::Cost | Self::Input => (52, 76),
            Self::Queue | Self::Output => (52, 80),
            Self::Model | Self::Thread => (64, 130),
            Self::Labels => (72, 160),
            Self::Attempt => (40, 60),
        }
    }

    /// Where there is no room for all, the highest go first.
    const fn luxury(self) -> u32 {
        match self {
            Self::Message => 0,
            Self::Status => 1,
            Self::Agent => 2,
            Self::Started => 3,
            Self::Duration => 4,
            Self::Cost => 5,
            Self::Tokens => 6,
            Self::Trigger => 7,
            Self::Model => 8,
            Self::Labels => 9,
            Self::Queue => 10,
            Self::Thread => 11,
            Self::Attempt => 12,
            Self::Input => 13,
            Self::Output => 14,
        }
    }
}

/// Columns in the order in which they were chosen; the message is always among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<Column>);

impl Default for Columns {
    fn default() -> Self {
        Self(Column::ALL[..8].to_vec())
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|c| c.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl Columns {
    /// Comma-separated names, or `default`. Answers the unknown ones too.
    pub fn parse(text: &str) -> (Self, Vec<String>) {
        if text == "default" {
            return (Self::default(), Vec::new());
        }
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for name in text.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            match Column::ALL.into_iter().find(|c| c.as_str() == name) {
                Some(column) if found.contains(&column) => {}
                Some(column) => found.push(column),
                None => unknown.push(name.to_owned()),
            }
        }
        if found.is_empty() {
            return (Self::default(), unknown);
        }
        if !found.contains(&Column::Message) {
            found.push(Column::Message);
        }
        (Self(found), unknown)
    }

    pub fn list(&self) -> &[Column] {
        &self.0
    }

    pub fn has(&self, column: Column) -> bool {
        self.0.contains(&column)
    }

    /// With the column shown at the end, or hidden.
    pub fn with(&self, column: Column, on: bool) -> Self {
        let mut list = self.0.clone();
        match (on, self.has(column)) {
            (true, false) => list.push(column),
            (false, true) if column.may_go() => list.retain(|c| *c != column),
            _ => {}
        }
        Self(list)
    }

    /// With the column one place further left or right.
    pub fn moved(&self, column: Column, right: bool) -> Self {
        let mut list = self.0.clone();
        if let Some(at) = list.iter().position(|c| *c == column) {
            let to = if right { at + 1 } else { at.wrapping_sub(1) };
            if to < list.len() {
                list.swap(at, to);
            }
        }
        Self(list)
    }

    /// What fits into this width: the least needed columns give way.
    pub fn fitting(&self, px: u32) -> Vec<Column> {
        let mut kept = self.0.clone();
        while least(&kept) > px {
            let Some(most) = kept.iter().copied().filter(|c| c.may_go()).max_by_key(|c| c.luxury()) else { break };
            kept.retain(|c| *c != most);
        }
        kept
    }
}

/// The tracks of a CSS grid for these columns in a list of this width.
pub fn tracks(columns: &[Column], px: u32) -> String {
    let left = px.saturating_sub(least(columns));
    let more = (left * 2 / 3).min(MESSAGE_MORE);
    let track = |c: &Column| match c.width() {
        (least, 0) => format!("minmax({}px, 1fr)", least + more),
        (least, most) => format!("minmax({least}px, {most}px)"),
    };
    columns.iter().map(track).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_order_and_the_message_stays() {
        let (columns, unknown) = Columns::parse("cost,status,colour,cost");
        assert_eq!((columns.to_string().as_str(), unknown), ("cost,status,message", vec!["colour".to_owned()]));
        assert_eq!(columns.with(Column::Message, false), columns);
        assert_eq!(columns.with(Column::Model, true).to_string(), "cost,status,message,model");
        assert_eq!(columns.moved(Column::Cost, true).to_string(), "status,cost,message");
        assert_eq!(columns.moved(Column::Cost, false), columns);
        assert_eq!(columns.moved(Column::Message, true), columns);
        assert_eq!(Columns::parse("x,,").0, Columns::default());
        assert_eq!(Columns::parse("default"), (Columns::default(), vec![]));
    }

    #[test]
    fn every_column_has_its_name_and_its_rank() {
        for (i, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(Columns::parse(column.as_str()).0.list()[0], column);
            assert!(Column::ALL[i + 1..].iter().all(|c| c.luxury() != column.luxury()));
        }
    }

    #[test]
    fn where_there_is_little_room_the_least_needed_give_way() {
        let all = Columns(Column::ALL.to_vec());
        for px in [300, 593, 773, 1_052, 1_392] {
            let kept = all.fitting(px);
            assert!(kept.contains(&Column::Message));
            assert!(px < 500 || least(&kept) <= px);
        }
        let names: Vec<_> = Columns::default().fitting(593).iter().map(|c| c.as_str()).collect();
        assert_eq!(names, ["status", "agent", "message", "started"]);
        assert_eq!(Columns::default().fitting(1_392), Columns::default().list());
    }
}
