//! PostgreSQL's records as they come over the wire.
//!
//! A page of fifty payments with their children has five thousand values. As rows of columns each of them is looked up, checked and
//! boxed by two libraries; as JSON the server prints each of them first. Here a row is one value of type `record`, read in one pass in
//! the binary form that the server keeps it in.
//!
//! Invariant: nothing is guessed. A type that no column of ours has and a length that does not fit are errors, never a default.
//! Instants come as microseconds since 1970, which `entity` reads beside text.

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// Types that our columns have, by their number in PostgreSQL's catalogue, which never changes.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const TIMESTAMPTZ: u32 = 1184;
    pub(super) const RECORD: u32 = 2249;
    pub(super) const JSONB: u32 = 3802;
}

/// Microseconds from 1970, where instants begin for us, to 2000, where they begin for PostgreSQL.
const EPOCH: i64 = 946_684_800_000_000;

/// Why a record cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self(why.to_string())
    }
}

type Read<T> = Result<T, Unreadable>;

/// Reads one record.
pub(super) fn record<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Read<T> {
    T::deserialize(Value {
        kind: oid::RECORD,
        bytes: Some(bytes),
    })
}

/// Bytes that are taken from the front.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, length: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| Unreadable("it ends too early".to_owned()))?;
        self.0 = rest;
        Ok(taken)
    }

    fn word(&mut self) -> Read<i32> {
        array(self.take(4)?).map(i32::from_be_bytes)
    }

    fn kind(&mut self) -> Read<u32> {
        array(self.take(4)?).map(u32::from_be_bytes)
    }

    fn count(&mut self) -> Read<usize> {
        usize::try_from(self.word()?).map_err(|_| Unreadable("a count is negative".to_owned()))
    }

    /// A value behind its length; the length of nothing is -1.
    fn value(&mut self, kind: u32) -> Read<Value<'a>> {
        let length = self.word()?;
        let bytes = match usize::try_from(length) {
            Ok(length) => Some(self.take(length)?),
            Err(_) => None,
        };
        Ok(Value { kind, bytes })
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Read<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| Unreadable(format!("expected {N} bytes, came {}", bytes.len())))
}

/// One value and its type.
struct Value<'a> {
    kind: u32,
    bytes: Option<&'a [u8]>,
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let Some(bytes) = self.bytes else {
            return visitor.visit_none();
        };
        match self.kind {
            oid::TEXT | oid::VARCHAR | oid::BPCHAR => {
                visitor.visit_borrowed_str(std::str::from_utf8(bytes).map_err(de::Error::custom)?)
            }
            oid::INT8 => visitor.visit_i64(i64::from_be_bytes(array(bytes)?)),
            oid::INT4 => visitor.visit_i32(i32::from_be_bytes(array(bytes)?)),
            oid::INT2 => visitor.visit_i16(i16::from_be_bytes(array(bytes)?)),
            oid::BOOL => visitor.visit_bool(array::<1>(bytes)? != [0]),
            oid::TIMESTAMPTZ => {
                let since_2000 = i64::from_be_bytes(array(bytes)?);
                let since_1970 = since_2000.checked_add(EPOCH);
                visitor.visit_i64(since_1970.ok_or_else(|| Unreadable("no instant".to_owned()))?)
            }
            oid::JSONB => {
                // The first byte is the version of the form; there is one.
                let Some((1, text)) = bytes.split_first() else {
                    return Err(Unreadable("JSON in an unknown form".to_owned()));
                };
                serde_json::Deserializer::from_slice(text)
                    .deserialize_any(visitor)
                    .map_err(de::Error::custom)
            }
            oid::RECORD => {
                let mut wire = Wire(bytes);
                let left = wire.count()?;
                visitor.visit_seq(Fields { wire, left })
            }
            other => Err(Unreadable(format!("type {other} is none of ours"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.bytes {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a record; each says its type.
struct Fields<'a> {
    wire: Wire<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Fields<'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        let kind = self.wire.kind()?;
        seed.deserialize(self.wire.value(kind)?).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: u32, bytes: Option<&[u8]>) -> Vec<u8> {
        let mut out = kind.to_be_bytes().to_vec();
        let length = bytes.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap());
        out.extend(length.to_be_bytes());
        out.extend(bytes.unwrap_or_default());
        out
    }

    fn row(fields: &[Vec<u8>]) -> Vec<u8> {
        let mut out = i32::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
        out.extend(fields.concat());
        out
    }

    #[test]
    fn values_of_our_types_are_read() {
        let bytes = row(&[
            field(oid::TEXT, Some("قسط".as_bytes())),
            field(oid::INT8, Some(&7_i64.to_be_bytes())),
            field(oid::BOOL, Some(&[1])),
            field(oid::TEXT, None),
            field(oid::TIMESTAMPTZ, Some(&0_i64.to_be_bytes())),
            field(oid::JSONB, Some(b"\x01{\"a\":[1]}")),
        ]);
        let read: (String, i64, bool, Option<String>, i64, serde_json::Value) = record(&bytes).unwrap();
        let expected = (
            "قسط".to_owned(),
            7,
            true,
            None,
            EPOCH,
            serde_json::json!({ "a": [1] }),
        );
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_an_error() {
        let whole = row(&[field(oid::TEXT, Some(b"abc"))]);
        for length in 0..whole.len() {
            assert!(record::<(String,)>(&whole[..length]).is_err(), "{length}");
        }
        assert!(record::<(String,)>(&row(&[field(2950, Some(&[0; 16]))])).is_err());
        assert!(record::<(i64,)>(&row(&[field(oid::INT8, Some(&[0; 4]))])).is_err());
    }
}
