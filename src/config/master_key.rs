//! Where the master key comes from.

use super::key_file::{self, KeyFileError, MasterKeyBytes};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, path::PathBuf};
use zeroize::Zeroizing;

/// The setting that gives the master key. Its `Debug` never shows the key.
#[derive(Clone, PartialEq, Eq)]
pub enum MasterKeySource {
    /// The key stands in the configuration.
    Given(MasterKeyBytes),
    /// The key stands in this file, which is made if it does not exist.
    File(PathBuf),
}

impl MasterKeySource {
    /// The key: as given, else as the file has it.
    ///
    /// # Errors
    /// When the file cannot be read or made, is open to others than its owner, or does not hold a key.
    pub fn key(&self) -> Result<MasterKeyBytes, KeyFileError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::File(path) => key_file::read_or_create(path),
        }
    }
}

impl fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Reads 32 bytes from 64 hexadecimal digits or from base64; the two cannot be confused, as their lengths differ.
pub(super) fn parse(text: &str) -> Option<MasterKeyBytes> {
    let mut key = Zeroizing::new([0; 32]);
    match text.len() {
        64 => hex::decode_to_slice(text, key.as_mut_slice()).ok()?,
        44 => {
            // A decoder wants room for the padding's worth of bytes before it knows that they are absent.
            let mut decoded = Zeroizing::new([0; 33]);
            let length = STANDARD.decode_slice(text, decoded.as_mut_slice()).ok()?;
            key.copy_from_slice(decoded.get(..length).filter(|bytes| bytes.len() == 32)?);
        }
        _ => return None,
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_hexadecimal_digits_and_from_base64() {
        let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap());
        assert_eq!(*parse(&hex::encode(bytes)).unwrap(), bytes);
        assert_eq!(*parse(&hex::encode_upper(bytes)).unwrap(), bytes);
        assert_eq!(*parse(&STANDARD.encode(bytes)).unwrap(), bytes);
    }

    #[test]
    fn anything_but_32_bytes_is_refused() {
        for refused in [
            String::new(),
            "ab".repeat(31),
            "ab".repeat(33),
            "zz".repeat(32),
            STANDARD.encode([7; 31]),
            STANDARD.encode([7; 33]),
        ] {
            assert!(parse(&refused).is_none(), "{refused}");
        }
    }

    #[test]
    fn a_given_key_wins_over_the_file_and_stays_out_of_debug_output() {
        let source = MasterKeySource::Given(Zeroizing::new([0xab; 32]));
        assert_eq!(*source.key().unwrap(), [0xab; 32]);
        assert_eq!(format!("{source:?}"), "Given(..)");
    }
}
