//! The closed lists of words that bodies take, from the rules themselves: the document cannot name one that is refused.

use domain::Currency;
use domain::api_version::ApiVersion;
use domain::intent::CaptureMethod;
use domain::provider::Gateway;
use std::borrow::Cow;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Declares a list of words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $words:expr, $description:literal;)+) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let words = ObjectBuilder::new()
                        .schema_type(Type::String)
                        .description(Some($description))
                        .enum_values(Some($words));
                    words.build().into()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
            }
        )+
    };
}

words! {
    /// Versions.
    ApiVersionWord: ApiVersion::ALL.map(ApiVersion::as_str), "A dated version of the API.";
    /// Currencies.
    CurrencyCode: Currency::ALL.map(Currency::code), "ISO 4217.";
    /// Gateways.
    GatewayWord: Gateway::ALL.map(Gateway::as_str), "A way to pay: a card, or a wallet.";
    /// When the money is taken.
    CaptureMethodWord: [CaptureMethod::Automatic, CaptureMethod::Manual].map(CaptureMethod::as_str), "When the money is taken.";
}
