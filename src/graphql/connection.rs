//! Pages as Relay connections.
//!
//! Invariant: a cursor says which list it belongs to. One that was made for another list, sorting or filter is refused instead of
//! giving a page of something else.

use super::error::{Code, failure};
use async_graphql::connection::{Connection, CursorType, Edge};
use async_graphql::{ObjectType, OutputType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::page::{MAX_PAGE, Page, PageRequest, Way};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The arguments of a connection, as the client wrote them.
pub struct PageArguments {
    /// The first so many after `after`.
    pub first: Option<i32>,
    /// Cursor of the row before the page.
    pub after: Option<String>,
    /// The last so many before `before`.
    pub last: Option<i32>,
    /// Cursor of the row after the page.
    pub before: Option<String>,
}

impl PageArguments {
    /// Which page they ask for: exactly one of `first` and `last`, 1 to 100; `key` reads a cursor.
    pub fn read<K>(
        self,
        key: impl FnOnce(&str) -> async_graphql::Result<K>,
    ) -> async_graphql::Result<PageRequest<K>> {
        let (limit, cursor, stray, way) = match (self.first, self.last) {
            (Some(first), None) => (first, self.after, self.before, Way::Forward),
            (None, Some(last)) => (last, self.before, self.after, Way::Backward),
            _ => return Err(failure(Code::BadUserInput, "give either first or last, 1 to 100")),
        };
        if stray.is_some() {
            return Err(failure(
                Code::BadUserInput,
                "after goes with first, before goes with last",
            ));
        }
        let limit = u64::try_from(limit)
            .ok()
            .filter(|limit| (1..=MAX_PAGE).contains(limit));
        let limit = limit.ok_or_else(|| failure(Code::BadUserInput, "first and last are 1 to 100"))?;
        let edge = cursor.map(|cursor| key(&cursor)).transpose()?;
        Ok(PageRequest { limit, edge, way })
    }
}

/// What makes a row's cursor: the parts of its key, joined.
pub trait CursorKey: Sized {
    /// The key as text without `|` inside its parts.
    fn write(&self) -> String;

    /// The key from its text.
    fn read(text: &str) -> Option<Self>;
}

/// A list that cursors belong to: its name and whatever filter and order it has.
pub struct List(Arc<str>);

/// The cursor of a row; its text is made only when it is asked for.
pub struct Cursor<K> {
    list: Arc<str>,
    key: K,
}

impl<K: CursorKey> CursorType for Cursor<K> {
    type Error = &'static str;

    /// Never asked of the library: [`List::request`] reads cursors, because only a list knows which are its own.
    fn decode_cursor(_: &str) -> Result<Self, Self::Error> {
        Err("a cursor is read by its list")
    }

    fn encode_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("1|{}|{}", self.list, self.key.write()))
    }
}

impl List {
    /// `what` names the list and everything that selects or sorts it.
    pub fn new(what: impl std::fmt::Debug) -> Self {
        let digest = Sha256::digest(format!("{what:?}"));
        Self(hex::encode(digest.get(..6).unwrap_or_default()).into())
    }

    fn key<K: CursorKey>(&self, cursor: &str) -> async_graphql::Result<K> {
        let invalid = || {
            failure(
                Code::BadUserInput,
                "the cursor does not belong to this list, filter and order",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let text = String::from_utf8(bytes).map_err(|_| invalid())?;
        let rest = text
            .strip_prefix("1|")
            .and_then(|rest| rest.strip_prefix(&*self.0));
        rest.and_then(|rest| rest.strip_prefix('|'))
            .and_then(K::read)
            .ok_or_else(invalid)
    }

    /// Which page `arguments` ask for: exactly one of `first` and `last`, 1 to 100.
    pub fn request<K: CursorKey>(&self, arguments: PageArguments) -> async_graphql::Result<PageRequest<K>> {
        arguments.read(|cursor| self.key(cursor))
    }

    /// A page as a connection; `fields` are what it carries besides its rows.
    pub fn connection<T, N, F, K>(
        &self,
        page: Page<T>,
        fields: F,
        key: impl Fn(&T) -> K,
        node: impl Fn(T) -> N,
    ) -> Connection<Cursor<K>, N, F>
    where
        N: OutputType,
        F: ObjectType,
        K: CursorKey + Send + Sync,
    {
        let mut connection = Connection::with_additional_fields(page.has_previous, page.has_next, fields);
        connection.edges = page
            .items
            .into_iter()
            .map(|item| {
                let (list, key) = (Arc::clone(&self.0), key(&item));
                Edge::new(Cursor { list, key }, node(item))
            })
            .collect();
        connection
    }
}

macro_rules! id_cursors {
    ($($id:ty),+) => {
        $(impl CursorKey for $id {
            fn write(&self) -> String {
                self.to_string()
            }

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })+
    };
}

id_cursors!(
    domain::id::IntentId,
    domain::id::OperationId,
    domain::id::PaymentLinkId,
    domain::id::PromoCodeId,
    domain::id::RefundId,
    domain::id::CardId,
    domain::id::CredentialId,
    domain::id::RequestId,
    domain::id::WebhookAttemptId,
    domain::id::WebhookDeliveryId
);

impl CursorKey for service::payment::Edge {
    fn write(&self) -> String {
        format!("{}|{}", self.amount_minor, self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (amount, id) = text.split_once('|')?;
        Some(Self {
            amount_minor: amount.parse().ok()?,
            id: id.parse().ok()?,
        })
    }
}

impl CursorKey for (domain::id::JournalId, i16) {
    fn write(&self) -> String {
        format!("{}|{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (journal, leg) = text.split_once('|')?;
        Some((journal.parse().ok()?, leg.parse().ok()?))
    }
}
