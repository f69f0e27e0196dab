//! Values that are words in tables, headers and commands.
//!
//! Invariant: a word reads back as the value that wrote it, and no other word reads as anything. In JSON it is the same word.

/// A word that is not one of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {0}")]
pub struct UnknownWord(pub(crate) &'static str);

/// Declares an enum whose values are words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $unknown:literal { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $word)] $value),+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The word in tables.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::word::UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.as_str() == word).ok_or($crate::word::UnknownWord($unknown))
            }
        }
    };
}

pub(crate) use words;
