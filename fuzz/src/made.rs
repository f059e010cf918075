//! Server. A set of spans made of bytes: ids from a small pool, so that parents, repetitions and circles happen, and the
//! vocabulary that the reader knows, so that what happens means something.

use crate::words;
use arbitrary::{Arbitrary, Result, Unstructured};

/// A moment that all of a set's usual times are near.
pub const START: u64 = 1_795_000_000_000_000_000;
const LATEST: u64 = i64::MAX.unsigned_abs();

#[derive(Debug, Clone)]
pub enum Held {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Held>),
    Map(Vec<(String, Held)>),
}

pub type Pairs = Vec<(String, Held)>;

#[derive(Debug, Clone)]
pub struct MadeEvent {
    pub time: u64,
    pub name: String,
    pub attributes: Pairs,
}

#[derive(Debug, Clone)]
pub struct MadeSpan {
    pub origin: usize,
    pub trace: Vec<u8>,
    pub id: Vec<u8>,
    pub parent: Vec<u8>,
    pub name: String,
    pub start: u64,
    pub end: u64,
    pub outcome: u8,
    pub message: String,
    pub attributes: Pairs,
    pub events: Vec<MadeEvent>,
    pub links: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug, Clone)]
pub struct MadeOrigin {
    pub resource: Pairs,
    pub scope: String,
}

#[derive(Debug, Clone)]
pub struct MadeLog {
    pub trace: Vec<u8>,
    pub span: Vec<u8>,
    pub time: u64,
    pub name: String,
    pub body: Held,
    pub attributes: Pairs,
}

#[derive(Debug, Clone)]
pub struct Made {
    pub origins: Vec<MadeOrigin>,
    pub spans: Vec<MadeSpan>,
    pub logs: Vec<MadeLog>,
    /// By what the spans are shuffled.
    pub turn: u64,
}

impl<'a> Arbitrary<'a> for Made {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let turn: u64 = u.arbitrary()?;
        let origins = (0..u.int_in_range(1..=3)?).map(|_| origin(u)).collect::<Result<Vec<_>>>()?;
        let logs = (0..u.int_in_range(0..=3)?).map(|_| log(u)).collect::<Result<Vec<_>>>()?;
        let mut spans: Vec<MadeSpan> = Vec::new();
        // As many as there are bytes for.
        while spans.len() < 24 && !u.is_empty() {
            spans.push(span(u, origins.len())?);
        }
        // Longer than a record's texts are: one of a set, and seldom, for it takes a hundred times as long as all else. By
        // a sum of much, so that what is made out of such a set is no such set again.
        let sum =
            spans.iter().fold(turn, |sum, span| sum.rotate_left(5) ^ span.start ^ span.end ^ span.name.len() as u64);
        let seldom = sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54 == 0;
        if let Some(span) = spans.first_mut().filter(|_| seldom) {
            let text = Held::Text("é\u{1}".repeat(400_000));
            span.attributes.push(((*u.choose(&words::KEYS).unwrap_or(&"input.value")).to_owned(), text));
        }
        Ok(Self { origins, spans, logs, turn })
    }
}

impl Made {
    /// How many the reader is to take.
    pub fn right(&self) -> usize {
        let from = |span: &MadeSpan| self.origins.get(span.origin).is_some_and(|origin| !any_deep(&origin.resource));
        self.spans.iter().filter(|span| span.is_right() && from(span)).count()
    }
}

impl MadeSpan {
    fn is_right(&self) -> bool {
        let id = |bytes: &[u8], len: usize| bytes.len() == len && bytes.iter().any(|byte| *byte != 0);
        let parent = self.parent.is_empty() || self.parent.len() == 8;
        let times = (1..=LATEST).contains(&self.start) && self.end <= LATEST;
        let deep = any_deep(&self.attributes) || self.events.iter().any(|event| any_deep(&event.attributes));
        id(&self.trace, 16) && id(&self.id, 8) && parent && times && !deep
    }
}

/// Whether a value has more levels than either reader takes: they don't end at the same, and no value here is between.
fn any_deep(pairs: &Pairs) -> bool {
    pairs.iter().any(|(_, held)| levels(held) > 30)
}

fn levels(held: &Held) -> usize {
    1 + match held {
        Held::List(list) => list.iter().map(levels).max().unwrap_or_default(),
        Held::Map(pairs) => pairs.iter().map(|(_, held)| levels(held)).max().unwrap_or_default(),
        _ => 0,
    }
}

fn origin(u: &mut Unstructured<'_>) -> Result<MadeOrigin> {
    let scope = (*u.choose(&words::SCOPES)?).to_owned();
    let mut resource = pairs(u, 3)?;
    if u.ratio(3, 4)? {
        resource.push(("service.name".to_owned(), Held::Text((*u.choose(&["shop", "desk"])?).to_owned())));
    }
    Ok(MadeOrigin { resource, scope })
}

