//! The schema as a list of questions that ask for everything.

use super::kit::Kit;
use crate::schema::{base, fields, inputs, types};
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many objects lie inside each other in a question.
const DEPTH: usize = 4;

/// A question or command about one root field, with all that lies below it.
#[derive(Clone, Debug)]
pub struct Question {
    /// As the table of scopes calls it: `payments`, `node(Card)`.
    pub name: String,
    /// The root field.
    pub field: String,
    /// Whether it is a command.
    pub command: bool,
    /// The document.
    pub text: String,
    /// Its variables.
    pub variables: Value,
}

/// The schema.
pub struct Surface {
    types: BTreeMap<String, TypeDefinition>,
}

/// A field of `Query` or `Mutation`.
struct Root<'a> {
    owner: &'a str,
    field: &'a FieldDefinition,
    /// For `node` and `nodes`: the type of the object that is asked for.
    kind: Option<&'a str>,
}

impl Root<'_> {
    fn name(&self) -> String {
        let field = self.field.name.node.as_str();
        self.kind
            .map_or_else(|| field.to_owned(), |kind| format!("{field}({kind})"))
    }
}

impl Surface {
    /// The schema of this build.
    pub fn read() -> Self {
        Self { types: types() }
    }

    /// The types that have an id of their own.
    pub fn nodes(&self) -> Vec<&str> {
        let node = |(name, definition): (&'_ String, &TypeDefinition)| match &definition.kind {
            TypeKind::Object(object) => object
                .implements
                .iter()
                .any(|interface| interface.node == "Node")
                .then_some(name.clone()),
            _ => None,
        };
        let names: BTreeSet<String> = self.types.iter().filter_map(node).collect();
        self.types
            .keys()
            .map(String::as_str)
            .filter(|name| names.contains(*name))
            .collect()
    }

