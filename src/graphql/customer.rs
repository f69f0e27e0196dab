//! Who pays, as the merchant says.

use super::plain::plain;
use async_graphql::{Description, InputObject};
use std::sync::Arc;

/// Who pays, as the merchant says; nothing is decided by it.
#[derive(Description, Clone)]
pub struct Customer(Of);

/// Whose customer it is: what holds the texts is shared, not copied.
#[derive(Clone)]
enum Of {
    Payment(Arc<domain::payment::Payment>),
    Intent(Arc<domain::intent::Intent>),
}

impl Customer {
    fn customer(&self) -> &domain::payment::Customer {
        match &self.0 {
            Of::Payment(payment) => &payment.customer,
            Of::Intent(intent) => &intent.customer,
        }
    }
}

plain! {
    Customer as this {
        /// E-mail address.
        email: Option<&str> = this.customer().email.as_deref();
        /// Name.
        name: Option<&str> = this.customer().name.as_deref();
        /// Phone number, as typed.
        phone: Option<&str> = this.customer().phone.as_deref();
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
        Self(Of::Payment(Arc::clone(payment)))
    }
}

impl From<&Arc<domain::intent::Intent>> for Customer {
    fn from(intent: &Arc<domain::intent::Intent>) -> Self {
        Self(Of::Intent(Arc::clone(intent)))
    }
}