fn span(u: &mut Unstructured<'_>, origins: usize) -> Result<MadeSpan> {
    let mut attributes = Vec::new();
    let (key, value) = u.choose(&words::KINDS)?;
    attributes.push(((*key).to_owned(), Held::Text((*value).to_owned())));
    attributes.extend(pairs(u, 5)?);
    let start = time(u)?;
    Ok(MadeSpan {
        origin: u.choose_index(origins)?,
        trace: trace(u)?,
        id: id(u, 12)?,
        parent: if u.ratio(1, 4)? { Vec::new() } else { id(u, 14)? },
        name: if u.ratio(1, 6)? { words::text(u)? } else { (*u.choose(&words::SPANS)?).to_owned() },
        start,
        end: if u.ratio(1, 6)? { time(u)? } else { start.saturating_add(u.int_in_range(0..=20_000_000)?) },
        outcome: u.int_in_range(0..=3)?,
        message: if u.ratio(1, 6)? { words::text(u)? } else { String::new() },
        attributes,
        events: (0..u.int_in_range(0..=2)?).map(|_| event(u)).collect::<Result<_>>()?,
        links: (0..u.int_in_range(0..=1)?).map(|_| Ok((trace(u)?, id(u, 12)?))).collect::<Result<_>>()?,
    })
}

fn event(u: &mut Unstructured<'_>) -> Result<MadeEvent> {
    Ok(MadeEvent { time: time(u)?, name: (*u.choose(&words::EVENTS)?).to_owned(), attributes: pairs(u, 2)? })
}

fn log(u: &mut Unstructured<'_>) -> Result<MadeLog> {
    Ok(MadeLog {
        trace: trace(u)?,
        span: id(u, 12)?,
        time: time(u)?,
        name: (*u.choose(&words::EVENTS)?).to_owned(),
        body: held(u, 3)?,
        attributes: pairs(u, 2)?,
    })
}

fn pairs(u: &mut Unstructured<'_>, most: usize) -> Result<Pairs> {
    (0..u.int_in_range(0..=most)?).map(|_| Ok((words::key(u)?, held(u, 3)?))).collect()
}

fn held(u: &mut Unstructured<'_>, depth: usize) -> Result<Held> {
    const INTS: [i64; 9] = [0, 1, -1, 5, 1_000_000_000_000, 1_000_000_000_001, i64::MAX, i64::MIN, 70];
    // All of them are read exactly, however they are written.
    const DOUBLES: [f64; 9] = [0.0, -0.0, 1.5, -2.5, 1e15, f64::NAN, f64::INFINITY, 1_000_000.0, 0.25];
    Ok(match u.int_in_range(0..=31)? {
        0 => Held::Null,
        1 => Held::Bool(u.arbitrary()?),
        2..=6 => Held::Int(*u.choose(&INTS)?),
        7 => Held::Int(u.int_in_range(0..=10_000)?),
        8..=10 => Held::Double(*u.choose(&DOUBLES)?),
        11 => Held::Bytes(u.arbitrary()?),
        12 if depth > 0 => Held::List((0..u.int_in_range(0..=3)?).map(|_| held(u, depth - 1)).collect::<Result<_>>()?),
        13 if depth > 0 => Held::Map(
            (0..u.int_in_range(0..=3)?).map(|_| Ok((words::key(u)?, held(u, depth - 1)?))).collect::<Result<_>>()?,
        ),
        14 => (0..u.int_in_range(0..=20)?).fold(Held::Int(1), |inner, _| Held::List(vec![inner])),
        15 => (0..60).fold(Held::Int(1), |inner, _| Held::List(vec![inner])),
        _ => Held::Text(words::text(u)?),
    })
}

fn trace(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    Ok(match u.int_in_range(0..=40)? {
        0 => vec![0; 16],
        1 => vec![1; 15],
        n => vec![n / 10 + 1; 16],
    })
}

fn id(u: &mut Unstructured<'_>, most: u64) -> Result<Vec<u8>> {
    Ok(match u.int_in_range(0..=60)? {
        0 => vec![0; 8],
        1 => vec![1; 9],
        n => ((n % most) + 1).to_be_bytes().to_vec(),
    })
}

fn time(u: &mut Unstructured<'_>) -> Result<u64> {
    Ok(match u.int_in_range(0..=40)? {
        0 => 0,
        1 => 1,
        2 => LATEST,
        3 => LATEST + 1,
        4 => u64::MAX,
        _ => START + u.int_in_range(0..=30_u64)? * 1_000_000,
    })
}
