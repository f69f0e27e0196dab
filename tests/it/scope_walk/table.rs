//! What every root field needs: the one list. Whoever adds a field says here who may ask it.

use domain::credential::Scope;

/// What it takes to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Any key, also an operator's.
    Nothing,
    /// A merchant's key with this scope; operators are refused.
    Merchant(Scope),
    /// A merchant's key with this scope, or an operator.
    MerchantOrOperator(Scope),
    /// An operator; merchants are refused.
    Operator,
    /// Any key of a merchant; operators are refused.
    AnyMerchant,
    /// A merchant's key with one of these; it gets what that scope lets it see.
    MerchantWithOne(&'static [Scope]),
}

/// What events are about takes one of these.
const OF_EVENTS: Needs = Needs::MerchantWithOne(&[Scope::PaymentsRead, Scope::CredentialsManage]);

/// Root fields by name. `node` and `nodes` are asked for every type that implements `Node`.
pub const ROOTS: &[(&str, Needs)] = &[
    ("__typename", Needs::Nothing),
    ("apiRequestCursor", Needs::Merchant(Scope::LogsRead)),
    ("apiRequests", Needs::MerchantOrOperator(Scope::LogsRead)),
    (
        "apiVersionUpgrade",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    ("apiVersions", Needs::Nothing),
    ("balances", Needs::Merchant(Scope::ReportsRead)),
    ("cards", Needs::Merchant(Scope::PaymentsRead)),
    (
        "credentialCreate",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    (
        "credentialRevoke",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    (
        "credentialRotate",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    (
        "credentialUpdate",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    ("credentials", Needs::MerchantOrOperator(Scope::CredentialsManage)),
    ("eventCursor", Needs::AnyMerchant),
    ("events", OF_EVENTS),
    ("integrityReport", Needs::MerchantOrOperator(Scope::LogsRead)),
    ("intent", Needs::Merchant(Scope::PaymentsRead)),
    ("intentCancel", Needs::Merchant(Scope::PaymentsCreate)),
    ("intentConfirm", Needs::Merchant(Scope::PaymentsCreate)),
    ("intentCreate", Needs::Merchant(Scope::PaymentsCreate)),
    ("intents", Needs::Merchant(Scope::PaymentsRead)),
    ("ledgerEntries", Needs::Merchant(Scope::ReportsRead)),
    ("ledgerIntegrity", Needs::Merchant(Scope::ReportsRead)),
    ("merchant", Needs::Nothing),
    ("merchantCreate", Needs::Operator),
    ("merchantUpdate", Needs::Operator),
    ("node(ApiRequest)", Needs::MerchantOrOperator(Scope::LogsRead)),
    ("node(Card)", Needs::Merchant(Scope::PaymentsRead)),
    (
        "node(Credential)",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    ("node(Event)", OF_EVENTS),
    ("node(Intent)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(Merchant)", Needs::Nothing),
    ("node(Operation)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(Payment)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(PaymentLink)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(PromoCode)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(Refund)", Needs::Merchant(Scope::PaymentsRead)),
    ("node(WebhookAttempt)", Needs::Merchant(Scope::WebhooksManage)),
    ("node(WebhookDelivery)", Needs::Merchant(Scope::WebhooksManage)),
    ("node(WebhookEndpoint)", Needs::Merchant(Scope::WebhooksManage)),
    ("nodes(ApiRequest)", Needs::MerchantOrOperator(Scope::LogsRead)),
    ("nodes(Card)", Needs::Merchant(Scope::PaymentsRead)),
    (
        "nodes(Credential)",
        Needs::MerchantOrOperator(Scope::CredentialsManage),
    ),
    ("nodes(Event)", OF_EVENTS),
    ("nodes(Intent)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(Merchant)", Needs::Nothing),
    ("nodes(Operation)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(Payment)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(PaymentLink)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(PromoCode)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(Refund)", Needs::Merchant(Scope::PaymentsRead)),
    ("nodes(WebhookAttempt)", Needs::Merchant(Scope::WebhooksManage)),
    ("nodes(WebhookDelivery)", Needs::Merchant(Scope::WebhooksManage)),
    ("nodes(WebhookEndpoint)", Needs::Merchant(Scope::WebhooksManage)),
    ("operations", Needs::Merchant(Scope::PaymentsRead)),
    ("payment", Needs::Merchant(Scope::PaymentsRead)),
    ("paymentAuthorize", Needs::Merchant(Scope::PaymentsCreate)),
    ("paymentCapture", Needs::Merchant(Scope::PaymentsCapture)),
    ("paymentLink", Needs::Merchant(Scope::PaymentsRead)),
    ("paymentLinkCreate", Needs::Merchant(Scope::PaymentsCreate)),
    ("paymentLinkDeactivate", Needs::Merchant(Scope::PaymentsCreate)),
    ("paymentLinks", Needs::Merchant(Scope::PaymentsRead)),
    ("paymentRefund", Needs::Merchant(Scope::RefundsCreate)),
    ("paymentSale", Needs::Merchant(Scope::PaymentsCreate)),
    ("paymentVoid", Needs::Merchant(Scope::PaymentsCapture)),
    ("payments", Needs::Merchant(Scope::PaymentsRead)),
    ("promoCodeCreate", Needs::Merchant(Scope::PaymentsCreate)),
    ("promoCodeDeactivate", Needs::Merchant(Scope::PaymentsCreate)),
    ("promoCodes", Needs::Merchant(Scope::PaymentsRead)),
    ("rateLimit", Needs::Nothing),
    ("refunds", Needs::Merchant(Scope::PaymentsRead)),
    ("sessionCreate", Needs::Nothing),
    ("sessionRevoke", Needs::Nothing),
    ("viewer", Needs::Nothing),
    ("webhookAttempts", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookDeliveries", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookDeliveryReplay", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookEndpointTest", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookEndpointCreate", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookEndpointDelete", Needs::Merchant(Scope::WebhooksManage)),
    (
        "webhookEndpointRevealSecret",
        Needs::Merchant(Scope::WebhooksManage),
    ),
    (
        "webhookEndpointRotateSecret",
        Needs::Merchant(Scope::WebhooksManage),
    ),
    ("webhookEndpointUpdate", Needs::Merchant(Scope::WebhooksManage)),
    ("webhookEndpoints", Needs::Merchant(Scope::WebhooksManage)),
];

/// Relations of a payment, an intent and a link that are read for whoever may read payments: in the answer of a command they take that
/// scope besides the one of the command.
pub const RELATIONS: [&str; 7] = [
    "attempts",
    "card",
    "intent",
    "intents",
    "operations",
    "payment",
    "refunds",
];

/// Those of a payment, which is shown by its command to whoever may give it.
pub const OF_A_PAYMENT: [&str; 4] = ["card", "intent", "operations", "refunds"];

/// What a root field needs.
pub fn needs(root: &str) -> Needs {
    let found = ROOTS.iter().find(|(name, _)| *name == root);
    found
        .unwrap_or_else(|| panic!("{root} is not in the table of the schema walk: say which scope it needs"))
        .1
}
