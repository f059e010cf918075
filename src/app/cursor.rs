//! Server. Opaque cursors, bound to the filter and sort they came from.

use crate::auth::secret;
use crate::domain::{Error, Filter, Result, Sort};
use crate::store::list::After;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const TAG: usize = 8;

fn wrong() -> Error {
    Error::invalid("cursor", "is not a cursor of this list; start again without one")
}

fn tag(scope: &str) -> Vec<u8> {
    secret::hash(scope).into_bytes().into_iter().take(TAG).collect()
}

fn scope(filter: &Filter, sort: Sort) -> String {
    format!("{sort}?{:?}", filter.api_pairs())
}

pub fn encode(filter: &Filter, sort: Sort, after: After) -> String {
    let mut bytes = tag(&scope(filter, sort));
    bytes.push(u8::from(after.value.is_some()));
    bytes.extend(after.value.unwrap_or(0).to_be_bytes());
    bytes.extend(after.key.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode(text: &str, filter: &Filter, sort: Sort) -> Result<After> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let rest = bytes.strip_prefix(tag(&scope(filter, sort)).as_slice()).ok_or_else(wrong)?;
    let (flag, numbers) = rest.split_first().ok_or_else(wrong)?;
    let numbers: [u8; 16] = numbers.try_into().map_err(|_| wrong())?;
    let [value, key] = halves(numbers);
    match flag {
        0 => Ok(After { value: None, key }),
        1 => Ok(After { value: Some(value), key }),
        _ => Err(wrong()),
    }
}

/// A cursor over two numbers, for parts of one run.
pub fn encode_pair(of: &str, pair: (i64, i64)) -> String {
    let mut bytes = tag(of);
    bytes.extend(pair.0.to_be_bytes());
    bytes.extend(pair.1.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode_pair(text: &str, of: &str) -> Result<(i64, i64)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let numbers = bytes.strip_prefix(tag(of).as_slice()).ok_or_else(wrong)?;
    let [a, b] = halves(numbers.try_into().map_err(|_| wrong())?);
    Ok((a, b))
}

fn halves(bytes: [u8; 16]) -> [i64; 2] {
    let n = i128::from_be_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves are what is wanted")]
    let pair = [(n >> 64) as i64, n as i64];
    pair
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Window;

    #[test]
    fn a_cursor_belongs_to_its_filter_and_sort() {
        let filter = Filter::default();
        let after = After { value: Some(-5), key: i64::MAX };
        let text = encode(&filter, Sort::default(), after);
        assert_eq!(decode(&text, &filter, Sort::default()), Ok(after));
        let other = Filter { window: Window::DAY, ..Filter::default() };
        assert!(decode(&text, &other, Sort::default()).is_err());
        assert!(decode(&text, &filter, Sort { descending: false, ..Sort::default() }).is_err());
        for broken in ["", "x", "äöü", &text[..text.len() - 2], &format!("{text}AA")] {
            assert!(decode(broken, &filter, Sort::default()).is_err(), "{broken}");
        }
    }
}
