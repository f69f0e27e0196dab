//! The parts of a request that an HTTP Message Signature covers, and the text that they make (RFC 9421, sections 2 and 2.5).
//!
//! Invariant: each part has one value, and none is covered twice, so that two requests with the same text are the same in
//! everything that is covered. Parts of parts (`;key`, `@query-param`), other encodings (`;sf`, `;bs`), trailers (`;tr`) and the
//! request behind an answer (`;req`) are not taken: nothing that a request does here hangs on less than a whole field.

use super::{MAX_COMPONENTS, RequestHead};
use crate::credential::Denial;
use sfv::{InnerList, Item, List, ListEntry, ListSerializer, Parser};
use std::collections::BTreeSet;

/// Something that can be covered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Component {
    /// `@method`.
    Method,
    /// `@path`.
    Path,
    /// `@query`.
    Query,
    /// `@target-uri`.
    TargetUri,
    /// `@request-target`.
    RequestTarget,
    /// `@authority`.
    Authority,
    /// `@scheme`.
    Scheme,
    /// A header, by its name in lower case.
    Field(String),
}

impl Component {
    fn read(item: &Item) -> Result<Self, Denial> {
        let name = item.bare_item.as_string().ok_or(Denial::SignatureMalformed)?;
        if !item.params.is_empty() {
            return Err(Denial::SignatureMalformed);
        }
        match name.as_str() {
            "@method" => Ok(Self::Method),
            "@path" => Ok(Self::Path),
            "@query" => Ok(Self::Query),
            "@target-uri" => Ok(Self::TargetUri),
            "@request-target" => Ok(Self::RequestTarget),
            "@authority" => Ok(Self::Authority),
            "@scheme" => Ok(Self::Scheme),
            field if is_field_name(field) => Ok(Self::Field(field.to_owned())),
            _ => Err(Denial::SignatureMalformed),
        }
    }

    const fn name(&self) -> &str {
        match self {
            Self::Method => "@method",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::TargetUri => "@target-uri",
            Self::RequestTarget => "@request-target",
            Self::Authority => "@authority",
            Self::Scheme => "@scheme",
            Self::Field(name) => name.as_str(),
        }
    }

    fn value(&self, head: &RequestHead<'_>) -> Result<String, Denial> {
        match self {
            Self::Method => Ok(head.method.to_owned()),
            Self::Path => Ok(path(head).to_owned()),
            // The mark alone when there is no query: section 2.2.7.
            Self::Query => Ok(format!("?{}", head.query.unwrap_or_default())),
            Self::TargetUri => Ok(format!(
                "{}://{}{}",
                head.scheme.to_ascii_lowercase(),
                authority(head)?,
                request_target(head)
            )),
            Self::RequestTarget => Ok(request_target(head)),
            Self::Authority => authority(head),
            Self::Scheme => Ok(head.scheme.to_ascii_lowercase()),
            Self::Field(name) => head.required(name),
        }
    }
}

/// RFC 9110, section 5.1, in lower case as RFC 9421 writes it.
fn is_field_name(name: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// An empty path is the root: RFC 9110, section 4.2.3.
const fn path<'a>(head: &RequestHead<'a>) -> &'a str {
    if head.path.is_empty() { "/" } else { head.path }
}

fn request_target(head: &RequestHead<'_>) -> String {
    let (mark, query) = head.query.map_or(("", ""), |query| ("?", query));
    format!("{}{mark}{query}", path(head))
}

/// The host in lower case, without the port that the scheme implies: section 2.2.3.
fn authority(head: &RequestHead<'_>) -> Result<String, Denial> {
    let host = head
        .authority
        .ok_or(Denial::SignatureMalformed)?
        .to_ascii_lowercase();
    let implied = if head.scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    Ok(host.strip_suffix(implied).map_or(host.clone(), str::to_owned))
}

/// What a signature covers, and the text that it signs.
pub(super) fn covered(
    head: &RequestHead<'_>,
    signature_params: &InnerList,
) -> Result<(BTreeSet<Component>, String), Denial> {
    if signature_params.items.len() > MAX_COMPONENTS {
        return Err(Denial::SignatureMalformed);
    }
    let (mut seen, mut text) = (BTreeSet::new(), String::new());
    for item in &signature_params.items {
        let component = Component::read(item)?;
        let value = component.value(head)?;
        // A line break would let one value pass for two.
        if value.contains(['\n', '\r']) {
            return Err(Denial::SignatureMalformed);
        }
        text.push_str(&format!("\"{}\": {value}\n", component.name()));
        if !seen.insert(component) {
            return Err(Denial::SignatureMalformed);
        }
    }
    let mut list = ListSerializer::new();
    list.members([&ListEntry::InnerList(signature_params.clone())]);
    let last = list.finish().ok_or(Denial::SignatureMalformed)?;
    text.push_str(&format!("\"@signature-params\": {last}"));
    Ok((seen, text))
}

/// The text that an HTTP Message Signature signs: its signature base (RFC 9421, section 2.5). `signature_params` is one value
/// of `Signature-Input`, `("@method" "@path");created=1;…`. It says nothing about whether enough is covered.
///
/// # Errors
/// [`Denial::SignatureMalformed`] when it cannot be read, or covers what is not there or not known here.
pub fn signature_base(head: &RequestHead<'_>, signature_params: &str) -> Result<String, Denial> {
    let list: List = Parser::new(signature_params)
        .parse()
        .map_err(|_| Denial::SignatureMalformed)?;
    match list.as_slice() {
        [ListEntry::InnerList(inner)] => covered(head, inner).map(|(_, text)| text),
        _ => Err(Denial::SignatureMalformed),
    }
}
