//! The schema, put together from its areas. Building it needs no database.

use super::{card, ledger, merchant, node, operation, payment, payment_mutation, payment_query, refund};
use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder};
use service::App;

/// Everything that can be asked. The tenant comes from the key, never from an argument.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    merchant::MerchantQuery,
    payment_query::PaymentQuery,
    operation::OperationQuery,
    refund::RefundQuery,
    card::CardQuery,
    ledger::LedgerQuery,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(payment_mutation::PaymentMutation, merchant::MerchantMutation);

/// The schema of this installation.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// Deepest selection; the introspection query of common clients needs 13.
const MAX_DEPTH: usize = 15;
/// Deepest nesting of the document itself.
const MAX_NESTING: usize = 32;
/// Most aliases in one document.
const MAX_ALIASES: usize = 30;
/// Most directives on one field.
const MAX_DIRECTIVES: usize = 4;

/// The connection of a list that carries nothing besides its rows. The library makes the type and leaves its description to us.
type Rows<T> = Connection<String, T, EmptyFields>;

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        .register_output_type::<node::Node>()
        .override_output_type_description::<Rows<card::Card>>("A page of cards.")
        .override_output_type_description::<Rows<ledger::LedgerEntry>>("A page of ledger entries.")
        .override_output_type_description::<Rows<operation::Operation>>("A page of operations.")
        .override_output_type_description::<Connection<String, payment::Payment, payment_query::PaymentTotals>>(
            "A page of payments.",
        )
        .override_output_type_description::<Rows<refund::Refund>>("A page of refunds.")
        .limit_depth(MAX_DEPTH)
        .limit_recursive_depth(MAX_NESTING)
        .limit_aliases(MAX_ALIASES)
        .limit_directives(MAX_DIRECTIVES)
        // A misspelt field of a stranger must not be answered with the names of ours.
        .disable_suggestions()
}

/// The schema over a running installation.
#[must_use]
pub fn build(app: App) -> Schema {
    builder().data(app).finish()
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
