//! The schema, put together from its areas. Building it needs no database.

use super::document::{DEEPEST_NESTING, DEEPEST_SELECTION, MOST_DIRECTIVES_IN_ONE_PLACE};
use super::pages::Pages;
use super::{
    api_request, api_request_subscription, api_version, card, credential, credential_mutation, event_query,
    event_subscription, integrity, intent, intent_mutation, intent_query, ledger, merchant, merchant_update,
    node, operation, payment, payment_link, payment_link_mutation, payment_mutation, payment_query,
    promo_code, rate_limit, refund, viewer, webhook_delivery, webhook_delivery_mutation, webhook_endpoint,
    webhook_endpoint_mutation,
};
use crate::config::PublicUrl;
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, SchemaBuilder};
use service::App;

/// Everything that can be asked. The tenant comes from the key, never from an argument.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    merchant::MerchantQuery,
    payment_query::PaymentQuery,
    intent_query::IntentQuery,
    payment_link::PaymentLinkQuery,
    promo_code::PromoCodeQuery,
    operation::OperationQuery,
    refund::RefundQuery,
    card::CardQuery,
    ledger::LedgerQuery,
    event_query::EventQuery,
    api_request::ApiRequestQuery,
    api_request_subscription::ApiRequestCursorQuery,
    integrity::IntegrityQuery,
    rate_limit::RateLimitQuery,
    viewer::ViewerQuery,
    credential::CredentialQuery,
    api_version::ApiVersionQuery,
    webhook_endpoint::WebhookEndpointQuery,
    webhook_delivery::WebhookDeliveryQuery,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    payment_mutation::PaymentMutation,
    intent_mutation::IntentMutation,
    payment_link_mutation::PaymentLinkMutation,
    promo_code::PromoCodeMutation,
    merchant::MerchantMutation,
    merchant_update::MerchantUpdateMutation,
    credential_mutation::CredentialMutation,
    viewer::SessionMutation,
    webhook_endpoint_mutation::WebhookEndpointMutation,
    webhook_delivery_mutation::WebhookDeliveryMutation,
);

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    event_subscription::EventSubscription,
    api_request_subscription::ApiRequestSubscription,
);

/// The schema of this installation.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The connection of a list that carries nothing besides its rows. The library makes the type and leaves its description to us.
type Rows<T> = Connection<String, T, EmptyFields>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .register_output_type::<node::Node>()
        .override_output_type_description::<Rows<api_request::ApiRequest>>("A page of API requests.")
        .override_output_type_description::<Rows<card::Card>>("A page of cards.")
        .override_output_type_description::<Rows<credential::Credential>>("A page of credentials.")
        .override_output_type_description::<Connection<String, intent::Intent, intent_query::IntentTotals>>(
            "A page of intents.",
        )
        .override_output_type_description::<event_query::Events>("A page of events, oldest first.")
        .override_output_type_description::<Rows<ledger::LedgerEntry>>("A page of ledger entries.")
        .override_output_type_description::<Rows<operation::Operation>>("A page of operations.")
        .override_output_type_description::<Connection<String, payment::Payment, payment_query::PaymentTotals>>(
            "A page of payments.",
        )
        .override_output_type_description::<
            Connection<String, payment_link::PaymentLink, payment_link::PaymentLinkTotals>,
        >("A page of payment links.")
        .override_output_type_description::<Rows<promo_code::PromoCode>>("A page of promo codes.")
        .override_output_type_description::<Rows<refund::Refund>>("A page of refunds.")
        .override_output_type_description::<Rows<webhook_delivery::WebhookDelivery>>("A page of webhook deliveries.")
        .override_output_type_description::<Rows<webhook_delivery::WebhookAttempt>>("A page of webhook attempts.")
        // A second belt: the door has measured every document before it gets here.
        .limit_depth(DEEPEST_SELECTION)
        .limit_recursive_depth(DEEPEST_NESTING)
        .limit_directives(MOST_DIRECTIVES_IN_ONE_PLACE)
        // A misspelt field of a stranger must not be answered with the names of ours.
        .disable_suggestions()
}

/// The schema over a running installation, which payers reach at `address`.
#[must_use]
pub fn build(app: App, address: PublicUrl) -> Schema {
    builder().data(app).data(Pages::at(address)).finish()
}

/// The schema as text, sorted, so that two builds of one source print the same.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    let sdl = builder()
        .finish()
        .sdl_with_options(options.use_space_ident().indent_width(2));
    let lines: Vec<&str> = sdl.lines().map(str::trim_end).collect();
    format!("{}\n", lines.join("\n").trim())
}
