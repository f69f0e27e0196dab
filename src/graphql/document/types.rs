//! What the checks need to know of the schema, read once from its text.
//!
//! Invariant: it is the served schema and no copy kept by hand, so that a new field has a cost from the day it exists.

use async_graphql::Positioned;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{Error, parse_schema};
use std::collections::{HashMap, HashSet};

/// Name of the interface whose objects have an id of their own, and so a cost.
const NODE: &str = "Node";
/// The field that marks the input of a command that moves money.
const IDEMPOTENCY_KEY: &str = "idempotencyKey";

/// What selecting a field means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value or a part of the row: nothing is loaded for it.
    Part,
    /// An object with an id.
    Node,
    /// A page of objects.
    Connection,
    /// How many rows match in all: a count over the whole list.
    TotalCount,
}

/// A field of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name of its type without list and non-null.
    pub of: String,
    /// What selecting it means.
    pub kind: Kind,
    /// Whether it is a list.
    pub list: bool,
    /// Whether it is a command that moves money.
    pub moves_money: bool,
    /// Where it is deprecated: `Type.field`.
    pub deprecated: Option<String>,
    /// Its arguments.
    pub arguments: HashMap<String, Type>,
}

/// The schema as the checks see it.
#[derive(Debug)]
pub struct Types {
    fields: HashMap<String, HashMap<String, Field>>,
    inputs: HashMap<String, HashMap<String, Type>>,
    /// Name of the root of queries.
    pub query: &'static str,
    /// Name of the root of mutations.
    pub mutation: &'static str,
    /// Name of the root of subscriptions.
    pub subscription: &'static str,
}

impl Types {
    /// Reads a schema definition.
    ///
    /// # Errors
    /// When the text is none.
    pub fn read(sdl: &str) -> Result<Self, Error> {
        let document = parse_schema(sdl)?;
        let types: Vec<_> = document
            .definitions
            .iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(&definition.node),
                _ => None,
            })
            .collect();
        let mut nodes = HashSet::from([NODE]);
        let mut commands = HashSet::new();
        let mut inputs = HashMap::new();
        for definition in &types {
            match &definition.kind {
                TypeKind::Object(object)
                    if object.implements.iter().any(|interface| interface.node == NODE) =>
                {
                    nodes.insert(definition.name.node.as_str());
                }
                TypeKind::InputObject(input) => {
                    let fields: HashMap<String, Type> = input.fields.iter().map(argument).collect();
                    if fields.contains_key(IDEMPOTENCY_KEY) {
                        commands.insert(definition.name.node.as_str());
                    }
                    inputs.insert(definition.name.node.to_string(), fields);
                }
                _ => {}
            }
        }
        let mut fields = HashMap::new();
        for definition in &types {
            let of = match &definition.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => continue,
            };
            let owner = definition.name.node.as_str();
            let read = of
                .iter()
                .map(|field| {
                    (
                        field.node.name.node.to_string(),
                        read(&field.node, owner, &nodes, &commands),
                    )
                })
                .collect();
            fields.insert(owner.to_owned(), read);
        }
        Ok(Self {
            fields,
            inputs,
            query: "Query",
            mutation: "Mutation",
            subscription: "Subscription",
        })
    }

    /// The field `name` of the type `owner`, if there is one.
    pub fn field(&self, owner: &str, name: &str) -> Option<&Field> {
        self.fields.get(owner)?.get(name)
    }

    /// The fields of the input object `name`, if there is one.
    pub fn input(&self, name: &str) -> Option<&HashMap<String, Type>> {
        self.inputs.get(name)
    }
}

/// Rows of a page count whatever they are: a line of the books has no object of its own to go back to, and is loaded all the same.
fn is_row(owner: &str, field: &FieldDefinition) -> bool {
    let name = field.name.node.as_str();
    owner.ends_with("Connection") && name == "nodes" || owner.ends_with("Edge") && name == "node"
}

fn argument(argument: &Positioned<InputValueDefinition>) -> (String, Type) {
    (argument.node.name.node.to_string(), argument.node.ty.node.clone())
}

fn read(field: &FieldDefinition, owner: &str, nodes: &HashSet<&str>, commands: &HashSet<&str>) -> Field {
    let (of, list) = base(&field.ty.node);
    let kind = if of.ends_with("Connection") {
        Kind::Connection
    } else if field.name.node == "totalCount" {
        Kind::TotalCount
    } else if nodes.contains(of) || is_row(owner, field) {
        Kind::Node
    } else {
        Kind::Part
    };
    let deprecated = field
        .directives
        .iter()
        .any(|directive| directive.node.name.node == "deprecated");
    Field {
        of: of.to_owned(),
        kind,
        list,
        moves_money: field
            .arguments
            .iter()
            .any(|argument| commands.contains(base(&argument.node.ty.node).0)),
        deprecated: deprecated.then(|| format!("{owner}.{}", field.name.node)),
        arguments: field.arguments.iter().map(argument).collect(),
    }
}

/// The name inside lists and non-nulls, and whether there was a list.
fn base(of: &Type) -> (&str, bool) {
    match &of.base {
        BaseType::Named(name) => (name.as_str(), false),
        BaseType::List(item) => (base(item).0, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_served_schema_is_understood() {
        let types = Types::read(&crate::graphql::sdl()).unwrap();
        let field = |owner: &str, name: &str| types.field(owner, name).unwrap();
        assert_eq!(field("Query", "payments").kind, Kind::Connection);
        assert_eq!(field("Query", "payments").of, "PaymentConnection");
        assert_eq!(field("PaymentConnection", "totalCount").kind, Kind::TotalCount);
        assert_eq!(field("PaymentConnection", "nodes").kind, Kind::Node);
        assert!(field("PaymentConnection", "nodes").list);
        assert_eq!(field("PaymentEdge", "node").kind, Kind::Node);
        assert_eq!(field("Payment", "amount").kind, Kind::Part);
        assert_eq!(field("Payment", "card").kind, Kind::Node);
        assert_eq!(field("Query", "node").kind, Kind::Node);
        assert_eq!(field("LedgerEntryConnection", "nodes").kind, Kind::Node);
        assert_eq!(field("LedgerEntryEdge", "node").kind, Kind::Node);
        for command in [
            "paymentAuthorize",
            "paymentSale",
            "paymentCapture",
            "paymentVoid",
            "paymentRefund",
            "intentCreate",
            "intentConfirm",
            "paymentLinkCreate",
        ] {
            assert!(field("Mutation", command).moves_money, "{command}");
        }
        for command in ["merchantCreate", "intentCancel", "promoCodeCreate"] {
            assert!(!field("Mutation", command).moves_money, "{command}");
        }
        assert_eq!(field("PaymentLink", "intents").kind, Kind::Connection);
        assert_eq!(field("Intent", "attempts").kind, Kind::Node);
        assert!(types.field("Query", "nothing").is_none() && types.field("Nothing", "id").is_none());
    }

    #[test]
    fn deprecated_fields_are_known_by_their_place() {
        let sdl = "type Query { old: String @deprecated(reason: \"Use new.\") new: String }";
        let types = Types::read(sdl).unwrap();
        assert_eq!(
            types.field("Query", "old").unwrap().deprecated.as_deref(),
            Some("Query.old")
        );
        assert_eq!(types.field("Query", "new").unwrap().deprecated, None);
    }
}
