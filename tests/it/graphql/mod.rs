//! The GraphQL door.

mod sale;
