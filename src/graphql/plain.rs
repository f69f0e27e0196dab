//! Objects that hold all that is asked of them, written straight as JSON text.
//!
//! The library makes a future for each field and a map for each object, and a page of fifty payments with their children has 1,600
//! fields. Whatever an object can answer by itself needs neither: here a selection is read once into a plan, and the plan writes
//! every object of the page. `written` says when that is done.
//!
//! Invariant: a field is described, typed and computed in one place, by [`plain!`], from which both ways are made. A plan computes
//! nothing of its own.

use async_graphql::ContextSelectionSet;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// What is being written, and how many objects with an id are in it: that is what a key is charged for, and nobody can count them
/// in a text afterwards.
#[derive(Default)]
pub struct Out {
    text: String,
    objects: u64,
}

impl Out {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            text: String::with_capacity(4 * 1024),
            objects: 0,
        }
    }

    /// The text, and how many objects with an id are in it.
    pub fn finish(self) -> (String, u64) {
        (self.text, self.objects)
    }
}

impl Deref for Out {
    type Target = String;

    fn deref(&self) -> &String {
        &self.text
    }
}

impl DerefMut for Out {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.text
    }
}

/// What can be written from what it holds.
pub trait Plain {
    /// What a selection asks of it, read once for all of its kind.
    type Plan;

    /// Reads a selection; `None` if something in it cannot be answered from what is held.
    fn plan(selected: &Selected<'_>) -> Option<Self::Plan>;

    /// Writes JSON; `None` if something that the plan asks for was not loaded.
    fn write(&self, plan: &Self::Plan, out: &mut Out) -> Option<()>;
}

/// An object that can be written from what it holds.
pub trait PlainObject: Sized {
    /// Its type in the schema.
    fn type_name() -> Cow<'static, str>;

    /// How a field is written; `None` if it has to be loaded. The name is that of the schema.
    fn field(name: &str, selected: &Selected<'_>) -> Option<WriteField<Self>>;
}

/// Writes one field of an object.
pub type WriteField<T> = Box<dyn Fn(&T, &mut Out) -> Option<()>>;

/// The fields of an object: what stands before each value, and what writes it.
pub struct Fields<T> {
    fields: Vec<(String, WriteField<T>)>,
    /// What one object adds to the count.
    objects: u64,
}

/// What is asked of one object: all selections of it, because a key may be selected in several places.
pub struct Selected<'a> {
    sets: Vec<&'a SelectionSet>,
    ctx: &'a ContextSelectionSet<'a>,
}

/// What is asked under one key of the answer.
struct Asked<'a> {
    key: &'a str,
    name: &'a str,
    sets: Vec<&'a SelectionSet>,
}

impl<'a> Selected<'a> {
    /// What is asked of the object that is being resolved.
    pub fn of(ctx: &'a ContextSelectionSet<'a>) -> Self {
        let sets = vec![&ctx.item.node];
        Self { sets, ctx }
    }

    /// The plan for the fields of an object.
    pub fn fields<T: PlainObject>(&self) -> Option<Fields<T>> {
        let mut asked = Vec::new();
        let type_name = T::type_name();
        for set in &self.sets {
            self.collect(&type_name, set, &mut asked)?;
        }
        let mut fields = Vec::with_capacity(asked.len());
        for Asked { key, name, sets } in asked {
            let comma = if fields.is_empty() { "" } else { "," };
            let before = format!("{comma}\"{key}\":");
            let write = if name == "__typename" {
                typename(&type_name)
            } else {
                T::field(name, &Selected { sets, ctx: self.ctx })?
            };
            fields.push((before, write));
        }
        let interfaces = self.ctx.schema_env.registry.implements.get(&*type_name);
        let has_id = interfaces.is_some_and(|interfaces| interfaces.contains("Node"));
        Some(Fields {
            fields,
            objects: u64::from(has_id),
        })
    }

    /// Sorts fields under their keys, in the order in which the keys appear.
    fn collect(&self, type_name: &str, set: &'a SelectionSet, asked: &mut Vec<Asked<'a>>) -> Option<()> {
        for item in &set.items {
            // What `@skip` and `@include` leave out is gone by now, and so are they.
            if !item.node.directives().is_empty() {
                return None;
            }
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    ask(&field.node, asked)?;
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.node.type_condition.as_ref(),
                    &fragment.node.selection_set,
                ),
                Selection::FragmentSpread(spread) => {
                    let fragment = self
                        .ctx
                        .query_env
                        .fragments
                        .get(&spread.node.fragment_name.node)?;
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set)
                }
            };
            let applies = condition.is_none_or(|condition| {
                let on = condition.node.on.node.as_str();
                let implemented = || self.ctx.schema_env.registry.implements.get(type_name);
                on == type_name || implemented().is_some_and(|interfaces| interfaces.contains(on))
            });
            if applies {
                self.collect(type_name, &inner.node, asked)?;
            }
        }
        Some(())
    }
}

