//! Documents that were executed before.
//!
//! Invariant: what is remembered was executed once, so that nobody fills the memory with texts that no schema takes; it is
//! bounded in bytes, and one text that is asked for often is not driven out by many that are asked for once. Texts belong to
//! nobody: a hash gives no more than the text itself would.

use super::{Document, DocumentHash, Manifest, Rejected, Types};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;
use std::sync::Arc;

/// Memory for remembered documents, in bytes.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// How many documents that is, about.
const CACHE_ITEMS: usize = 1_024;
/// The one version of the protocol.
const VERSION: u64 = 1;

/// `extensions.persistedQuery`: a document by its hash (Apollo's protocol).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Persisted {
    version: u64,
    sha256_hash: String,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<DocumentHash, Arc<Document>> for Bytes {
    fn weight(&self, _: &DocumentHash, document: &Arc<Document>) -> u64 {
        document.weight
    }
}

/// All documents that this node knows.
pub struct Documents {
    types: Types,
    remembered: Cache<DocumentHash, Arc<Document>, Bytes>,
    listed: Manifest,
    only_listed: bool,
}

impl Documents {
    /// None but those of `listed`, which stay; the others are refused if `only_listed`.
    #[must_use]
    pub fn new(types: Types, listed: Manifest, only_listed: bool) -> Self {
        Self {
            types,
            remembered: Cache::with_weighter(CACHE_ITEMS, CACHE_BYTES, Bytes),
            listed,
            only_listed,
        }
    }

    /// The document with this text, by this hash, or both. One that is not known is read if `may_read`.
    ///
    /// # Errors
    /// Why it is not executed.
    pub fn find(
        &self,
        text: Option<&str>,
        persisted: Option<&Persisted>,
        may_read: bool,
    ) -> Result<Arc<Document>, Rejected> {
        let named = match persisted {
            Some(persisted) if persisted.version == VERSION => {
                Some(DocumentHash::parse(&persisted.sha256_hash).ok_or(Rejected::MalformedHash)?)
            }
            Some(_) => return Err(Rejected::MalformedHash),
            None => None,
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            let hash = named.ok_or(Rejected::Nothing)?;
            return self.known(hash).ok_or(if self.only_listed {
                Rejected::NotListed
            } else {
                Rejected::NotFound
            });
        };
        let hash = DocumentHash::of(text);
        if named.is_some_and(|named| named != hash) {
            return Err(Rejected::WrongHash);
        }
        if let Some(known) = self.known(hash) {
            return Ok(known);
        }
        if self.only_listed {
            return Err(Rejected::NotListed);
        }
        if !may_read {
            return Err(Rejected::TooMany);
        }
        Document::read(text, &self.types).map(Arc::new)
    }

    fn known(&self, hash: DocumentHash) -> Option<Arc<Document>> {
        if let Some(listed) = self.listed.get(hash) {
            return Some(Arc::clone(listed));
        }
        if self.only_listed {
            return None;
        }
        self.remembered.get(&hash)
    }

    /// The schema that they are checked against.
    #[must_use]
    pub const fn types(&self) -> &Types {
        &self.types
    }

    /// Remembers a document that was executed.
    pub fn remember(&self, document: &Arc<Document>) {
        // What is listed stays anyhow.
        if self.known(document.hash).is_none() {
            self.remembered.insert(document.hash, Arc::clone(document));
        }
    }

    /// Whether the document was known when a client was built, so that its operations' names may become labels.
    #[must_use]
    pub fn is_listed(&self, document: &Document) -> bool {
        self.listed.get(document.hash).is_some()
    }

    /// How many bytes the remembered documents take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.remembered.weight()
    }
}