    fn roots(&self) -> Vec<Root<'_>> {
        let mut roots = Vec::new();
        for owner in ["Query", "Mutation"] {
            for field in fields(&self.types[owner]) {
                let field = &field.node;
                if base(&field.ty.node) == "Node" {
                    let kinds = self.nodes().into_iter();
                    roots.extend(kinds.map(|kind| Root {
                        owner,
                        field,
                        kind: Some(kind),
                    }));
                } else {
                    roots.push(Root {
                        owner,
                        field,
                        kind: None,
                    });
                }
            }
        }
        // It ends the session that asks.
        roots.sort_by_key(|root| root.field.name.node == "sessionRevoke");
        roots
    }

    /// The names of all root fields, as the table has them.
    pub fn names(&self) -> BTreeSet<String> {
        self.roots().iter().map(Root::name).collect()
    }

    /// All fields below the roots: `Payment.card`.
    pub fn below(&self) -> BTreeSet<String> {
        let mut below = BTreeSet::new();
        for (name, definition) in &self.types {
            // What is followed and not asked for is walked by `tests/it/live`.
            let followed = name == "Subscription" || name.ends_with("Envelope") || name.ends_with("Update");
            if matches!(definition.kind, TypeKind::Object(_))
                && name != "Query"
                && name != "Mutation"
                && !followed
            {
                let names = fields(definition).iter();
                below.extend(names.map(|field| format!("{name}.{}", field.node.name.node)));
            }
        }
        below
    }

    /// One question for each root field, about the objects of `kit`; `asked` gathers what lies below.
    pub fn questions(&self, kit: &Kit, asked: &mut BTreeSet<String>) -> Vec<Question> {
        let mut all: Vec<Question> = self
            .roots()
            .iter()
            .map(|root| self.question(root, kit, &BTreeMap::new(), asked))
            .collect();
        all.insert(
            0,
            Question {
                name: "__typename".to_owned(),
                field: "__typename".to_owned(),
                command: false,
                text: "{ __typename }".to_owned(),
                variables: json!({}),
            },
        );
        all
    }

    /// One question for each place of each root field where a value of `type` is taken whose place `wanted` likes, with `value` there.
    pub fn with(&self, kit: &Kit, r#type: &str, value: &str, wanted: impl Fn(&str) -> bool) -> Vec<Question> {
        let mut all = Vec::new();
        for root in self.roots() {
            for (place, list) in self.places(&root, r#type) {
                if wanted(&place) {
                    let value = if list { json!([value]) } else { json!(value) };
                    let own = BTreeMap::from([(place, value)]);
                    all.push(self.question(&root, kit, &own, &mut BTreeSet::new()));
                }
            }
        }
        all
    }

    /// Places of a root field that take a value of a type: `Query.payment(id)`, `CredentialFilter.merchantId`; and whether as a list.
    fn places(&self, root: &Root<'_>, r#type: &str) -> Vec<(String, bool)> {
        let mut places = Vec::new();
        for argument in &root.field.arguments {
            let place = argument_place(root, &argument.node);
            self.places_in(place, &argument.node.ty.node, r#type, &mut places);
        }
        places
    }

    fn places_in(&self, place: String, kind: &Type, wanted: &str, places: &mut Vec<(String, bool)>) {
        let name = base(kind);
        if name == wanted {
            places.push((place, matches!(kind.base, BaseType::List(_))));
        } else if let Some(definition) = self.types.get(name) {
            for field in inputs(definition) {
                let place = format!("{name}.{}", field.node.name.node);
                self.places_in(place, &field.node.ty.node, wanted, places);
            }
        }
    }

    fn question(
        &self,
        root: &Root<'_>,
        kit: &Kit,
        own: &BTreeMap<String, Value>,
        asked: &mut BTreeSet<String>,
    ) -> Question {
        let field = root.field.name.node.as_str();
        let (mut declared, mut passed, mut variables) = (Vec::new(), Vec::new(), Map::new());
        for argument in &root.field.arguments {
            let (name, kind) = (argument.node.name.node.as_str(), &argument.node.ty.node);
            let place = argument_place(root, &argument.node);
            let value = match (own.get(&place), root.kind) {
                (Some(value), _) => Some(value.clone()),
                (None, Some(kind)) => Some(kit.node(field, kind)),
                (None, None) => self.value(&place, &argument.node, kit, own),
            };
            if let Some(value) = value {
                declared.push(format!("${name}: {kind}"));
                passed.push(format!("{name}: ${name}"));
                variables.insert(name.to_owned(), value);
            }
        }
        let open = |parts: Vec<String>| match parts.is_empty() {
            true => String::new(),
            false => format!("({})", parts.join(", ")),
        };
        let selection = match root.kind {
            Some(kind) => format!(
                "{{ __typename id ... on {kind} {} }}",
                self.selection(kind, DEPTH - 1, &mut Vec::new(), asked)
            ),
            None => self.selection(base(&root.field.ty.node), DEPTH, &mut Vec::new(), asked),
        };
        let command = root.owner == "Mutation";
        let word = if command { "mutation" } else { "query" };
        let text = format!(
            "{word} {} {{ {field}{} {selection} }}",
            open(declared),
            open(passed)
        );
        Question {
            name: root.name(),
            field: field.to_owned(),
            command,
            text,
            variables: variables.into(),
        }
    }

    /// What a place is given: what the kit says, an input object with all it must have, or nothing.
    fn value(
        &self,
        place: &str,
        input: &InputValueDefinition,
        kit: &Kit,
        own: &BTreeMap<String, Value>,
    ) -> Option<Value> {
        if let Some(value) = own.get(place).cloned().or_else(|| kit.value(place)) {
            return Some(value);
        }
        let kind = &input.ty.node;
        let required = !kind.nullable && input.default_value.is_none();
        let name = base(kind);
        let parts = self.types.get(name).map(inputs).filter(|parts| !parts.is_empty());
        let wanted = parts.is_some_and(|_| own.keys().any(|place| place.starts_with(&format!("{name}."))));
        let Some(parts) = parts.filter(|_| required || wanted) else {
            assert!(
                !required,
                "say in the kit of the schema walk what is given to {place}"
            );
            return None;
        };
        let mut object = Map::new();
        for part in parts {
            let field = part.node.name.node.as_str();
            if let Some(value) = self.value(&format!("{name}.{field}"), &part.node, kit, own) {
                object.insert(field.to_owned(), value);
            }
        }
        Some(object.into())
    }

    /// Everything that a type shows. Inside itself it shows no objects: a payment's operation its payment, but not that one's operations.
    fn selection(
        &self,
        name: &str,
        depth: usize,
        open: &mut Vec<String>,
        asked: &mut BTreeSet<String>,
    ) -> String {
        let mut parts = Vec::new();
        let Some(definition) = self.types.get(name).filter(|of| !fields(of).is_empty()) else {
            return String::new();
        };
        let depth = if open.iter().any(|outer| outer == name) {
            0
        } else {
            depth
        };
        open.push(name.to_owned());
        for field in fields(definition) {
            let (word, inner) = (&field.node.name.node, base(&field.node.ty.node));
            // A list that pages is asked for its first row; no other field below the root takes arguments.
            let pages = field
                .node
                .arguments
                .iter()
                .any(|argument| argument.node.name.node == "first");
            assert!(
                pages || field.node.arguments.is_empty(),
                "{name}.{word} takes arguments: teach the schema walk to give them"
            );
            let first = if pages { "(first: 1)" } else { "" };
            let is_object = self.types.get(inner).is_some_and(|of| !fields(of).is_empty());
            if is_object && depth == 0 {
                continue;
            }
            asked.insert(format!("{name}.{word}"));
            parts.push(match is_object {
                true => format!("{word}{first} {}", self.selection(inner, depth - 1, open, asked)),
                false => word.to_string(),
            });
        }
        open.pop();
        // What has nothing but objects still shows what it is.
        parts.push("__typename".to_owned());
        format!("{{ {} }}", parts.join(" "))
    }
}

fn argument_place(root: &Root<'_>, argument: &InputValueDefinition) -> String {
    format!("{}.{}({})", root.owner, root.field.name.node, argument.name.node)
}
