//! Server. A body of OTLP, however it came: unpacked, read, and handed on.

use super::answer::{Refusal, Signal};
use crate::app::{Caller, otlp};
use crate::domain::Error;
use crate::otlp::{DecodeError, Decoded, Encoding, Limits, Rejected, decode};
use axum::body::Bytes;

/// A packed body is at most so long when it is unpacked.
const UNPACKED: usize = 64 << 20;

/// What was sent, as it came.
pub struct Sent {
    pub bytes: Bytes,
    /// With gzip.
    pub packed: bool,
    pub encoding: Encoding,
}

/// What could not be taken is returned; the rest is durable.
pub async fn take(caller: &Caller, signal: Signal, sent: Sent) -> Result<Rejected, Refusal> {
    match signal {
        Signal::Traces => Ok(otlp::ingest_traces(caller, read(sent, decode::traces).await?).await?),
        Signal::Logs => Ok(otlp::ingest_logs(caller, read(sent, decode::logs).await?).await?),
        // Exporters send them beside traces: they are accepted and not kept.
        Signal::Metrics => Ok(Rejected::default()),
    }
}

type Decoder<T> = fn(&[u8], Encoding, &Limits) -> Result<Decoded<T>, DecodeError>;

/// Reading takes a while: others have their turn.
async fn read<T: Send + 'static>(sent: Sent, decoder: Decoder<T>) -> Result<Decoded<T>, Refusal> {
    let work = move || {
        let Sent { bytes, packed, encoding } = sent;
        let unpacked = if packed { decode::gunzip(&bytes, UNPACKED)?.into() } else { bytes };
        decoder(&unpacked, encoding, &Limits::default())
    };
    let read = tokio::task::spawn_blocking(work).await.map_err(|e| {
        let id = uuid::Uuid::now_v7().simple().to_string();
        tracing::error!(id, error = %e, "reading a body of OTLP panicked");
        Error::Internal(id)
    });
    Ok(read??)
}
