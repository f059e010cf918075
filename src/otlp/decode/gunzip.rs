//! Server. Unpacks a gzip body, up to a limit: a few kilobytes can hold gigabytes.

use super::DecodeError;
use flate2::read::MultiGzDecoder;
use std::io::Read;

pub fn gunzip(body: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let mut unpacked = Vec::new();
    // One byte more than allowed tells that there is more; reading stops there.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(body).take(most).read_to_end(&mut unpacked).map_err(|e| DecodeError::NotGzip(e.to_string()))?;
    if unpacked.len() > limit {
        return Err(DecodeError::TooLarge { limit });
    }
    Ok(unpacked)
}
