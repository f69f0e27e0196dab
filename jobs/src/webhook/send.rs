//! One attempt.
//!
//! Invariant: whatever happens, it ends within its time-out and says what became of it; what is logged holds no secret of the merchant.

use super::client::{Client, Failure, Request, Response};
use super::plan::Jitter;
use bytes::Bytes;
use domain::Timestamp;
use domain::id::WebhookAttemptId;
use domain::webhook::{Answer, Attempt, Delivery, FailureClass, Outgoing, Signed, StaticHeader, WebhookUrl};
use service::App;
use service::webhook::{Signer, StoredBody, Tried};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// What stands in the log in place of a merchant's own value.
const MASKED: &str = "***";
/// Most headers of an answer that are kept, and most of each.
const KEPT_HEADERS: (usize, usize) = (50, 1_024);

/// Sends deliveries.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) app: App,
    pub(super) client: Client,
    pub(super) jitter: Jitter,
}

/// An attempt that has ended, with what the lane needs to know of it.
pub(super) struct Ended {
    pub(super) tried: Tried,
    pub(super) answer: Answer,
    pub(super) took: Duration,
}

/// What was asked.
struct Asked {
    id: WebhookAttemptId,
    started_at: Timestamp,
    took: Duration,
    url: Option<WebhookUrl>,
    headers: Vec<(String, String)>,
}

/// What a server answered, or why it did not.
#[derive(Default)]
struct Came {
    status: Option<u16>,
    failure: Option<FailureClass>,
    detail: Option<String>,
    remote: Option<SocketAddr>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    is_truncated: bool,
}

impl Sender {
    /// Makes the attempt of `delivery` that was counted.
    pub(super) async fn send(&self, delivery: Delivery, signer: &Signer, body: Option<StoredBody>) -> Ended {
        let settings = &signer.endpoint.settings;
        let started_at = self.app.now();
        let id = self.app.id(started_at);
        let number = delivery.state.attempts();
        let url = delivery.url.clone().or_else(|| settings.url.clone());
        let message = delivery.message_id();
        let headers = body.as_ref().map(|body| {
            Outgoing {
                settings,
                signs: signer.endpoint.signs,
                secret: &signer.secret,
                next: signer.next.as_ref(),
                signed: Signed {
                    id: &message,
                    at: started_at,
                    body: body.text.as_bytes(),
                },
                name: &delivery.key.name,
                mode: delivery.tenant.mode,
                attempt: id,
                number,
                cause: delivery.cause,
            }
            .headers()
        });
        let headers = headers.unwrap_or_default();
        let begun = Instant::now();
        let came = match (&url, &body) {
            (Some(url), Some(body)) => self.ask(url.clone(), signer, &headers, body).await,
            _ => Came {
                failure: Some(FailureClass::Unreadable),
                ..Came::default()
            },
        };
        let took = begun.elapsed();
        let asked = Asked {
            id,
            started_at,
            took,
            url,
            headers,
        };
        self.ended(delivery, signer, body, asked, came)
    }

    /// An attempt of which nobody knows what came, because whoever made it broke off.
    pub(super) fn broke_off(&self, delivery: Delivery, signer: &Signer) -> Ended {
        let started_at = self.app.now();
        let asked = Asked {
            id: self.app.id(started_at),
            started_at,
            took: Duration::ZERO,
            url: delivery
                .url
                .clone()
                .or_else(|| signer.endpoint.settings.url.clone()),
            headers: Vec::new(),
        };
        let came = Came {
            failure: Some(FailureClass::Interrupted),
            ..Came::default()
        };
        self.ended(delivery, signer, None, asked, came)
    }

