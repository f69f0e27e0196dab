//! An operation with its fragments in their places, as far as it matters before it runs.
//!
//! Invariant: building a plan takes time and memory in proportion to the fields of the operation, of which there are at most
//! [`MOST_SELECTIONS`]; what would be more is refused.

use super::excess::Excess;
use super::input::{Declared, misfit};
use super::price::{
    CONNECTION, Cost, INTROSPECTION, Key, MUTATION, Size, Step, TOTAL_COUNT, Times, bound, charge, count,
    merged,
};
use super::types::{Field, Kind, Types};
use super::{DEEPEST_SELECTION, MOST_COMMANDS, MOST_QUESTIONS, MOST_SELECTIONS};
use async_graphql::parser::types::{
    ExecutableDocument, Field as Selected, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value as Constant, Variables};
use async_graphql_value::Value;
use std::convert::Infallible;

/// The questions how far events and the request log have come.
const EVENT_CURSOR: &str = "eventCursor";
const REQUEST_CURSOR: &str = "apiRequestCursor";

/// One operation of a document, with its fragments in their places.
#[derive(Debug)]
pub struct Plan {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// Its name.
    pub name: Option<Name>,
    /// Whether it reads the schema.
    pub introspects: bool,
    /// Whether it asks for anything else.
    beyond_the_schema: bool,
    /// The variables that it declares.
    pub declared: Declared,
    /// Its fields at the root that move money.
    pub commands: u32,
    /// Deprecated fields that it selects, as `Type.field`.
    pub deprecated: Vec<String>,
    /// Whether it asks how far events have come.
    pub reads_event_cursor: bool,
    /// Whether it asks how far the request log has come.
    pub reads_request_cursor: bool,
    /// The variable that says after which place a subscription begins.
    after: Option<Name>,
    steps: Vec<Step>,
    keys: Vec<Key>,
}

/// Why an operation has no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPlan {
    /// It is too much of something.
    Excess(Excess),
    /// An argument in the text that its field does not take.
    Misfit(String),
    /// A mutation gives two of its fields one name in the answer: both would run, and one answer would be seen.
    Repeated(Name),
}

impl From<Excess> for NoPlan {
    fn from(excess: Excess) -> Self {
        Self::Excess(excess)
    }
}

impl Plan {
    /// Plans one operation of `document`.
    ///
    /// # Errors
    /// When it selects too much, too deep, or runs a mutation twice.
    pub fn of(
        document: &ExecutableDocument,
        name: Option<&Name>,
        operation: &OperationDefinition,
        types: &Types,
    ) -> Result<Self, NoPlan> {
        let root = match operation.ty {
            OperationType::Query => types.query,
            OperationType::Mutation => types.mutation,
            OperationType::Subscription => types.subscription,
        };
        let mut planner = Planner {
            document,
            operation,
            types,
            selected: 0,
            introspects: false,
            deprecated: Vec::new(),
        };
        let mut steps = Vec::new();
        let mut spreads = Vec::new();
        planner.select(&operation.selection_set.node, root, 1, &mut spreads, &mut steps)?;
        let (introspects, mut deprecated) = (planner.introspects, planner.deprecated);
        let mut names = Vec::new();
        root_fields(
            &operation.selection_set.node,
            document,
            &mut Vec::new(),
            &mut names,
        );
        deprecated.sort();
        deprecated.dedup();
        let mut commands = 0;
        let mut after = None;
        if operation.ty == OperationType::Mutation {
            commands = mutation(&mut steps, &names, types)?;
        } else if operation.ty == OperationType::Subscription {
            after = subscription(&operation.selection_set.node)?;
        } else if steps.len() > MOST_QUESTIONS {
            return Err(Excess::Questions.into());
        }
        let asks = |of: &str| names.iter().any(|name| name.as_str() == of);
        Ok(Self {
            kind: operation.ty,
            name: name.cloned(),
            introspects,
            // Names that begin so belong to the language itself.
            reads_event_cursor: asks(EVENT_CURSOR),
            reads_request_cursor: asks(REQUEST_CURSOR),
            after,
            beyond_the_schema: names.iter().any(|name| !name.starts_with("__")),
            declared: Declared::of(operation),
            commands,
            deprecated,
            keys: merged(&steps.iter().collect::<Vec<_>>()),
            steps,
        })
    }

