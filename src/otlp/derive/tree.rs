//! Server. The spans of one trace as a tree, parents before children, siblings by time.

use crate::otlp::conventions::{Kind, Usage, kind, usage};
use crate::otlp::model::{Span, SpanId};
use std::borrow::Cow;
use std::collections::HashMap;

/// A span in its place. Positions are those in `Tree::nodes`.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    pub span: &'a Span,
    pub kind: Kind,
    pub usage: Usage,
    /// Always before this one.
    pub parent: Option<usize>,
    pub depth: usize,
}

pub struct Tree<'a> {
    pub nodes: Vec<Node<'a>>,
}

impl<'a> Tree<'a> {
    /// `spans` are sorted, each id once. Neither depth nor width is a matter of the call stack or of squares.
    pub fn of(spans: &'a [Cow<'a, Span>]) -> Self {
        let place: HashMap<SpanId, usize> = spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
        let mut tops = Vec::new();
        for (at, span) in spans.iter().enumerate() {
            let below = span.parent.and_then(|parent| place.get(&parent)).and_then(|parent| children.get_mut(*parent));
            match below {
                Some(siblings) => siblings.push(at),
                None => tops.push(at),
            }
        }
        let mut tree = Self { nodes: Vec::with_capacity(spans.len()) };
        let mut seen = vec![false; spans.len()];
        // After the tops, whatever they don't reach goes round in circles: a circle is cut open at its first span.
        for top in tops.into_iter().chain(0..spans.len()) {
            tree.plant(top, spans, &children, &mut seen);
        }
        tree
    }

    fn plant(&mut self, top: usize, spans: &'a [Cow<'a, Span>], children: &[Vec<usize>], seen: &mut [bool]) {
        let mut waiting = vec![(top, None, 0)];
        while let Some((at, parent, depth)) = waiting.pop() {
            let (Some(span), Some(seen), Some(below)) = (spans.get(at), seen.get_mut(at), children.get(at)) else {
                continue;
            };
            if std::mem::replace(seen, true) {
                continue;
            }
            let span: &Span = span;
            let here = self.nodes.len();
            self.nodes.push(Node { span, kind: kind(span), usage: usage(span), parent, depth });
            waiting.extend(below.iter().rev().map(|child| (*child, Some(here), depth + 1)));
        }
    }

    pub fn parent(&self, node: &Node<'a>) -> Option<&Node<'a>> {
        self.nodes.get(node.parent?)
    }

    /// For each node what `step` makes of the node above it and of what came out there: facts about ancestors,
    /// without walking up.
    pub fn inherited<T: Clone>(&self, step: impl Fn(Option<(&Node<'a>, &T)>) -> T) -> Vec<T> {
        let mut all: Vec<T> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let above = node.parent.and_then(|at| self.nodes.get(at).zip(all.get(at)));
            all.push(step(above));
        }
        all
    }
}
