//! The list of operations that were known when a client was built.
//!
//! Invariant: a list is read whole or not at all: an operation that could not be executed stops the start, and not the first
//! person who clicks.

use super::{Document, DocumentHash, Rejected, Types};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Longest file, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Operations by the hash of their text.
#[derive(Debug, Default)]
pub struct Manifest(HashMap<DocumentHash, Arc<Document>>);

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is too long.
    #[error("is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// It is neither of the two forms.
    #[error("is neither a manifest of Apollo nor a map of texts such as Relay's: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The id of an operation is not the SHA-256 of its text.
    #[error("names an operation {0:?}, which is not the SHA-256 of its text")]
    WrongHash(String),
    /// An operation would be refused.
    #[error("holds the operation {id:?}, which would be refused: {rejected}")]
    Refused {
        /// How the list names it.
        id: String,
        /// Why.
        rejected: Rejected,
    },
}

/// The forms in which build tools write the list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    /// `apollo-persisted-query-manifest`, version 1.
    Apollo { operations: Vec<Listed> },
    /// Relay's `persistConfig` file: texts by the hash of the text.
    Relay(HashMap<String, String>),
}

/// An operation in Apollo's form.
#[derive(Deserialize)]
struct Listed {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When the file cannot be used as a whole.
    pub fn open(path: &Path, types: &Types) -> Result<Self, ManifestError> {
        if std::fs::metadata(path)?.len() > MOST_BYTES {
            return Err(ManifestError::TooLong);
        }
        Self::read(&std::fs::read_to_string(path)?, types)
    }

    /// Reads the text of a list.
    ///
    /// # Errors
    /// When it cannot be used as a whole.
    pub fn read(text: &str, types: &Types) -> Result<Self, ManifestError> {
        let listed: Vec<(String, String)> = match serde_json::from_str(text)? {
            Form::Apollo { operations } => operations
                .into_iter()
                .map(|listed| (listed.id, listed.body))
                .collect(),
            Form::Relay(texts) => texts.into_iter().collect(),
        };
        let mut documents = HashMap::new();
        for (id, body) in listed {
            let document = match Document::read(&body, types) {
                Ok(document) => document,
                Err(rejected) => return Err(ManifestError::Refused { id, rejected }),
            };
            if DocumentHash::parse(&id) != Some(document.hash) {
                return Err(ManifestError::WrongHash(id));
            }
            documents.insert(document.hash, Arc::new(document));
        }
        Ok(Self(documents))
    }

    /// The operation by this hash.
    #[must_use]
    pub fn get(&self, hash: DocumentHash) -> Option<&Arc<Document>> {
        self.0.get(&hash)
    }

    /// How many operations it lists.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it lists nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
