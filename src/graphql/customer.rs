//! Who pays, as the merchant says.

use super::plain::plain;
use async_graphql::{Description, InputObject};
use std::sync::Arc;

/// Who pays, as the merchant says; nothing is decided by it.
#[derive(Description, Clone)]
pub struct Customer(Arc<domain::payment::Payment>);

plain! {
    Customer as this {
        /// E-mail address.
        email: Option<&str> = this.0.customer.email.as_deref();
        /// Name.
        name: Option<&str> = this.0.customer.name.as_deref();
        /// Phone number, as typed.
        phone: Option<&str> = this.0.customer.phone.as_deref();
    }
}

/// Who pays.
#[derive(InputObject, Clone, Debug, Default)]
pub struct CustomerInput {
    /// E-mail address; at most 254 characters.
    pub email: Option<String>,
    /// Name; at most 100 characters.
    pub name: Option<String>,
    /// Phone number; at most 32 characters.
    pub phone: Option<String>,
}

impl From<&Arc<domain::payment::Payment>> for Customer {
    fn from(payment: &Arc<domain::payment::Payment>) -> Self {
        Self(Arc::clone(payment))
    }
}
