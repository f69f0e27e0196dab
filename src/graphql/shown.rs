//! Scalars that are printed straight from what they show.
//!
//! An id, an amount or a number is text at the edge. As the scalar's own type it would be that text, made whether or not
//! anybody reads it; here it stays what it is until it is written.

use super::plain::{Out, Plain, Selected};
use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value};
use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::marker::PhantomData;

/// The scalar `S`, shown by `T`, whose text needs no escapes.
#[derive(Clone, Copy, Debug)]
pub struct Shown<S, T>(T, PhantomData<fn() -> S>);

impl<S, T> Shown<S, T> {
    /// Shows `value` as an `S`.
    pub const fn new(value: T) -> Self {
        Self(value, PhantomData)
    }
}

/// The interface of all objects with an id asks for the library's own.
impl<T: Display> From<Shown<ID, T>> for ID {
    fn from(shown: Shown<ID, T>) -> Self {
        shown.0.to_string().into()
    }
}

impl<S: OutputType, T: Display + Send + Sync> OutputType for Shown<S, T> {
    fn type_name() -> Cow<'static, str> {
        S::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        S::create_type_info(registry)
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::String(self.0.to_string()))
    }
}

impl<S, T: Display> Plain for Shown<S, T> {
    type Plan = ();

    fn plan(_: &Selected<'_>) -> Option<()> {
        Some(())
    }

    fn write(&self, (): &(), out: &mut Out) -> Option<()> {
        write!(out, "\"{}\"", self.0).ok()
    }
}
