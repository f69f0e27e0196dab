//! Enums of webhooks.

use super::enums::{mirrored, name_of};
use async_graphql::Enum;

mirrored! {
    /// How deliveries are signed. The headers of Standard Webhooks come with each.
    WebhookDialect = domain::webhook::Dialect {
        /// `X-Webhook-Signature`: HMAC-SHA256 of the body in hexadecimal.
        Hmac,
        /// `X-Webhook-Security-Fields` and `X-Webhook-Security-Hash`: SHA-256 of some values and the secret.
        SecurityFields,
        /// The callback of one payment, with a JWT in its body.
        Callback,
        /// Standard Webhooks alone.
        Standard,
        /// `X-Webhook-Signature-V2`: time and HMAC-SHA256 of time and body, `t=…,v1=…`.
        Timestamped,
    }
}

mirrored! {
    /// Whose names events have.
    WebhookNaming = domain::webhook::Naming {
        /// `payment.captured`.
        Dotted,
        /// `BusinessRequestStatusChanged`; what has no such name is not told.
        Business,
        /// `card_transaction`, `account_transaction`; what has no such name is not told.
        Category,
    }
}

mirrored! {
    /// What the body of a delivery is.
    WebhookPayload = domain::webhook::PayloadForm {
        /// `{event, timestamp, id, mode, api_version, data}`, the object under `data`.
        Event,
        /// The object alone, as the REST API shows it.
        Resource,
        /// As `EVENT`, with nothing of the object but its id.
        Thin,
    }
}

mirrored! {
    /// Which answers count as taken.
    WebhookSuccessRule = domain::webhook::SuccessRule {
        /// Any from 200 to 299.
        Any2xx,
        /// 200 and no other.
        Only200,
    }
}

mirrored! {
    /// What waits for what.
    WebhookOrdering = domain::webhook::DeliveryOrder {
        /// Nothing: each is sent as soon as it can be.
        None,
        /// Deliveries about one object wait for those about it before them.
        Object,
        /// Each waits for all before it.
        Endpoint,
    }
}

mirrored! {
    /// An endpoint with a place of its own.
    WebhookSlot = domain::webhook::Slot {
        /// The one that `/api/v2/webhooks/config` sets up.
        Default,
        /// Stands for the addresses that payments themselves carry.
        Callback,
    }
}

mirrored! {
    /// Why an endpoint was switched off.
    WebhookDisabledReason = domain::webhook::DisabledReason {
        /// It has failed for five days.
        Failing,
        /// It answered 410: it wants no more.
        Gone,
    }
}

/// Whether deliveries go out.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEndpointStatus {
    /// They do.
    Enabled,
    /// You hold them back; they wait until they expire.
    Paused,
    /// We hold them back; they wait until they expire.
    Disabled,
}

mirrored! {
    /// How a delivery stands.
    WebhookDeliveryStatus = domain::webhook::DeliveryStatus {
        /// Its first attempt is still to come.
        Pending,
        /// An attempt is under way.
        Sending,
        /// An attempt failed, and another will be made.
        RetryScheduled,
        /// The server took it.
        Delivered,
        /// All attempts failed, or the server wants no more.
        Failed,
        /// Its time was over before the next attempt.
        Expired,
        /// Somebody gave it up.
        Canceled,
    }
}

mirrored! {
    /// Where a delivery comes from.
    WebhookCause = domain::webhook::Cause {
        /// Something happened.
        Event,
        /// Somebody wants an earlier delivery again.
        Replay,
        /// Somebody tries an endpoint out.
        Test,
    }
}

mirrored! {
    /// Why an attempt ended without an answer.
    WebhookFailure = domain::webhook::FailureClass {
        /// The address is none that webhooks go to; it was not dialled.
        AddressDenied,
        /// The name leads nowhere.
        Dns,
        /// No connection came about.
        Connect,
        /// No encrypted connection came about: the certificate, or the server's side of TLS.
        Tls,
        /// The time was over before an answer came.
        Timeout,
        /// What came is no HTTP.
        Protocol,
        /// The head of the answer is longer than we read.
        HeadersTooLarge,
        /// The connection ended before an answer.
        Closed,
        /// Whoever made the attempt died meanwhile; nobody knows what became of it, and it is made again.
        Interrupted,
        /// What was to be sent cannot be read any more.
        Unreadable,
    }
}
