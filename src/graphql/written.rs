//! Pages that are written at once.
//!
//! Invariant: which way a page goes cannot be told from the answer. What a plan cannot do, because a field has to be loaded or
//! carries a directive, goes the library's way as a whole; so does a page whose key the library would have to merge with another.

use super::plain::{Out, Plain, PlainObject, Selected, WriteField, list};
use super::rate_limit::Tally;
use async_graphql::connection::{Connection, CursorType, Edge, EmptyFields, PageInfo};
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::{
    Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use std::borrow::Cow;
use std::sync::Arc;

/// The key under which the library takes a text as JSON that is already written.
const WRITTEN: &str = "$serde_json::private::RawValue";

impl PlainObject for PageInfo {
    fn type_name() -> Cow<'static, str> {
        <Self as OutputType>::type_name()
    }

    fn field(name: &str, _: &Selected<'_>) -> Option<WriteField<Self>> {
        Some(match name {
            "hasPreviousPage" => Box::new(|page, out| page.has_previous_page.write(&(), out)),
            "hasNextPage" => Box::new(|page, out| page.has_next_page.write(&(), out)),
            "startCursor" => Box::new(|page, out| page.start_cursor.write(&(), out)),
            "endCursor" => Box::new(|page, out| page.end_cursor.write(&(), out)),
            _ => return None,
        })
    }
}

type Row<C, N> = Edge<C, N, EmptyFields>;

impl<C, N> PlainObject for Row<C, N>
where
    C: CursorType + Send + Sync,
    N: OutputType + Plain,
    N::Plan: 'static,
{
    fn type_name() -> Cow<'static, str> {
        <Self as OutputType>::type_name()
    }

    fn field(name: &str, selected: &Selected<'_>) -> Option<WriteField<Self>> {
        Some(match name {
            "cursor" => Box::new(|edge, out| edge.cursor.encode_cursor().write(&(), out)),
            "node" => {
                let plan = N::plan(selected)?;
                Box::new(move |edge, out| edge.node.write(&plan, out))
            }
            _ => return None,
        })
    }
}

impl<C, N, F> PlainObject for Connection<C, N, F>
where
    C: CursorType + Send + Sync + 'static,
    N: OutputType + Plain + 'static,
    N::Plan: 'static,
    F: ObjectType,
{
    fn type_name() -> Cow<'static, str> {
        <Self as OutputType>::type_name()
    }

    fn field(name: &str, selected: &Selected<'_>) -> Option<WriteField<Self>> {
        Some(match name {
            "nodes" => {
                let plan = N::plan(selected)?;
                Box::new(move |page, out| list(page.edges.iter().map(|edge| &edge.node), &plan, out))
            }
            "edges" => {
                let plan = selected.fields::<Row<C, N>>()?;
                Box::new(move |page, out| {
                    out.push('[');
                    for (index, edge) in page.edges.iter().enumerate() {
                        if index > 0 {
                            out.push(',');
                        }
                        plan.write(edge, out)?;
                    }
                    out.push(']');
                    Some(())
                })
            }
            "pageInfo" => {
                let plan = selected.fields::<PageInfo>()?;
                Box::new(move |page, out| plan.write(&page_info(page), out))
            }
            _ => return None,
        })
    }
}

fn page_info<C, N, F>(page: &Connection<C, N, F>) -> PageInfo
where
    C: CursorType + Send + Sync,
    N: OutputType,
    F: ObjectType,
{
    PageInfo {
        has_previous_page: page.has_previous_page,
        has_next_page: page.has_next_page,
        start_cursor: page.edges.first().map(|edge| edge.cursor.encode_cursor()),
        end_cursor: page.edges.last().map(|edge| edge.cursor.encode_cursor()),
    }
}

/// A page that is written at once where that is possible.
pub struct Written<T>(pub T);

impl<T: PlainObject + OutputType> OutputType for Written<T> {
    fn type_name() -> Cow<'static, str> {
        <T as OutputType>::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match written(ctx, &field.node, &self.0) {
            Some(value) => Ok(value),
            None => self.0.resolve(ctx, field).await,
        }
    }
}

fn written<T: PlainObject>(ctx: &ContextSelectionSet<'_>, field: &Field, object: &T) -> Option<Value> {
    if !stands_alone(ctx, field) {
        return None;
    }
    let plan = Selected::of(ctx).fields::<T>()?;
    let mut out = Out::new();
    plan.write(object, &mut out)?;
    let (text, objects) = out.finish();
    if let Some(tally) = ctx.data_opt::<Arc<Tally>>() {
        tally.add(objects);
    }
    Some(Value::Object(
        [(Name::new(WRITTEN), Value::String(text))].into_iter().collect(),
    ))
}