    fn ended(
        &self,
        delivery: Delivery,
        signer: &Signer,
        body: Option<StoredBody>,
        asked: Asked,
        came: Came,
    ) -> Ended {
        let settings = &signer.endpoint.settings;
        let now = self.app.now();
        let answer = answer(&came, settings.success, now);
        let state = delivery.state.clone().answered(
            answer,
            &delivery.schedule(&settings.schedule),
            delivery.expires_at,
            now,
            self.jitter.chance(),
        );
        let own = signer.headers.as_slice().iter().map(StaticHeader::name);
        let attempt = Attempt {
            id: asked.id,
            tenant: delivery.tenant,
            endpoint: delivery.endpoint,
            delivery: delivery.id,
            number: delivery.state.attempts(),
            url: asked.url.as_ref().map(ToString::to_string).unwrap_or_default(),
            started_at: asked.started_at,
            duration_micros: i64::try_from(asked.took.as_micros()).unwrap_or(i64::MAX),
            is_success: answer == Answer::Taken,
            status: came.status,
            failure: came.failure,
            detail: came.detail,
            remote_address: came.remote,
            request_headers: asked
                .headers
                .into_iter()
                .chain(own.map(|name| (name.to_owned(), MASKED.to_owned())))
                .collect(),
            response_headers: came.headers,
            response_body: came.body,
            is_truncated: came.is_truncated,
            body_sha256: body.as_ref().map(|body| body.sha256.to_string()),
            secret_fingerprint: body.as_ref().map(|_| signer.fingerprint.to_string()),
        };
        Ended {
            tried: Tried {
                delivery,
                body,
                attempt,
                state,
            },
            answer,
            took: asked.took,
        }
    }

    async fn ask(
        &self,
        url: WebhookUrl,
        signer: &Signer,
        headers: &[(String, String)],
        body: &StoredBody,
    ) -> Came {
        let own = signer.headers.as_slice().iter();
        let own = own.map(|header| (header.name().to_owned(), header.value().to_owned()));
        let request = Request {
            url,
            headers: headers.iter().cloned().chain(own).collect(),
            body: Bytes::copy_from_slice(body.text.as_bytes()),
            timeout: signer.endpoint.settings.timeout(),
        };
        match self.client.post(request).await {
            Ok(response) => Came::of(response),
            Err(Failure {
                class,
                remote,
                rule,
                response,
            }) => Came {
                failure: Some(class),
                detail: rule.map(str::to_owned),
                remote,
                ..response.map(|response| Came::of(*response)).unwrap_or_default()
            },
        }
    }
}

impl Came {
    fn of(response: Response) -> Self {
        let cut = |text: String| match text.char_indices().nth(KEPT_HEADERS.1) {
            Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
            None => text,
        };
        Self {
            status: Some(response.status),
            failure: None,
            detail: None,
            remote: Some(response.remote),
            headers: response
                .headers
                .into_iter()
                .take(KEPT_HEADERS.0)
                .map(|(name, value)| (name, cut(value)))
                .collect(),
            body: response.body,
            is_truncated: response.body_truncated,
        }
    }
}

/// What an answer means.
fn answer(came: &Came, success: domain::webhook::SuccessRule, now: Timestamp) -> Answer {
    match came.status {
        // What broke off after its head was an answer all the same.
        Some(status) if success.takes(status) && came.failure.is_none() => Answer::Taken,
        Some(410) => Answer::Gone,
        _ => Answer::Failed {
            retry_after: came
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
                .and_then(|(_, value)| retry_after(value, now)),
        },
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110 10.2.3).
fn retry_after(value: &str, now: Timestamp) -> Option<chrono::Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return chrono::Duration::try_seconds(seconds.into());
    }
    let at = chrono::DateTime::parse_from_rfc2822(value).ok()?;
    let wait = at.to_utc().signed_duration_since(now);
    (wait > chrono::Duration::zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::webhook::SuccessRule;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let seconds = |text: &str| retry_after(text, now).map(|wait| wait.num_seconds());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("Mon, 15 Jun 2026 12:05:00 GMT"), Some(300));
        for nonsense in ["Mon, 15 Jun 2026 11:55:00 GMT", "-1", "soon", "", "99999999999"] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_counts_by_its_status() {
        let now: Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let came = |status: u16| Came {
            status: Some(status),
            ..Came::default()
        };
        assert_eq!(answer(&came(204), SuccessRule::Any2xx, now), Answer::Taken);
        let failed = Answer::Failed { retry_after: None };
        assert_eq!(answer(&came(204), SuccessRule::Only200, now), failed);
        assert_eq!(answer(&came(302), SuccessRule::Any2xx, now), failed);
        assert_eq!(answer(&came(410), SuccessRule::Any2xx, now), Answer::Gone);
        assert_eq!(answer(&Came::default(), SuccessRule::Any2xx, now), failed);
    }
}
