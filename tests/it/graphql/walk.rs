//! Walking a connection page by page, and checking what Relay promises on every page.

use crate::support::{Merchant, Reply};
use serde_json::{Value, json};

/// A list, with whatever selects and sorts it.
#[derive(Clone, Copy)]
pub struct List<'a> {
    /// Name of the field.
    pub name: &'a str,
    /// Other arguments, as they stand in a document; empty for none.
    pub arguments: &'a str,
    /// What is asked of each row.
    pub node: &'a str,
}

/// Which way to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `first` and `after`.
    Forward,
    /// `last` and `before`.
    Backward,
}

impl List<'_> {
    /// Asks for one page with any arguments.
    pub async fn ask(&self, merchant: &Merchant, page: Value) -> Reply {
        let Self {
            name,
            arguments,
            node,
        } = self;
        let query = format!(
            "query($first: Int, $after: String, $last: Int, $before: String) {{ \
             {name}(first: $first, after: $after, last: $last, before: $before {arguments}) {{ \
             edges {{ cursor node {{ {node} }} }} nodes {{ {node} }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        merchant.ask(&query, page).await.field(name)
    }

    /// One page of `size` rows beside `cursor`.
    pub async fn page(&self, merchant: &Merchant, way: Way, size: usize, cursor: &Value) -> Value {
        let page = match way {
            Way::Forward => json!({ "first": size, "after": cursor }),
            Way::Backward => json!({ "last": size, "before": cursor }),
        };
        let reply = self.ask(merchant, page).await;
        assert_eq!(
            reply.errors,
            Vec::<Value>::new(),
            "{} {}",
            self.name,
            self.arguments
        );
        let page = reply.data;
        let edges = page["edges"].as_array().unwrap();
        let nodes: Vec<&Value> = edges.iter().map(|edge| &edge["node"]).collect();
        assert_eq!(
            page["nodes"].as_array().unwrap().iter().collect::<Vec<_>>(),
            nodes
        );
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        assert_eq!(page["pageInfo"]["startCursor"], cursor(edges.first()));
        assert_eq!(page["pageInfo"]["endCursor"], cursor(edges.last()));
        page
    }

    /// Every row, in list order, from pages of `size`.
    pub async fn all(&self, merchant: &Merchant, way: Way, size: usize) -> Vec<Value> {
        let mut pages: Vec<Vec<Value>> = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let page = self.page(merchant, way, size, &cursor).await;
            let rows = page["nodes"].as_array().unwrap().clone();
            let (more, edge, behind) = match way {
                Way::Forward => ("hasNextPage", "endCursor", "hasPreviousPage"),
                Way::Backward => ("hasPreviousPage", "startCursor", "hasNextPage"),
            };
            assert_eq!(
                page["pageInfo"][behind],
                !pages.is_empty(),
                "{} {way:?}",
                self.name
            );
            let more = page["pageInfo"][more].as_bool().unwrap();
            assert!(rows.len() == size || !more, "a short page in the middle");
            cursor = page["pageInfo"][edge].clone();
            pages.push(rows);
            if !more {
                break;
            }
        }
        if way == Way::Backward {
            pages.reverse();
        }
        pages.concat()
    }
}
