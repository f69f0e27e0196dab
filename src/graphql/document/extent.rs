//! How much a document holds, and how much it selects once its fragments stand in their places.
//!
//! Invariant: every part of the text is looked at once, and every fragment is measured once. The library's own checks walk into a
//! fragment at each of its spreads: thirty small fragments that each spread the next one twice would keep a processor busy for
//! hours before any limit answered.

use super::excess::Excess;
use super::{
    DEEPEST_NESTING, MOST_ALIASES, MOST_DIRECTIVES, MOST_DIRECTIVES_IN_ONE_PLACE, MOST_FRAGMENTS,
    MOST_OPERATIONS, MOST_SELECTIONS,
};
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned};
use std::collections::HashMap;

/// Checks everything that needs no schema.
///
/// # Errors
/// The first limit that is passed.
pub fn check(document: &ExecutableDocument) -> Result<(), Excess> {
    if document.operations.iter().len() > MOST_OPERATIONS {
        return Err(Excess::Operations);
    }
    if document.fragments.len() > MOST_FRAGMENTS {
        return Err(Excess::Fragments);
    }
    let mut census = Census::default();
    for (_, operation) in document.operations.iter() {
        census.directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            census.directives(&variable.node.directives)?;
        }
        census.selections(&operation.node.selection_set.node)?;
    }
    for fragment in document.fragments.values() {
        census.directives(&fragment.node.directives)?;
        census.selections(&fragment.node.selection_set.node)?;
    }
    expanded(document)
}

/// Counts what the text holds. It is as deep as the text nests, which the lexer has bounded.
#[derive(Default)]
struct Census {
    aliases: usize,
    directives: usize,
}

impl Census {
    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Excess> {
        self.directives += directives.len();
        if self.directives > MOST_DIRECTIVES || directives.len() > MOST_DIRECTIVES_IN_ONE_PLACE {
            return Err(Excess::Directives);
        }
        Ok(())
    }

    fn selections(&mut self, selection: &SelectionSet) -> Result<(), Excess> {
        for item in &selection.items {
            self.directives(item.node.directives())?;
            match &item.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    if self.aliases > MOST_ALIASES {
                        return Err(Excess::Aliases);
                    }
                    self.selections(&field.node.selection_set.node)?;
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }
}

/// How much a selection is.
#[derive(Clone, Copy)]
struct Extent {
    selections: usize,
    depth: usize,
}

const NOTHING: Extent = Extent {
    selections: 0,
    depth: 0,
};
const TOO_DEEP: Extent = Extent {
    selections: 0,
    depth: usize::MAX,
};

fn expanded(document: &ExecutableDocument) -> Result<(), Excess> {
    let mut measure = Measure {
        document,
        known: HashMap::new(),
    };
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let extent = measure.of(&operation.node.selection_set.node, 0);
        selections = selections.saturating_add(extent.selections);
        if extent.depth > DEEPEST_NESTING {
            return Err(Excess::Nesting);
        }
        if selections > MOST_SELECTIONS {
            return Err(Excess::Selections);
        }
    }
    // Validation walks through fragments that no operation uses as well.
    let deep = document
        .fragments
        .keys()
        .any(|name| measure.of_fragment(name, 0).depth > DEEPEST_NESTING);
    if deep { Err(Excess::Nesting) } else { Ok(()) }
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    known: HashMap<&'d Name, Extent>,
}

impl<'d> Measure<'d> {
    /// The extent of a selection `level` levels below where measuring began; no deeper than is worth knowing.
    fn of(&mut self, selection: &'d SelectionSet, level: usize) -> Extent {
        if level > DEEPEST_NESTING {
            return TOO_DEEP;
        }
        selection.items.iter().fold(NOTHING, |sum, item| {
            let below = match &item.node {
                Selection::Field(field) => self.of(&field.node.selection_set.node, level + 1),
                Selection::InlineFragment(fragment) => self.of(&fragment.node.selection_set.node, level + 1),
                Selection::FragmentSpread(spread) => {
                    self.of_fragment(&spread.node.fragment_name.node, level + 1)
                }
            };
            Extent {
                selections: sum.selections.saturating_add(below.selections).saturating_add(1),
                depth: sum.depth.max(below.depth.saturating_add(1)),
            }
        })
    }