    /// The variable that says after which place a subscription begins: what two subscriptions may differ in and still be the same.
    #[must_use]
    pub fn after_variable(&self) -> Option<&str> {
        self.after.as_ref().map(Name::as_str)
    }

    /// Whether it asks how far any log has come.
    #[must_use]
    pub const fn reads_a_cursor(&self) -> bool {
        self.reads_event_cursor || self.reads_request_cursor
    }

    /// Whether it asks about the schema and nothing else.
    #[must_use]
    pub const fn asks_about_the_schema_only(&self) -> bool {
        !self.beyond_the_schema
    }

    /// How many fields it selects, with fragments in their places.
    #[must_use]
    pub fn fields(&self) -> usize {
        fn all(steps: &[Step]) -> usize {
            steps.iter().map(|step| all(&step.steps).saturating_add(1)).sum()
        }
        all(&self.steps)
    }

    /// What it costs at most with these variables.
    #[must_use]
    pub fn bound(&self, variables: &Variables) -> Cost {
        bound(&self.steps, variables, 1)
    }

    /// What it came to, for this answer.
    #[must_use]
    pub fn charge(&self, data: &Constant) -> u64 {
        charge(&self.keys, data)
    }
}

/// A subscription follows one thing, and says so at its root: the library runs nothing that stands there in a fragment. Gives the variable of
/// its place.
fn subscription(root: &SelectionSet) -> Result<Option<Name>, NoPlan> {
    let [only] = root.items.as_slice() else {
        return Err(NoPlan::Misfit(
            "a subscription selects exactly one field at its root".to_owned(),
        ));
    };
    match &only.node {
        Selection::Field(field)
            if field.node.directives.is_empty() && !field.node.name.node.starts_with("__") =>
        {
            Ok(match field.node.get_argument("after").map(|value| &value.node) {
                Some(Value::Variable(name)) => Some(name.clone()),
                _ => None,
            })
        }
        _ => {
            let message = "a subscription names its field at its root, without a fragment or directive there";
            Err(NoPlan::Misfit(message.to_owned()))
        }
    }
}

/// Weighs the root of a mutation; gives how many of its fields move money.
fn mutation(steps: &mut [Step], names: &[&Name], types: &Types) -> Result<u32, NoPlan> {
    if steps.len() > MOST_COMMANDS {
        return Err(Excess::Commands.into());
    }
    let mut keys: Vec<&Name> = steps.iter().map(|step| &step.key).collect();
    keys.sort();
    if let Some(twice) = keys.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some((*one).clone()),
        _ => None,
    }) {
        return Err(NoPlan::Repeated(twice));
    }
    for step in steps.iter_mut() {
        step.own = step.own.saturating_add(MUTATION);
    }
    let moves_money = |name: &&&Name| {
        types
            .field(types.mutation, name)
            .is_some_and(|field| field.moves_money)
    };
    Ok(u32::try_from(names.iter().filter(moves_money).count()).unwrap_or(u32::MAX))
}

/// The names of the fields at the root, through fragments; there are as many as steps, which are few.
fn root_fields<'d>(
    selection: &'d SelectionSet,
    document: &'d ExecutableDocument,
    spreads: &mut Vec<&'d Name>,
    names: &mut Vec<&'d Name>,
) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => names.push(&field.node.name.node),
            Selection::InlineFragment(fragment) => {
                root_fields(&fragment.node.selection_set.node, document, spreads, names);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = document.fragments.get(name)
                    && !spreads.contains(&name)
                {
                    spreads.push(name);
                    root_fields(&fragment.node.selection_set.node, document, spreads, names);
                    spreads.pop();
                }
            }
        }
    }
}

struct Planner<'d> {
    document: &'d ExecutableDocument,
    operation: &'d OperationDefinition,
    types: &'d Types,
    selected: usize,
    introspects: bool,
    deprecated: Vec<String>,
}

