//! The media type of an answer (GraphQL over HTTP, section 6; RFC 9110, 12.5.1).

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue};

/// What an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`, for clients that say nothing: the status speaks of the transport only.
    Json,
    /// `application/graphql-response+json`: the status speaks of the operation too.
    GraphqlResponse,
}

impl MediaType {
    /// The header of an answer.
    pub const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    const fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }
}

/// How much a client wants a type: in thousandths, and how closely it named it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    closeness: u8,
    quality: u16,
}

/// The type that the client wants most; `None` when it takes neither. Who says nothing gets plain JSON.
pub fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    if !headers.contains_key(ACCEPT) {
        return Some(MediaType::Json);
    }
    let lines = || {
        headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|line| line.to_str().ok())
    };
    let wish = |kind: MediaType| {
        let ranges = lines().flat_map(|line| line.split(','));
        ranges
            .filter_map(|range| wished(range, kind))
            .max()
            .unwrap_or_default()
    };
    let (plain, exact) = (wish(MediaType::Json), wish(MediaType::GraphqlResponse));
    // Between equals, the one that was named; a wildcard names nothing.
    let by_name = |wish: Wish| (wish.quality, wish.closeness);
    match (plain.quality, exact.quality) {
        (0, 0) => None,
        _ if by_name(exact) > by_name(plain) => Some(MediaType::GraphqlResponse),
        _ if exact.quality == plain.quality && exact.closeness == 3 => Some(MediaType::GraphqlResponse),
        _ => Some(MediaType::Json),
    }
}

/// How much `range` wants `kind`, if it speaks of it. The closest range decides, not the one with the highest quality.
fn wished(range: &str, kind: MediaType) -> Option<Wish> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let closeness = match name.as_str() {
        "*/*" => 1,
        "application/*" => 2,
        name if name == kind.essence() => 3,
        _ => return None,
    };
    let mut quality = 1_000;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.trim().eq_ignore_ascii_case("q") {
            quality = thousandths(value.trim());
        }
    }
    Some(Wish { closeness, quality })
}

/// `0` to `1` with up to three digits; anything else is as good as no wish.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("0", true) => format!("{fraction:0<3}").parse().unwrap_or(0),
        ("1", true) => 1_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(lines: &[&'static str]) -> Option<MediaType> {
        negotiate(&HeaderMap::from_iter(
            lines.iter().map(|line| (ACCEPT, HeaderValue::from_static(line))),
        ))
    }

    #[test]
    fn the_type_that_is_wanted_most_is_taken() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/json; charset=utf-8", Some(Json)),
            ("APPLICATION/JSON", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8",
                Some(GraphqlResponse),
            ),
            // As Apollo, urql and Relay send it.
            (
                "application/graphql-response+json,application/json;q=0.9",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
                Some(GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json;q=0.5, application/json",
                Some(Json),
            ),
            (
                "application/graphql-response+json;q=0.5, */*;q=0.1",
                Some(GraphqlResponse),
            ),
            ("application/json;q=0.1, */*", Some(GraphqlResponse)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("application/json;q=0.0000", None),
            ("application/json;q=2", None),
            ("", None),
        ] {
            assert_eq!(negotiated(&[accept]), expected, "{accept}");
        }
        assert_eq!(negotiated(&[]), Some(Json));
        assert_eq!(
            negotiated(&["text/html", "application/graphql-response+json"]),
            Some(GraphqlResponse)
        );
    }
}
