//! The limits of a document, one word for each way to pass one.

use crate::graphql::Code;

/// What a document is too much of. Each limit is explained where it is checked, and listed in `docs/api.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// More than [`super::MOST_BYTES`] of text.
    #[error("the document is longer than {} bytes", super::MOST_BYTES)]
    Text,
    /// Braces, brackets and parentheses nest too deep, or fragments do.
    #[error("the document nests deeper than {} levels", super::DEEPEST_NESTING)]
    Nesting,
    /// Too many tokens.
    #[error("the document has more than {} tokens", super::MOST_TOKENS)]
    Tokens,
    /// Too many operations.
    #[error("the document has more than {} operations", super::MOST_OPERATIONS)]
    Operations,
    /// Too many fragments.
    #[error("the document has more than {} fragments", super::MOST_FRAGMENTS)]
    Fragments,
    /// Too many aliases.
    #[error("the document has more than {} aliases", super::MOST_ALIASES)]
    Aliases,
    /// Too many directives.
    #[error(
        "the document has more than {} directives, or more than {} in one place",
        super::MOST_DIRECTIVES,
        super::MOST_DIRECTIVES_IN_ONE_PLACE
    )]
    Directives,
    /// Too many fields once fragments stand in their places.
    #[error("the document selects more than {} fields", super::MOST_SELECTIONS)]
    Selections,
    /// Fields select too deep.
    #[error("the operation selects deeper than {} levels", super::DEEPEST_SELECTION)]
    Depth,
    /// Too many fields at the root of a query.
    #[error("a query has at most {} root fields", super::MOST_QUESTIONS)]
    Questions,
    /// Too many fields at the root of a mutation.
    #[error("a mutation has at most {} root fields", super::MOST_COMMANDS)]
    Commands,
}

impl Excess {
    /// The word for machines.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Nesting | Self::Depth => Code::OperationTooDeep,
            _ => Code::OperationTooComplex,
        }
    }
}
