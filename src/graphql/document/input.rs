//! Values that no argument takes, found before anything runs.
//!
//! Invariant: together with the library's validation, no value is refused in the middle of an operation: the second command of a
//! mutation does not fail over its input after the first one took money. The library leaves two holes that are closed here: a
//! required variable that is missing, and something else where an object is expected.

use super::types::Types;
use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Name, Value as Constant, Variables};

/// Longest text in a value, in bytes; what each field takes is usually less.
const LONGEST_TEXT: usize = 4 * 1024;
/// Longest list in a value; what each field takes may be less.
const LONGEST_LIST: usize = 1_000;

/// The variables that an operation declares.
#[derive(Debug)]
pub struct Declared(Vec<Declaration>);

#[derive(Debug)]
struct Declaration {
    name: Name,
    of: Type,
    has_default: bool,
}

impl Declared {
    /// Those of `operation`.
    pub fn of(operation: &OperationDefinition) -> Self {
        let declaration = |definition: &async_graphql::parser::types::VariableDefinition| Declaration {
            name: definition.name.node.clone(),
            of: definition.var_type.node.clone(),
            has_default: definition.default_value.is_some(),
        };
        let definitions = &operation.variable_definitions;
        Self(
            definitions
                .iter()
                .map(|definition| declaration(&definition.node))
                .collect(),
        )
    }

    /// Whether `given` can be used.
    ///
    /// # Errors
    /// Which one cannot, in words.
    pub fn check(&self, given: &Variables, types: &Types) -> Result<(), String> {
        for Declaration {
            name,
            of,
            has_default,
        } in &self.0
        {
            match given.get(name) {
                None if !of.nullable && !has_default => {
                    return Err(format!("the variable \"${name}\" of type \"{of}\" is required"));
                }
                Some(Constant::Null) if !of.nullable => {
                    return Err(format!(
                        "the variable \"${name}\" of type \"{of}\" must not be null"
                    ));
                }
                Some(value) => {
                    if let Some(place) = misfit(types, of, value, &format!("${name}")) {
                        return Err(place);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// The place in `value` at which an object of input is expected and something else stands, or at which a text or a list is too
/// long, in words. How deep a value nests is bounded by whoever read it.
pub fn misfit(types: &Types, of: &Type, value: &Constant, place: &str) -> Option<String> {
    match (&of.base, value) {
        (_, Constant::Null) => None,
        (_, Constant::String(text)) if text.len() > LONGEST_TEXT => {
            Some(format!("{place:?} is longer than {LONGEST_TEXT} bytes"))
        }
        (BaseType::List(_), Constant::List(items)) if items.len() > LONGEST_LIST => {
            Some(format!("{place:?} holds more than {LONGEST_LIST} items"))
        }
        (BaseType::List(item), Constant::List(items)) => items
            .iter()
            .enumerate()
            .find_map(|(n, value)| misfit(types, item, value, &format!("{place}[{n}]"))),
        (BaseType::List(item), value) => misfit(types, item, value, place),
        (BaseType::Named(name), value) => {
            let fields = types.input(name)?;
            let Constant::Object(given) = value else {
                return Some(format!("{place:?} must be an object of type \"{name}\""));
            };
            given.iter().find_map(|(key, value)| {
                let of = fields.get(key.as_str())?;
                misfit(types, of, value, &format!("{place}.{key}"))
            })
        }
    }
}
