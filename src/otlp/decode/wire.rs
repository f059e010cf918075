//! Server. The wire format of protobuf: a message is a row of numbered fields. Reads from the body, copies nothing.

/// What a field holds. Groups, which nothing has used for long, are an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// The message ends in the middle of a field, or is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("it ends in the middle of a field")]
    CutOff,
    #[error("a number is longer than ten bytes")]
    LongNumber,
    #[error("a field has the unknown wire type {0}")]
    WireType(u64),
    #[error("a field has the number 0 or one too high")]
    FieldNumber,
}

/// The fields of a message, in order. After an error there are no more.
pub struct Fields<'a>(&'a [u8]);

pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields(message)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Wire<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u32, Wire<'a>), Broken> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| Broken::FieldNumber)?;
        if number == 0 || number >= 1 << 29 {
            return Err(Broken::FieldNumber);
        }
        let wire = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let len = self.varint()?;
                Wire::Bytes(self.bytes(usize::try_from(len).map_err(|_| Broken::CutOff)?)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(self.array()?)),
            other => return Err(Broken::WireType(other)),
        };
        Ok((number, wire))
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(Broken::CutOff)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken::LongNumber)
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8], Broken> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Broken::CutOff)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Broken::CutOff)?;
        self.0 = rest;
        Ok(*bytes)
    }
}
