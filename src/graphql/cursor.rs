//! Cursors of what can be followed.
//!
//! Invariant: whoever holds one keeps it as it is; what is in it is nobody's business but `service::followed`'s.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use service::App;
use service::followed::{Followed, Place};

/// The scalar of the cursors of one log.
macro_rules! cursor {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub String);

        $(#[$meta])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    _ => Err(InputValueError::custom("a cursor is a string")),
                }
            }

            fn is_valid(value: &Value) -> bool {
                Self::parse(value.clone()).is_ok()
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }

        impl $name {
            /// The cursor of a place.
            pub fn of(app: &App, followed: Followed, place: Place) -> Self {
                Self(followed.cursor(app, place))
            }
        }
    };
}

cursor! {
    /// A place among the events of your merchant and mode. Keep it as it is: it says nothing to anybody else, and is good for them only.
    EventCursor
}

cursor! {
    /// A place in the request log, as you may see it. Keep it as it is: it says nothing to anybody else, and is good for that only.
    ApiRequestCursor
}
