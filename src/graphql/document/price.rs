//! What an operation costs: an upper bound before it runs, and what it came to.
//!
//! Invariant: no arithmetic here can wrap, whatever a client writes for `first`; and the bound is computed from the same fields as
//! what is charged in the end, so the two can be compared. Directives are not followed: `@skip` makes the bound higher than the
//! charge, never lower.
//!
//! The rules (`reference/graphql.md` 2.12): 1 for each object with an id, nothing for its parts, 2 for a connection beside its
//! rows, 5 for a `totalCount`, 10 for a mutation, 100 for introspection. Why parts are free: `docs/decisions/0006-cost-and-limits.md`.

use async_graphql::{Name, Value as Constant, Variables};
use std::collections::HashMap;

/// A connection beside its rows.
pub const CONNECTION: u64 = 2;
/// Counting all rows of a list.
pub const TOTAL_COUNT: u64 = 5;
/// One command.
pub const MUTATION: u64 = 10;
/// Reading the schema.
pub const INTROSPECTION: u64 = 100;
/// Largest page.
const PAGE: u64 = 100;
/// How many objects a list without arguments is taken to hold: what is charged in the end is what it held.
const USUAL_LIST: u64 = 5;
/// How many objects a list without arguments may hold.
const LONGEST_LIST: u64 = 50;
/// Where counting ends: far above every limit, and far below where a sum could wrap.
const CEILING: u64 = 1_000_000_000;

/// What an operation costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Points.
    pub points: u64,
    /// Objects with an id, at most.
    pub nodes: u64,
}

/// How often the objects of a field come.
#[derive(Debug)]
pub enum Times {
    /// Once.
    Once,
    /// As often as the connection around it has rows.
    Rows,
    /// A list without arguments.
    List,
    /// As many as ids were given.
    Argument(Size),
}

/// A number that an argument gives.
#[derive(Debug)]
pub enum Size {
    /// As the document says; null gives none.
    Literal(Option<u64>),
    /// As a variable says.
    Variable {
        /// Its name.
        name: Name,
        /// What it gives when it is missing.
        default: Option<u64>,
    },
}

/// A field of the plan.
#[derive(Debug)]
pub struct Step {
    /// Under which it is answered.
    pub key: Name,
    /// Points for the field itself, however many objects it gives.
    pub own: u64,
    /// Points, and nodes, for each object it gives.
    pub each: u64,
    /// How often they come.
    pub times: Times,
    /// Rows of the connection that it is.
    pub rows: Option<Vec<Size>>,
    /// The fields of each object.
    pub steps: Vec<Step>,
}

/// A key of the answer: what the fields under it come to. Fields with one key are run each for itself and answered together.
#[derive(Debug)]
pub struct Key {
    name: Name,
    own: u64,
    each: u64,
    keys: Vec<Key>,
}

/// The number that a value gives: itself, or how many items it has; none for null.
pub fn count(value: &Constant) -> Option<u64> {
    Some(match value {
        Constant::Null => return None,
        // Less than nothing is nothing, and a fraction is refused by validation.
        Constant::Number(number) => number.as_u64().unwrap_or(0).min(CEILING),
        Constant::List(items) => u64::try_from(items.len()).unwrap_or(CEILING),
        _ => 1,
    })
}

impl Size {
    fn with(&self, variables: &Variables) -> Option<u64> {
        match self {
            Self::Literal(number) => *number,
            Self::Variable { name, default } => match variables.get(name) {
                None => *default,
                Some(value) => count(value),
            },
        }
    }
}

/// How many rows a page has at most; a full page where no number is given, which the resolver refuses.
fn rows_of(sizes: &[Size], variables: &Variables) -> u64 {
    let given = sizes.iter().filter_map(|size| size.with(variables)).max();
    given.unwrap_or(PAGE)
}

fn times(factor: u64, cost: u64) -> u64 {
    factor.saturating_mul(cost).min(CEILING)
}

fn plus(one: u64, other: u64) -> u64 {
    one.saturating_add(other).min(CEILING)
}

/// What `steps` cost at most; `rows` are those of the connection around them.
pub fn bound(steps: &[Step], variables: &Variables, rows: u64) -> Cost {
    steps.iter().fold(Cost::default(), |sum, step| {
        let within = step.rows.as_ref().map_or(1, |sizes| rows_of(sizes, variables));
        let below = bound(&step.steps, variables, within);
        let (usual, most) = match &step.times {
            Times::Once => (1, 1),
            Times::Rows => (rows, rows),
            Times::List => (USUAL_LIST, LONGEST_LIST),
            Times::Argument(size) => {
                let size = size.with(variables).unwrap_or(0);
                (size, size)
            }
        };
        let points = plus(step.own, times(usual, plus(step.each, below.points)));
        let nodes = times(most, plus(step.each, below.nodes));
        Cost {
            points: plus(sum.points, points),
            nodes: plus(sum.nodes, nodes),
        }
    })
}

/// The keys under which `steps` are answered.
pub fn merged(steps: &[&Step]) -> Vec<Key> {
    let mut places: HashMap<&Name, usize> = HashMap::new();
    let mut groups: Vec<(&Name, Vec<&Step>)> = Vec::new();
    for step in steps {
        let place = *places.entry(&step.key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(step),
            None => groups.push((&step.key, vec![step])),
        }
    }
    let key = |(name, group): (&Name, Vec<&Step>)| {
        let below: Vec<&Step> = group.iter().flat_map(|step| &step.steps).collect();
        Key {
            name: name.clone(),
            own: group.iter().map(|step| step.own).max().unwrap_or(0),
            each: group.iter().map(|step| step.each).max().unwrap_or(0),
            keys: merged(&below),
        }
    };
    groups.into_iter().map(key).collect()
}

/// What the answer came to.
pub fn charge(keys: &[Key], data: &Constant) -> u64 {
    let Constant::Object(fields) = data else { return 0 };
    keys.iter().fold(0, |sum, key| match fields.get(&key.name) {
        None => sum,
        Some(value) => plus(sum, plus(key.own, objects(key, value))),
    })
}

/// What the objects that a field gave come to.
fn objects(key: &Key, value: &Constant) -> u64 {
    match value {
        Constant::List(items) => items.iter().fold(0, |sum, item| plus(sum, objects(key, item))),
        Constant::Object(_) => plus(key.each, charge(&key.keys, value)),
        _ => 0,
    }
}
