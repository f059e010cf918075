//! Server. Hands an export to its reader, and does not wait for one who takes nothing.

use crate::domain::{Error, Result};
use futures::stream::{self, Stream, StreamExt as _};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Bytes handed over at once: who reads slowly still takes one now and then.
const CHUNK: usize = 16 << 10;

/// The same bytes, read ahead by a task of its own. When nothing of them is taken for as long as `patience`, `pieces` is
/// dropped, and what the reader finds next is an error: without one there is no end.
pub fn deliver<S>(pieces: S, patience: Duration) -> impl Stream<Item = Result<Vec<u8>>> + Send
where
    S: Stream<Item = Result<Vec<u8>>> + Send + 'static,
{
    // `None` is the end.
    let (hand, taken) = mpsc::channel::<Result<Option<Vec<u8>>>>(1);
    tokio::spawn(async move {
        let mut pieces = pin!(pieces);
        loop {
            let next = match pieces.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(e)) => return drop(timeout(patience, hand.send(Err(e))).await),
                None => return drop(timeout(patience, hand.send(Ok(None))).await),
            };
            for chunk in next.chunks(CHUNK) {
                match timeout(patience, hand.send(Ok(Some(chunk.to_vec())))).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => return tracing::warn!("an export was broken off: its reader takes nothing"),
                }
            }
        }
    });
    stream::unfold(Some(taken), |taken| async move {
        let mut taken = taken?;
        match taken.recv().await {
            Some(Ok(Some(chunk))) => Some((Ok(chunk), Some(taken))),
            Some(Ok(None)) => None,
            Some(Err(e)) => Some((Err(e), None)),
            None => Some((Err(Error::Unavailable("the export waited too long for its reader".to_owned())), None)),
        }
    })
    // Whoever compresses it asks once more after the end.
    .fuse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt as _;
    use tokio::sync::oneshot;

    /// Pieces without end, and word of it when nobody hands them out any more.
    fn endless() -> (impl Stream<Item = Result<Vec<u8>>> + Send + 'static, oneshot::Receiver<()>) {
        let (alive, dropped) = oneshot::channel::<()>();
        let pieces = stream::repeat_with(move || {
            let _kept = &alive;
            Ok(vec![0; 3 * CHUNK])
        });
        (pieces, dropped)
    }

    #[tokio::test]
    async fn all_of_it_arrives_and_ends() {
        let pieces = [vec![1; CHUNK + 1], Vec::new(), vec![2; 5]];
        let all: Vec<Vec<u8>> =
            deliver(stream::iter(pieces.clone().map(Ok)), Duration::from_mins(1)).try_collect().await.expect("whole");
        assert_eq!(all.concat(), pieces.concat());
    }

    #[tokio::test]
    async fn asking_after_the_end_finds_the_end() {
        let mut read = Box::pin(deliver(stream::iter([Ok(vec![1])]), Duration::from_mins(1)));
        assert!(read.next().await.is_some_and(|chunk| chunk.is_ok()));
        assert!(read.next().await.is_none());
        assert!(read.next().await.is_none());
    }

    #[tokio::test]
    async fn a_reader_who_takes_nothing_is_left_and_finds_no_end() {
        let (pieces, dropped) = endless();
        let read = deliver(pieces, Duration::from_millis(10));
        assert!(dropped.await.is_err(), "the export is given up");
        let rest: Result<Vec<Vec<u8>>> = read.try_collect().await;
        assert!(matches!(rest, Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_reader_who_goes_leaves_no_export_behind() {
        let (pieces, dropped) = endless();
        let mut read = Box::pin(deliver(pieces, Duration::from_mins(1)));
        assert!(read.next().await.is_some_and(|chunk| chunk.is_ok()));
        drop(read);
        assert!(dropped.await.is_err());
    }
}