fn ask<'a>(field: &'a Field, asked: &mut Vec<Asked<'a>>) -> Option<()> {
    // No field that is held takes arguments.
    if !field.arguments.is_empty() {
        return None;
    }
    let key = field.response_key().node.as_str();
    let set = &field.selection_set.node;
    if let Some(known) = asked.iter_mut().find(|known| known.key == key) {
        known.sets.push(set);
    } else {
        asked.push(Asked {
            key,
            name: field.name.node.as_str(),
            sets: vec![set],
        });
    }
    Some(())
}

fn typename<T>(type_name: &str) -> WriteField<T> {
    let text = format!("\"{type_name}\"");
    Box::new(move |_, out| {
        out.push_str(&text);
        Some(())
    })
}

impl<T> Fields<T> {
    /// Writes one object.
    pub fn write(&self, object: &T, out: &mut Out) -> Option<()> {
        out.objects += self.objects;
        out.push('{');
        for (before, write) in &self.fields {
            out.push_str(before);
            write(object, out)?;
        }
        out.push('}');
        Some(())
    }
}

/// Writes a list.
pub fn list<'a, T: Plain + 'a>(
    items: impl Iterator<Item = &'a T>,
    plan: &T::Plan,
    out: &mut Out,
) -> Option<()> {
    out.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(plan, out)?;
    }
    out.push(']');
    Some(())
}

/// Writes text between quotes.
pub fn text(text: &str, out: &mut Out) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        // A byte of ASCII is never inside another character, so both cuts fall between characters.
        let (clean, special) = rest.split_at(at);
        out.push_str(clean);
        match special.bytes().next() {
            Some(b'"') => out.push_str("\\\""),
            Some(b'\\') => out.push_str("\\\\"),
            Some(b'\n') => out.push_str("\\n"),
            Some(byte) => {
                let _fits = write!(out, "\\u{byte:04x}");
            }
            None => {}
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out.push('"');
}