/// Whether a page of this field will be written at once, if it holds what is asked.
pub fn at_once<T: PlainObject>(ctx: &Context<'_>) -> bool {
    let set = ctx.with_selection_set(&ctx.item.node.selection_set);
    stands_alone(&set, &ctx.item.node) && Selected::of(&set).fields::<T>().is_some()
}

/// Whether nothing else is answered under the same key: the library merges what is, and cannot look into a text.
fn stands_alone(ctx: &ContextSelectionSet<'_>, field: &Field) -> bool {
    let at_the_root = ctx.path_node.is_some_and(|path| path.parent.is_none());
    let key = &field.response_key().node;
    let mut same = 0;
    for item in &ctx.query_env.operation.node.selection_set.node.items {
        match &item.node {
            Selection::Field(other) => same += usize::from(other.node.response_key().node == *key),
            Selection::InlineFragment(_) | Selection::FragmentSpread(_) => return false,
        }
    }
    at_the_root && same == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::plain::plain;
    use async_graphql::{Description, EmptyMutation, EmptySubscription, Object, Schema};

    /// A part.
    #[derive(Description, Clone, Copy)]
    struct Part(i32);

    plain! {
        Part as this {
            /// How large.
            how_large: i32 = this.0;
            /// What it is called.
            name: Option<&str> = (this.0 > 1).then_some("\"large\"\n\u{1}ü");
        }
    }

    /// A whole.
    #[derive(Description, Clone, Copy)]
    struct Whole(i32, Option<[Part; 2]>);

    plain! {
        Whole as this {
            /// Whether it is good.
            good: bool = this.0 > 0;
            /// Its best part.
            best: Part = Part(this.0);
        }
        loaded {
            /// Its parts.
            async fn parts(&self) -> Vec<Part> {
                self.1.unwrap_or([Part(7), Part(8)]).to_vec()
            }
        }
        held {
            parts: [Part] = this.1.as_ref().map(|parts| parts.as_slice());
        }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn page(&self, held: bool) -> Written<Connection<i32, Whole>> {
            let mut page = Connection::new(false, true);
            let parts = held.then_some([Part(1), Part(2)]);
            page.edges = vec![Edge::new(1, Whole(1, parts)), Edge::new(2, Whole(0, parts))];
            Written(page)
        }
    }

    /// Whether the page of `query` is written at once, and what it says.
    async fn ask(query: &str) -> (bool, String) {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let answer = schema.execute(query).await;
        assert!(answer.errors.is_empty(), "{query}: {:?}", answer.errors);
        let text = serde_json::to_string(&answer.data).unwrap();
        let Value::Object(data) = answer.data else {
            panic!("{text}")
        };
        let at_once = data
            .values()
            .any(|page| matches!(page, Value::Object(page) if page.contains_key(WRITTEN)));
        (at_once, text)
    }

    #[tokio::test]
    async fn what_is_held_is_written_at_once_and_says_the_same() {
        for asked in [
            "nodes { good best { howLarge name } parts { name howLarge } }",
            "edges { cursor node { good } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }",
            "n: nodes { x: good y: best { z: name } best { howLarge } best { name } __typename }",
            "nodes { ...F ... on Whole { best { name } } ... { good } } __typename",
            "nodes { good @skip(if: true) best @include(if: true) { name } }",
        ] {
            let fragment = if asked.contains("...F") {
                "fragment F on Whole { parts { howLarge } best { howLarge } }"
            } else {
                ""
            };
            let field = format!("page(held: true) {{ {asked} }}");
            let (at_once, text) = ask(&format!("{{ {field} }} {fragment}")).await;
            let (nested_at_once, nested) = ask(&format!("{{ ... on Query {{ {field} }} }} {fragment}")).await;
            assert!(at_once && !nested_at_once, "{asked}");
            assert_eq!(text, nested, "{asked}");
        }
    }

    #[tokio::test]
    async fn what_has_to_be_loaded_or_merged_goes_the_ordinary_way() {
        for query in [
            "{ page(held: false) { nodes { good parts { howLarge } } } }",
            "{ page(held: true) { nodes { good } } page(held: true) { nodes { best { name } } } }",
            "{ ...Q } fragment Q on Query { page(held: true) { nodes { good } } }",
        ] {
            let (at_once, text) = ask(query).await;
            assert!(!at_once, "{query}");
            assert!(text.contains(r#""nodes":[{"good":true"#), "{text}");
        }
        // Two pages under two keys have nothing to merge.
        let (at_once, text) =
            ask("{ a: page(held: true) { nodes { good } } b: page(held: true) { nodes { good } } }").await;
        assert!(at_once, "{text}");
        assert_eq!(
            text,
            r#"{"a":{"nodes":[{"good":true},{"good":false}]},"b":{"nodes":[{"good":true},{"good":false}]}}"#
        );
    }
}
