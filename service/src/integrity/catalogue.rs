//! What the live catalogue says of each rule.

use super::rule::{Enforcement, Kind, RULES, Rule, Status};
use super::{RuleState, table_text};
use crate::db::sql;
use crate::{Result, Txn};
use sea_orm::QueryResult;

/// Everything of our names. `NOT ENFORCED` constraints exist from PostgreSQL 18, so their column is read where it is.
const POSTGRES: &str = "\
SELECT c.conname::text AS name, c.conrelid::regclass::text AS relation, c.contype::text AS kind,
    pg_get_constraintdef(c.oid) AS definition, c.convalidated AS validated,
    COALESCE((to_jsonb(c) ->> 'conenforced')::boolean, TRUE) AS enforced
FROM pg_constraint c WHERE c.connamespace = current_schema()::regnamespace AND c.conrelid <> 0
UNION ALL
SELECT t.tgname::text, t.tgrelid::regclass::text, 't', pg_get_triggerdef(t.oid), TRUE, t.tgenabled IN ('O', 'A')
FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal AND r.relnamespace = current_schema()::regnamespace";

const SQLITE: &str = "SELECT type, name, tbl_name, COALESCE(sql, '') AS text FROM sqlite_schema WHERE type IN ('table', 'trigger')";

/// Something that has the name of a rule.
struct Found {
    name: String,
    relation: String,
    /// Whether it is of the kind that the rule is made of, and says what it should.
    is_it: bool,
    validated: bool,
    enforced: bool,
}

/// What there is of each rule.
pub(super) async fn read(txn: &Txn, postgres: bool) -> Result<Vec<RuleState>> {
    let rows = sql(postgres, if postgres { POSTGRES } else { SQLITE })
        .all(txn)
        .await?;
    let found = if postgres {
        of_postgres(&rows)?
    } else {
        of_sqlite(&rows)?
    };
    Ok(RULES.iter().map(|rule| state(rule, &found)).collect())
}

fn state(rule: &'static Rule, found: &[Found]) -> RuleState {
    let mut named = found.iter().filter(|found| found.name == rule.name).peekable();
    if named.peek().is_none() {
        return RuleState {
            rule,
            status: Status::Missing,
            enforced: false,
        };
    }
    let own = named.find(|found| found.relation == rule.table && found.is_it);
    let enforced = own.is_some_and(|found| found.enforced);
    let status = match own {
        Some(found) if found.validated && found.enforced => Status::Installed,
        _ => Status::NotValidated,
    };
    RuleState {
        rule,
        status,
        enforced,
    }
}

fn rule_named(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

fn of_postgres(rows: &[QueryResult]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for row in rows {
        let name: String = row.try_get_by("name")?;
        let Some(rule) = rule_named(&name) else { continue };
        let (kind, definition): (String, String) = (row.try_get_by("kind")?, row.try_get_by("definition")?);
        let is_it = match (kind.as_str(), rule.enforcement, rule.kind) {
            ("t", Enforcement::Warn, _) => {
                definition.contains("AFTER INSERT OR UPDATE") && definition.contains(rule.says)
            }
            ("c", Enforcement::Block, Kind::Check) => definition.contains(rule.says),
            ("u", Enforcement::Block, Kind::Unique) => {
                definition.starts_with(&format!("UNIQUE ({})", rule.says))
            }
            _ => false,
        };
        found.push(Found {
            name,
            relation: row.try_get_by("relation")?,
            is_it,
            validated: row.try_get_by("validated")?,
            enforced: row.try_get_by("enforced")?,
        });
    }
    Ok(found)
}

/// A constraint of SQLite is in force as it stands: there is no way to switch one off for good, or to leave older rows out.
fn of_sqlite(rows: &[QueryResult]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut triggers: Vec<(String, String)> = Vec::new();
    for row in rows {
        let (kind, name): (String, String) = (row.try_get_by("type")?, row.try_get_by("name")?);
        let (relation, text): (String, String) = (row.try_get_by("tbl_name")?, row.try_get_by("text")?);
        if kind == "trigger" {
            triggers.push((name, relation));
            continue;
        }
        for rule in RULES.iter().filter(|rule| rule.enforcement == Enforcement::Block) {
            let Some(definition) = table_text::constraint(&text, rule.name) else {
                continue;
            };
            let is_it = match rule.kind {
                Kind::Check => definition.starts_with("check") && definition.contains(rule.says),
                Kind::Unique => {
                    let column = table_text::column_of(&text, rule.name);
                    let of_column = definition == "unique" && column.as_deref() == Some(rule.says);
                    of_column || definition == format!("unique ({})", rule.says)
                }
            };
            found.push(Found {
                name: rule.name.to_owned(),
                relation: relation.clone(),
                is_it,
                validated: true,
                enforced: true,
            });
        }
    }
    // One trigger cannot see both new rows and changed ones there.
    for rule in RULES.iter().filter(|rule| rule.enforcement == Enforcement::Warn) {
        let insert = format!("{}_insert", rule.name);
        let on = |name: &str| {
            triggers
                .iter()
                .find(|(found, _)| found == name)
                .map(|(_, table)| table)
        };
        let (updated, inserted) = (on(rule.name), on(&insert));
        if let Some(relation) = updated.or(inserted) {
            found.push(Found {
                name: rule.name.to_owned(),
                relation: relation.clone(),
                is_it: updated.is_some() && updated == inserted,
                validated: true,
                enforced: true,
            });
        }
    }
    Ok(found)
}
