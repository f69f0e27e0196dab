//! The codes of the API as a page for people, made from the code itself: `make generate` puts it into `docs/api.md`.

use super::error::Code;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{EnumType, TypeKind, TypeSystemDefinition};

/// Both lists as Markdown tables.
///
/// # Errors
/// When the schema cannot be read back, which is a defect.
pub fn codes() -> Result<String, async_graphql::parser::Error> {
    let mut page = String::from("| `errors[].extensions.code` | HTTP | Meaning |\n| --- | --- | --- |\n");
    for code in Code::ALL {
        page.push_str(&format!(
            "| `{}` | {} | {} |\n",
            code.as_str(),
            code.statuses(),
            code.meaning()
        ));
    }
    page.push_str("\n| `userErrors[].code` | Meaning |\n| --- | --- |\n");
    for definition in parse_schema(super::sdl())?.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        if let TypeKind::Enum(EnumType { values }) = definition.node.kind
            && definition.node.name.node == "UserErrorCode"
        {
            for value in values {
                let meaning = value.node.description.map(|text| text.node).unwrap_or_default();
                let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
                page.push_str(&format!(
                    "| `{}` | {} |\n",
                    value.node.value.node,
                    meaning.trim_end_matches('.')
                ));
            }
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_on_the_page_once() {
        let page = codes().unwrap();
        for code in Code::ALL {
            let row = format!("| `{}` |", code.as_str());
            assert_eq!(page.matches(&row).count(), 1, "{row}");
        }
        for code in ["STALE_VERSION", "AMOUNT_TOO_PRECISE", "IDEMPOTENCY_KEY_REUSED"] {
            assert!(page.contains(&format!("| `{code}` | ")), "{code}");
        }
        assert!(
            page.lines().all(|line| line.is_empty() || line.starts_with('|')),
            "{page}"
        );
    }
}
