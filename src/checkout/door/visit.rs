//! One request of a payer's browser, and the page that answers it.

use super::Pages;
use super::halt::Halt;
use super::place::Place;
use crate::checkout::answer::{answer, guarded};
use crate::checkout::language::{Choice, choose, remember};
use crate::checkout::text::Text;
use crate::checkout::view::{ErrorPage, Frame, Merchant, NotFoundPage, Order, Page, Trouble};
use crate::http::body::{self, Unread};
use crate::http::client_address::{Peer, client};
use crate::http::request_id::RequestId;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::intent::Intent;
use domain::merchant::Mode;
use service::App;
use service::intent::{Payer, Shown, show};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Longest form that is read, in bytes: every field at its longest, percent-encoded.
const MAX_FORM: usize = 16_384;
/// Longest query that is read, in bytes.
const MAX_QUERY: usize = 2_048;

/// A request of a payer.
pub struct Visit {
    pub pages: Arc<Pages>,
    pub place: Place,
    pub now: Timestamp,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Bytes, Halt>,
    peer: Peer,
    request_id: String,
    language: Choice,
}

/// What answers a request.
pub enum Reply {
    /// A page.
    Page(Box<dyn Page + Send>),
    /// Another page of this server, to be asked for.
    See(String),
    /// As it is.
    Raw(Response),
}

impl Reply {
    /// A page.
    pub fn page(page: impl Page + Send + 'static) -> Self {
        Self::Page(Box::new(page))
    }
}

impl FromRequest<Arc<Pages>> for Visit {
    type Rejection = Infallible;

    async fn from_request(request: Request, pages: &Arc<Pages>) -> Result<Self, Infallible> {
        let (mut parts, body) = request.into_parts();
        let place = Place::from_request_parts(&mut parts, pages).await?;
        let peer = Peer::from_request_parts(&mut parts, pages).await?;
        let id = parts.extensions.get::<RequestId>();
        let asked = query(&parts.uri, "lang");
        Ok(Self {
            request_id: id.map(|id| id.0.clone()).unwrap_or_default(),
            now: pages.gate.app.now(),
            language: choose(asked.as_deref(), &parts.headers),
            pages: Arc::clone(pages),
            place,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            form: arrived(body, pages.patience).await,
            peer,
        })
    }
}

/// The form, if it arrives whole and in time.
async fn arrived(body: Body, patience: Duration) -> Result<Bytes, Halt> {
    let read = body::read(body, MAX_FORM, patience).await;
    read.map_err(|cause| match cause {
        Unread::TooLong => Halt::TooLong,
        Unread::TooSlow | Unread::Cut => Halt::Cut,
    })
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().filter(|query| query.len() <= MAX_QUERY)?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// The fields of a form, by their names; of two with one name the first.
pub type Fields = HashMap<String, String>;

impl Visit {
    pub fn app(&self) -> &App {
        &self.pages.gate.app
    }

    /// A field of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        query(&self.uri, name)
    }

    /// Whether others reach this server by https.
    pub fn is_https(&self) -> bool {
        self.pages.address.public().is_https()
    }

    /// What stands before every path.
    pub fn root(&self) -> &str {
        self.pages.address.public().root()
    }

    /// A path on this server as the browser asks for it.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.root())
    }

    /// The path of this page, and what is below it.
    pub fn here(&self, below: &str) -> String {
        self.path(&format!("{}{below}", self.place.path()))
    }

    /// That the address may ask, and that no other site sends our forms.
    pub fn admit(&self) -> Result<(), Halt> {
        let address = client(self.peer, &self.headers, &self.pages.gate.trusted_proxies);
        self.pages.gate.throttle.public(address, self.now)?;
        let site = self
            .headers
            .get("sec-fetch-site")
            .and_then(|site| site.to_str().ok());
        match site {
            Some(site) if self.method == Method::POST && !matches!(site, "same-origin" | "none") => {
                Err(Halt::Foreign)
            }
            _ => Ok(()),
        }
    }

    /// Who pays, within the rate of the address.
    pub async fn payer(&self) -> Result<Payer, Halt> {
        self.admit()?;
        self.place.payer(self.app(), &self.headers).await
    }

    /// Who pays, and what they see.
    pub async fn shown(&self) -> Result<(Payer, Shown), Halt> {
        let payer = self.payer().await?;
        let shown = show(self.app(), payer).await?;
        Ok((payer, shown))
    }

    /// The form that was sent.
    pub fn fields(&self) -> Result<Fields, Halt> {
        let form = self.form.as_ref().map_err(|halt| *halt)?;
        let mut fields = Fields::new();
        for (name, value) in url::form_urlencoded::parse(form) {
            fields
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Ok(fields)
    }

    /// Around a page of `merchant`.
    pub fn frame(&self, merchant: &domain::merchant::Merchant, mode: Mode) -> Frame {
        let checkout = &merchant.checkout;
        let colour = checkout
            .brand_color
            .as_ref()
            .and_then(|colour| colour.as_str().parse().ok());
        Frame {
            language: self.language.language,
            mode,
            merchant: Some(Merchant {
                name: Text::new(checkout.brand_name.as_deref().unwrap_or(&merchant.name)),
                colour: colour.unwrap_or_default(),
            }),
            here: self.here(""),
            root: self.root().to_owned(),
        }
    }

    /// Around a page that belongs to no merchant.
    fn bare(&self) -> Frame {
        Frame {
            language: self.language.language,
            mode: Mode::Live,
            merchant: None,
            here: match self.place {
                Place::Nowhere => self.path(self.uri.path()),
                _ => self.here(""),
            },
            root: self.root().to_owned(),
        }
    }

    /// The answer, with the language remembered if it was chosen now.
    pub fn answer(&self, reply: Result<Reply, Halt>) -> Response {
        let mut response = match reply {
            Ok(Reply::Page(page)) => answer(&*page, &[]),
            Ok(Reply::See(path)) => guarded(see(&path)),
            Ok(Reply::Raw(response)) => guarded(response),
            Err(halt) => self.halted(halt),
        };
        if self.language.chosen_now
            && let Some((name, value)) = remember(self.language.language, self.is_https())
        {
            response.headers_mut().append(name, value);
        }
        response
    }

    fn halted(&self, halt: Halt) -> Response {
        let frame = self.bare();
        let trouble = match halt {
            Halt::NotFound => return answer(&NotFoundPage { frame }, &[]),
            Halt::Cookies => Trouble::Cookies,
            Halt::TooMany { after_seconds } => Trouble::TooMany { after_seconds },
            Halt::Foreign | Halt::Cut => Trouble::StaleForm,
            Halt::TooLong => Trouble::TooLong,
            Halt::Away => Trouble::Away,
            Halt::WentWrong => Trouble::WentWrong {
                request: self.request_id.clone(),
            },
        };
        let again_path = match self.place {
            Place::Nowhere => None,
            _ => Some(self.here("")),
        };
        let page = ErrorPage {
            frame,
            trouble,
            again_path,
        };
        answer(&page, &[])
    }
}

/// Sends the browser to `path`, which it asks for with GET.
pub fn see(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(path) = HeaderValue::from_str(path) {
        headers.insert(LOCATION, path);
    }
    response
}

/// What an intent is for.
pub fn order(intent: &Intent) -> Order {
    let text = |text: &Option<String>| text.as_deref().and_then(Text::some);
    Order {
        title: text(&intent.title),
        description: text(&intent.description),
        reference: text(&intent.merchant_reference),
    }
}
