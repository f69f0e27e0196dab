//! Who pays, as the merchant says.

use async_graphql::{InputObject, SimpleObject};

/// Who pays, as the merchant says; nothing is decided by it.
#[derive(SimpleObject, Clone, Debug)]
pub struct Customer {
    /// E-mail address.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
}

/// Who pays.
#[derive(InputObject, Clone, Debug, Default)]
pub struct CustomerInput {
    /// E-mail address; at most 254 characters.
    pub email: Option<String>,
    /// Name; at most 100 characters.
    pub name: Option<String>,
}

impl From<&domain::payment::Customer> for Customer {
    fn from(customer: &domain::payment::Customer) -> Self {
        Self {
            email: customer.email.clone(),
            name: customer.name.clone(),
        }
    }
}