/// Describes an object whose fields are computed from what it holds, and which of its fields are loaded instead. The documentation
/// of a field is its description in the schema.
macro_rules! plain {
    ($type:ident as $this:ident {
        $($(#[$doc:meta])* $vis:vis $name:ident: $value:ty = $read:expr;)*
    } $(loaded { $($loaded:tt)* })? $(held { $($held:ident: $of:ty = $get:expr;)* })?) => {
        #[async_graphql::Object(use_type_description)]
        impl $type {
            $($(#[$doc])* $vis async fn $name(&self) -> $value {
                let $this = self;
                $read
            })*
            $($($loaded)*)?
        }

        $crate::graphql::plain::fields! {
            $type as $this, <Self as async_graphql::OutputType>::type_name() => {
                $($name: $value = $read;)*
            } $(held { $($held: $of = $get;)* })?
        }
    };
}

pub(super) use plain;

/// The plan of an object by the fields that it holds: those that are computed, and those that were read beside it.
macro_rules! fields {
    ($type:ident as $this:ident, $type_name:expr => {
        $($name:ident: $value:ty = $read:expr;)*
    } $(held { $($held:ident: $of:ty = $get:expr;)* })?) => {
        impl $crate::graphql::plain::PlainObject for $type {
            fn type_name() -> std::borrow::Cow<'static, str> {
                $type_name
            }

            fn field(
                name: &str,
                selected: &$crate::graphql::plain::Selected<'_>,
            ) -> Option<$crate::graphql::plain::WriteField<Self>> {
                use $crate::graphql::plain::{Plain, is};
                $(if is(name, stringify!($name)) {
                    let plan = <$value as Plain>::plan(selected)?;
                    return Some(Box::new(move |$this: &Self, out| {
                        let value: $value = $read;
                        value.write(&plan, out)
                    }));
                })*
                $($(if is(name, stringify!($held)) {
                    let plan = <$of as Plain>::plan(selected)?;
                    return Some(Box::new(move |$this: &Self, out| {
                        let value: Option<&$of> = $get;
                        value?.write(&plan, out)
                    }));
                })*)?
                None
            }
        }

        impl $crate::graphql::plain::Plain for $type {
            type Plan = $crate::graphql::plain::Fields<Self>;

            fn plan(selected: &$crate::graphql::plain::Selected<'_>) -> Option<Self::Plan> {
                selected.fields()
            }

            fn write(&self, plan: &Self::Plan, out: &mut $crate::graphql::plain::Out) -> Option<()> {
                plan.write(self, out)
            }
        }
    };
}

pub(super) use fields;

/// Whether a name of the schema, `createdAt`, is that of a method, `created_at`.
pub fn is(name: &str, method: &str) -> bool {
    let mut name = name.bytes();
    let mut capital = false;
    for byte in method.bytes() {
        if byte == b'_' {
            capital = true;
            continue;
        }
        let expected = if capital { byte.to_ascii_uppercase() } else { byte };
        if name.next() != Some(expected) {
            return false;
        }
        capital = false;
    }
    name.next().is_none()
}

/// Writes the plan of a value that has no fields.
macro_rules! leaf {
    ($($(<$($parameter:ident: $bound:path),+>)? $type:ty = |$value:ident, $out:ident| $write:expr;)+) => {
        $(impl$(<$($parameter: $bound),+>)? $crate::graphql::plain::Plain for $type {
            type Plan = ();

            fn plan(_: &$crate::graphql::plain::Selected<'_>) -> Option<()> {
                Some(())
            }

            fn write(&self, (): &(), $out: &mut $crate::graphql::plain::Out) -> Option<()> {
                let $value = self;
                $write;
                Some(())
            }
        })+
    };
}

pub(super) use leaf;

leaf! {
    str = |value, out| text(value, out);
    String = |value, out| text(value, out);
    async_graphql::ID = |value, out| text(value, out);
    bool = |value, out| out.push_str(if *value { "true" } else { "false" });
    i32 = |value, out| write!(out, "{value}").ok()?;
}

impl<T: Plain + ?Sized> Plain for &T {
    type Plan = T::Plan;

    fn plan(selected: &Selected<'_>) -> Option<T::Plan> {
        T::plan(selected)
    }

    fn write(&self, plan: &T::Plan, out: &mut Out) -> Option<()> {
        T::write(self, plan, out)
    }
}

impl<T: Plain> Plain for Option<T> {
    type Plan = T::Plan;

    fn plan(selected: &Selected<'_>) -> Option<T::Plan> {
        T::plan(selected)
    }

    fn write(&self, plan: &T::Plan, out: &mut Out) -> Option<()> {
        match self {
            Some(value) => value.write(plan, out),
            None => {
                out.push_str("null");
                Some(())
            }
        }
    }
}

impl<T: Plain> Plain for [T] {
    type Plan = T::Plan;

    fn plan(selected: &Selected<'_>) -> Option<T::Plan> {
        T::plan(selected)
    }

    fn write(&self, plan: &T::Plan, out: &mut Out) -> Option<()> {
        list(self.iter(), plan, out)
    }
}

impl<T: Plain> Plain for Vec<T> {
    type Plan = T::Plan;

    fn plan(selected: &Selected<'_>) -> Option<T::Plan> {
        T::plan(selected)
    }

    fn write(&self, plan: &T::Plan, out: &mut Out) -> Option<()> {
        list(self.iter(), plan, out)
    }
}

/// Objects of which all is held, or only what a list shows.
#[derive(Debug)]
pub enum Held<W, B> {
    /// All of each.
    Whole(Arc<[W]>),
    /// What a list shows of each.
    Brief(Arc<[B]>),
}

impl<W, B> Clone for Held<W, B> {
    fn clone(&self) -> Self {
        match self {
            Self::Whole(all) => Self::Whole(Arc::clone(all)),
            Self::Brief(all) => Self::Brief(Arc::clone(all)),
        }
    }
}

impl<W: Plain, B: Plain> Plain for Held<W, B> {
    type Plan = (W::Plan, Option<B::Plan>);

    fn plan(selected: &Selected<'_>) -> Option<Self::Plan> {
        Some((W::plan(selected)?, B::plan(selected)))
    }

    fn write(&self, (whole, brief): &Self::Plan, out: &mut Out) -> Option<()> {
        match self {
            Self::Whole(all) => list(all.iter(), whole, out),
            Self::Brief(all) => list(all.iter(), brief.as_ref()?, out),
        }
    }
}
