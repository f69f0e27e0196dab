//! How each route is guarded: the one list.

/// How a route is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Not at all: it says nothing of anybody.
    Public,
    /// A key, a session or a signature of ours, for commands and questions.
    Graphql,
    /// A key, a session or a signature of ours, for a command.
    Commands,
    /// A key, a session or a signature of ours, for a question.
    Asks,
    /// A signature of ours, and nothing less.
    Signed,
    /// `x-id` and `x-signature`, in the mode of the path.
    Rasedi,
    /// Shows little of an intent to whoever knows its id.
    Known,
    /// The client secret of the intent, in a header or in the query.
    ClientSecret,
    /// The client secret of the intent, in the cookie of its page.
    Page,
    /// The reference code of an intent of S3. The code in the table is that of an intent of another door, which it must not open.
    Reference,
    /// Nothing: a payment link is for everybody who has it.
    Link,
}

/// Every route as the router writes it, a path to try, and its guard; `PAYMENT`, `OPERATION`, `INTENT`, `REFERENCE` and `LINK` stand for
/// ids of the owner. Whoever adds a route says here how it is guarded.
pub const ROUTES: &[(&str, &str, Guard)] = &[
    ("/livez", "/livez", Guard::Public),
    ("/readyz", "/readyz", Guard::Public),
    ("/metrics", "/metrics", Guard::Public),
    ("/graphiql", "/graphiql", Guard::Public),
    ("/graphiql/{asset}", "/graphiql/graphiql.js", Guard::Public),
    ("/graphql", "/graphql", Guard::Graphql),
    ("/graphql/stream", "/graphql/stream", Guard::Graphql),
    (
        "/v1/payment/rest/{mode}/create",
        "/v1/payment/rest/live/create",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/init",
        "/v1/payment/rest/live/init",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/status/{reference}",
        "/v1/payment/rest/live/status/7676c702-a2a7-4996-baf3-09a8d012ed09",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/cancel/{reference}",
        "/v1/payment/rest/live/cancel/7676c702-a2a7-4996-baf3-09a8d012ed09",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/get-public-keys",
        "/v1/payment/rest/live/get-public-keys",
        Guard::Rasedi,
    ),
    (
        "/v1/payment/rest/{mode}/{*rest}",
        "/v1/payment/rest/live/nowhere",
        Guard::Rasedi,
    ),
    ("/openapi.json", "/openapi.json", Guard::Public),
    ("/openapi", "/openapi", Guard::Public),
    ("/openapi/", "/openapi/", Guard::Public),
    ("/openapi/{*file}", "/openapi/index.css", Guard::Public),
    (
        "/api/v1/payments/authorize",
        "/api/v1/payments/authorize",
        Guard::Commands,
    ),
    ("/api/v1/payments/sale", "/api/v1/payments/sale", Guard::Commands),
    ("/api/v1/payments/{id}", "/api/v1/payments/PAYMENT", Guard::Asks),
    (
        "/api/v1/payments/{id}/capture",
        "/api/v1/payments/PAYMENT/capture",
        Guard::Commands,
    ),
    (
        "/api/v1/payments/{id}/void",
        "/api/v1/payments/PAYMENT/void",
        Guard::Commands,
    ),
    (
        "/api/v1/payments/{id}/refund",
        "/api/v1/payments/PAYMENT/refund",
        Guard::Commands,
    ),
    ("/api/v1/transactions", "/api/v1/transactions", Guard::Asks),
    (
        "/api/v1/transactions/{id}",
        "/api/v1/transactions/OPERATION",
        Guard::Asks,
    ),
    ("/api/v2/webhooks/config", "/api/v2/webhooks/config", Guard::Asks),
    ("/api/v2/webhooks/events", "/api/v2/webhooks/events", Guard::Asks),
    (
        "/api/v1/payment-intents",
        "/api/v1/payment-intents",
        Guard::Commands,
    ),
    (
        "/api/v1/payment-intents/{id}/cancel",
        "/api/v1/payment-intents/INTENT/cancel",
        Guard::Commands,
    ),
    (
        "/api/public/payment-intents/{id}",
        "/api/public/payment-intents/INTENT",
        Guard::Known,
    ),
    (
        "/api/public/payment-intents/{id}/confirm",
        "/api/public/payment-intents/INTENT/confirm",
        Guard::ClientSecret,
    ),
    ("/v1/checkout/sessions", "/v1/checkout/sessions", Guard::Signed),
    (
        "/v1/payments/{id}/capture",
        "/v1/payments/PAYMENT/capture",
        Guard::Signed,
    ),
    ("/v1/payment_links", "/v1/payment_links", Guard::Signed),
    ("/v1/refunds", "/v1/refunds", Guard::Signed),
    ("/checkout/{intent}", "/checkout/INTENT", Guard::Page),
    (
        "/checkout/{intent}/wallet",
        "/checkout/INTENT/wallet",
        Guard::Page,
    ),
    ("/checkout/{intent}/promo", "/checkout/INTENT/promo", Guard::Page),
    (
        "/checkout/{intent}/promo/remove",
        "/checkout/INTENT/promo/remove",
        Guard::Page,
    ),
    (
        "/checkout/{intent}/cancel",
        "/checkout/INTENT/cancel",
        Guard::Page,
    ),
    (
        "/checkout/{intent}/status",
        "/checkout/INTENT/status",
        Guard::Page,
    ),
    (
        "/checkout/{intent}/receipt",
        "/checkout/INTENT/receipt",
        Guard::Page,
    ),
    ("/pay/{mode}/{reference}", "/pay/live/REFERENCE", Guard::Reference),
    (
        "/pay/{mode}/{reference}/wallet",
        "/pay/live/REFERENCE/wallet",
        Guard::Reference,
    ),
    (
        "/pay/{mode}/{reference}/promo",
        "/pay/live/REFERENCE/promo",
        Guard::Reference,
    ),
    (
        "/pay/{mode}/{reference}/promo/remove",
        "/pay/live/REFERENCE/promo/remove",
        Guard::Reference,
    ),
    (
        "/pay/{mode}/{reference}/cancel",
        "/pay/live/REFERENCE/cancel",
        Guard::Reference,
    ),
    (
        "/pay/{mode}/{reference}/status",
        "/pay/live/REFERENCE/status",
        Guard::Reference,
    ),
    (
        "/pay/{mode}/{reference}/receipt",
        "/pay/live/REFERENCE/receipt",
        Guard::Reference,
    ),
    ("/l/{link}", "/l/LINK", Guard::Link),
    ("/l/{link}/share", "/l/LINK/share", Guard::Link),
    (
        "/checkout-assets/{hash}/{name}",
        "/checkout-assets/0/icon.svg",
        Guard::Public,
    ),
    (
        "/checkout-assets/brand/{edition}/{name}",
        "/checkout-assets/brand/1/aa0000.css",
        Guard::Public,
    ),
];