impl<'d> Planner<'d> {
    /// Adds the fields of `selection` on the type `owner`, `depth` levels below the root; `spreads` are the fragments around it.
    fn select(
        &mut self,
        selection: &'d SelectionSet,
        owner: &str,
        depth: usize,
        spreads: &mut Vec<&'d Name>,
        steps: &mut Vec<Step>,
    ) -> Result<(), NoPlan> {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => steps.push(self.step(&field.node, owner, depth, spreads)?),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let owner = condition.map_or(owner, |condition| condition.node.on.node.as_str());
                    self.select(&fragment.node.selection_set.node, owner, depth, spreads, steps)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    // One that spreads itself is refused by validation, with better words.
                    if spreads.contains(&name) {
                        continue;
                    }
                    spreads.push(name);
                    let owner = fragment.node.type_condition.node.on.node.as_str();
                    self.select(&fragment.node.selection_set.node, owner, depth, spreads, steps)?;
                    spreads.pop();
                }
            }
        }
        Ok(())
    }

    fn step(
        &mut self,
        selected: &'d Selected,
        owner: &str,
        depth: usize,
        spreads: &mut Vec<&'d Name>,
    ) -> Result<Step, NoPlan> {
        self.selected += 1;
        if self.selected > MOST_SELECTIONS {
            return Err(Excess::Selections.into());
        }
        if depth > DEEPEST_SELECTION {
            return Err(Excess::Depth.into());
        }
        let name = &selected.name.node;
        let mut step = Step {
            key: selected.response_key().node.clone(),
            own: 0,
            each: 0,
            times: Times::Once,
            rows: None,
            steps: Vec::new(),
        };
        if name == "__schema" || name == "__type" {
            self.introspects = true;
            step.own = INTROSPECTION;
        }
        let field = self.types.field(owner, name);
        if let Some(field) = field {
            self.weigh(&mut step, field, selected, owner.ends_with("Connection"))?;
        }
        // What the schema does not describe, which is the schema itself, is counted without a type.
        let of = field.map_or("", |field| field.of.as_str());
        let mut steps = Vec::new();
        self.select(&selected.selection_set.node, of, depth + 1, spreads, &mut steps)?;
        step.steps = steps;
        Ok(step)
    }

    fn weigh(
        &mut self,
        step: &mut Step,
        field: &Field,
        selected: &Selected,
        in_connection: bool,
    ) -> Result<(), NoPlan> {
        self.deprecated.extend(field.deprecated.clone());
        for (name, value) in &selected.arguments {
            // A variable in it is looked at with its value.
            let constant = value
                .node
                .clone()
                .into_const_with(|_| Ok::<_, Infallible>(Constant::Null));
            if let (Some(of), Ok(constant)) = (field.arguments.get(name.node.as_str()), constant)
                && let Some(misfit) = misfit(self.types, of, &constant, &name.node)
            {
                return Err(NoPlan::Misfit(misfit));
            }
        }
        match field.kind {
            Kind::Part => {}
            Kind::Node => step.each = 1,
            Kind::Connection => {
                step.own = CONNECTION;
                step.rows = Some(self.page(selected));
            }
            Kind::TotalCount => step.own = TOTAL_COUNT,
        }
        if field.list {
            step.times = if in_connection {
                Times::Rows
            } else {
                match selected.get_argument("ids") {
                    Some(ids) => Times::Argument(self.size(&ids.node)),
                    None => Times::List,
                }
            };
        }
        Ok(())
    }

    /// How many rows a connection is asked for: `first` or `last`, which of them is for the variables to say.
    fn page(&self, selected: &Selected) -> Vec<Size> {
        let arguments = ["first", "last"].into_iter();
        arguments
            .filter_map(|name| selected.get_argument(name))
            .map(|value| self.size(&value.node))
            .collect()
    }

    fn size(&self, value: &Value) -> Size {
        match value {
            Value::Variable(name) => {
                let definition = self
                    .operation
                    .variable_definitions
                    .iter()
                    .find(|definition| definition.node.name.node == *name);
                let default = definition.and_then(|definition| definition.node.default_value.as_ref());
                Size::Variable {
                    name: name.clone(),
                    default: default.and_then(|value| count(&value.node)),
                }
            }
            Value::List(items) => Size::Literal(u64::try_from(items.len()).ok()),
            value => Size::Literal(value.clone().into_const().and_then(|value| count(&value))),
        }
    }
}
