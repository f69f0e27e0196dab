//! How much a document selects once its fragments stand in their places.
//!
//! Invariant: every fragment is measured once. The library's own checks walk into a fragment at each of its spreads: thirty small
//! fragments that each spread the next one twice would keep a processor busy for hours before any limit answered.

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use std::collections::HashMap;

/// Most selections of all operations of a document together.
const MOST: usize = 5_000;
/// Deepest selection, through all fragments.
const DEEPEST: usize = 48;

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
const TOO_MUCH: Extent = Extent {
    selections: usize::MAX,
    depth: usize::MAX,
};

/// Whether `document` selects more than any document that has a meaning here.
pub(super) fn is_too_much(document: &ExecutableDocument) -> bool {
    let mut measure = Measure {
        document,
        known: HashMap::new(),
    };
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set.node);
    let mut selections = 0_usize;
    for operation in operations {
        let extent = measure.of(operation, 0);
        selections = selections.saturating_add(extent.selections);
        if selections > MOST || extent.depth > DEEPEST {
            return true;
        }
    }
    // Validation walks through fragments that no operation uses as well.
    document
        .fragments
        .keys()
        .any(|name| measure.of_fragment(name, 0).depth > DEEPEST)
}

struct Measure<'d> {
    document: &'d ExecutableDocument,
    known: HashMap<&'d Name, Extent>,
}

impl<'d> Measure<'d> {
    /// The extent of a selection `level` levels below where measuring began; no deeper than is worth knowing.
    fn of(&mut self, selection: &'d SelectionSet, level: usize) -> Extent {
        if level > DEEPEST {
            return TOO_MUCH;
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
}