    fn of_fragment(&mut self, name: &Name, level: usize) -> Extent {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return NOTHING;
        };
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        // A fragment that spreads itself comes here again and counts nothing; validation refuses it.
        self.known.insert(name, NOTHING);
        let extent = self.of(&fragment.node.selection_set.node, level);
        self.known.insert(name, extent);
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    fn is_too_much(document: &ExecutableDocument) -> bool {
        expanded(document).is_err()
    }

    /// `count` fragments, each of which spreads the next `times`; the first is spread by the operation if it is `used`.
    fn chain(count: usize, times: usize, used: bool) -> ExecutableDocument {
        let mut text = if used {
            "{ ...F0 }".to_owned()
        } else {
            "{ a }".to_owned()
        };
        for n in 0..count {
            let spreads = format!("...F{} ", n + 1).repeat(times);
            text.push_str(&format!(" fragment F{n} on Query {{ {spreads} }}"));
        }
        text.push_str(&format!(" fragment F{count} on Query {{ a }}"));
        parse_query(text).unwrap()
    }

    #[test]
    fn what_grows_by_spreading_is_found_without_walking_it() {
        assert!(!is_too_much(&chain(8, 2, true)));
        assert!(is_too_much(&chain(12, 2, true)));
        assert!(is_too_much(&chain(40, 30, true)));
        assert!(!is_too_much(&chain(40, 30, false)), "nobody selects it");
    }

    #[test]
    fn a_long_chain_is_too_deep_used_or_not() {
        for used in [true, false] {
            assert!(!is_too_much(&chain(40, 1, used)));
            assert!(is_too_much(&chain(60, 1, used)));
            assert!(is_too_much(&chain(5_000, 1, used)));
        }
    }

    #[test]
    fn many_operations_count_together() {
        let fields = "a ".repeat(100);
        let operations = |count| {
            (0..count)
                .map(|n| format!("query Q{n} {{ {fields} }}"))
                .collect::<String>()
        };
        assert!(!is_too_much(&parse_query(operations(50)).unwrap()));
        assert!(is_too_much(&parse_query(operations(51)).unwrap()));
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_left_to_validation() {
        let circle = "{ ...F } fragment F on Query { ...G } fragment G on Query { a ...F ...F }";
        assert!(!is_too_much(&parse_query(circle).unwrap()));
    }

    #[test]
    fn what_the_text_holds_is_counted_once_wherever_it_stands() {
        let checked = |text: String| check(&parse_query(text).unwrap());
        let many = |count: usize, part: &str| {
            (0..count)
                .map(|n| part.replace('#', &n.to_string()))
                .collect::<String>()
        };
        for (limit, excess, text) in [
            (
                MOST_OPERATIONS,
                Excess::Operations,
                &(|n| many(n, "query Q# { a } ")) as &dyn Fn(usize) -> String,
            ),
            (MOST_FRAGMENTS, Excess::Fragments, &|n| {
                format!("{{ a }} {}", many(n, "fragment F# on Query { a } "))
            }),
            (MOST_ALIASES, Excess::Aliases, &|n| {
                format!(
                    "{{ ...F b {{ {} }} }} fragment F on Query {{ x: a }}",
                    many(n - 1, "a#: a ")
                )
            }),
            (MOST_DIRECTIVES, Excess::Directives, &|n| {
                format!(
                    "query($v: Int @d) {{ ...F }} fragment F on Query {{ {} }}",
                    many(n - 1, "a @d ")
                )
            }),
            (MOST_DIRECTIVES_IN_ONE_PLACE, Excess::Directives, &|n| {
                format!("{{ ... {} {{ a }} }}", many(n, "@d "))
            }),
        ] {
            assert_eq!(checked(text(limit)), Ok(()), "{excess:?}");
            assert_eq!(checked(text(limit + 1)), Err(excess));
        }
    }
}
