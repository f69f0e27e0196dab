//! Documents before they are executed: read, measured, priced, remembered.
//!
//! Invariant: whatever a client sends is refused or taken in time linear in its length, and nothing reaches the library that
//! was not measured first. A document is parsed once; the next time it is found by the hash of its text.

mod excess;
mod extent;
mod input;
mod lexer;
mod manifest;
mod plan;
mod price;
mod store;
mod types;

pub use excess::Excess;
pub use manifest::{Manifest, ManifestError};
pub use plan::Plan;
pub use price::Cost;
pub use store::{Documents, Persisted};
pub use types::Types;

use crate::graphql::Code;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error, parse_query};
use async_graphql::{Name, Pos};
use plan::NoPlan;
use sha2::{Digest, Sha256};

/// Longest text, in bytes.
pub const MOST_BYTES: usize = 32 * 1024;
/// Deepest nesting of braces, brackets and parentheses, and of selections through fragments; the introspection query of common
/// clients needs about 15.
pub const DEEPEST_NESTING: usize = 48;
/// Most tokens; the introspection query of common clients has about 300.
pub const MOST_TOKENS: usize = 4_000;
/// Most operations in a document; one of them is executed.
pub const MOST_OPERATIONS: usize = 10;
/// Most fragments in a document.
pub const MOST_FRAGMENTS: usize = 50;
/// Most aliases in a document.
pub const MOST_ALIASES: usize = 30;
/// Most directives in a document.
pub const MOST_DIRECTIVES: usize = 50;
/// Most directives in one place.
pub const MOST_DIRECTIVES_IN_ONE_PLACE: usize = 4;
/// Most fields of all operations of a document together, with fragments in their places.
pub const MOST_SELECTIONS: usize = 5_000;
/// Deepest selection of fields; the introspection query of common clients needs all of it.
pub const DEEPEST_SELECTION: usize = 15;
/// Most fields at the root of a query.
pub const MOST_QUESTIONS: usize = 20;
/// Most fields at the root of a mutation.
pub const MOST_COMMANDS: usize = 5;

/// SHA-256 of a document's text: its name between client and server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// The hash of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hex, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl std::fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for DocumentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A document that may be executed.
#[derive(Debug)]
pub struct Document {
    /// SHA-256 of its text.
    pub hash: DocumentHash,
    parsed: ExecutableDocument,
    plans: Vec<Plan>,
    weight: u64,
}

/// Why a document is not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It passes a limit.
    #[error(transparent)]
    Excess(#[from] Excess),
    /// It is no document.
    #[error("the document cannot be read: {message}")]
    Syntax {
        /// What was expected.
        message: String,
        /// Where.
        at: Option<Pos>,
    },
    /// A mutation gives two of its fields one name in the answer.
    #[error("the mutation answers twice under {0:?}: give each of its fields an alias of its own")]
    Repeated(String),
    /// An argument or a variable has a value that it does not take.
    #[error("{0}")]
    Misfit(String),
    /// Neither a text nor the hash of one.
    #[error("send a query, or the hash of one in extensions.persistedQuery")]
    Nothing,
    /// What stands in `extensions.persistedQuery` is not understood.
    #[error(
        "extensions.persistedQuery is {{\"version\": 1, \"sha256Hash\": \"…\"}} with 64 hexadecimal digits"
    )]
    MalformedHash,
    /// The hash belongs to another text.
    #[error("sha256Hash is not the SHA-256 of the query")]
    WrongHash,
    /// It is not known, and too many were refused just now.
    #[error("too many documents were refused")]
    TooMany,
    /// No text is known by this hash: the client sends it.
    #[error("PersistedQueryNotFound")]
    NotFound,
    /// Only listed operations are executed here, and this is none of them.
    #[error("this server executes only the operations of its list")]
    NotListed,
}

impl Rejected {
    /// The word for machines.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Excess(excess) => excess.code(),
            Self::Syntax { .. } => Code::GraphqlParseFailed,
            Self::Misfit(_) => Code::GraphqlValidationFailed,
            Self::Repeated(_) | Self::Nothing | Self::MalformedHash | Self::WrongHash => Code::BadRequest,
            Self::TooMany => Code::Throttled,
            Self::NotFound => Code::PersistedQueryNotFound,
            Self::NotListed => Code::PersistedQueryNotAllowed,
        }
    }
}

impl Document {
    /// Reads and measures `text`.
    ///
    /// # Errors
    /// [`Rejected::Excess`], [`Rejected::Syntax`], [`Rejected::Misfit`] or [`Rejected::Repeated`].
    pub fn read(text: &str, types: &Types) -> Result<Self, Rejected> {
        let tokens = lexer::count(text)?;
        if text.len() > MOST_BYTES {
            return Err(Excess::Text.into());
        }
        let parsed = parse_query(text).map_err(|error| syntax(&error))?;
        extent::check(&parsed)?;
        let plans: Result<Vec<_>, NoPlan> = parsed
            .operations
            .iter()
            .map(|(name, operation)| Plan::of(&parsed, name, &operation.node, types))
            .collect();
        let plans = plans.map_err(|none| match none {
            NoPlan::Excess(excess) => Rejected::Excess(excess),
            NoPlan::Misfit(misfit) => Rejected::Misfit(misfit),
            NoPlan::Repeated(key) => Rejected::Repeated(key.to_string()),
        })?;
        let steps: usize = plans.iter().map(Plan::fields).sum();
        // A token of a parsed document takes some 200 bytes, a field of a plan about as much: rounded up, once for all.
        let parts = tokens.saturating_add(steps).saturating_add(4);
        Ok(Self {
            hash: DocumentHash::of(text),
            parsed,
            plans,
            weight: u64::try_from(parts).unwrap_or(u64::MAX).saturating_mul(256),
        })
    }

    /// The operation that is meant: the one of this name, or the only one.
    #[must_use]
    pub fn plan(&self, name: Option<&str>) -> Option<&Plan> {
        match (name, self.plans.as_slice()) {
            (Some(name), plans) => plans
                .iter()
                .find(|plan| plan.name.as_ref().map(Name::as_str) == Some(name)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The parsed document, for the library, which takes it apart.
    #[must_use]
    pub fn parsed(&self) -> ExecutableDocument {
        self.parsed.clone()
    }
}

/// What the parser says, without the text that it echoes.
fn syntax(error: &Error) -> Rejected {
    let message = match error {
        // A picture of the place with the text of the document, and behind the last `=` what was expected there.
        Error::Syntax { message, .. } => message
            .rsplit_once("= ")
            .map_or("it does not follow the grammar", |(_, expected)| expected)
            .trim()
            .to_owned(),
        Error::OperationDuplicated { .. } => "two operations have one name".to_owned(),
        Error::FragmentDuplicated { .. } => "two fragments have one name".to_owned(),
        other => other.to_string(),
    };
    Rejected::Syntax {
        message,
        at: error.positions().next(),
    }
}

#[cfg(test)]
mod tests;
