//! The catalogue of events, `docs/events`: one table, a page for each kind of object, a schema for each and an example for each event.
//!
//! Invariant: everything in it is made from what the program does: names, scopes and aliases from `domain`, schemas and examples from the
//! types that print payloads.

mod page;

use domain::event::{EventType, Subject};
use serde_json::Value;
use std::path::Path;

/// A file of the catalogue: its path inside it, and its text.
pub type File = (String, String);

/// Every file.
///
/// # Errors
/// When an example cannot be made.
pub fn files() -> anyhow::Result<Vec<File>> {
    let examples = EventType::ALL
        .iter()
        .map(|event_type| {
            let example = service::event::example(*event_type).map_err(anyhow::Error::from_boxed)?;
            Ok((*event_type, pretty(&example)?))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut files = vec![("README.md".to_owned(), page::index())];
    for subject in Subject::ALL {
        let own: Vec<&(EventType, String)> = examples
            .iter()
            .filter(|(event_type, _)| event_type.subject() == *subject)
            .collect();
        files.push((format!("{subject}.md"), page::of(*subject, &own)));
        let schema = pretty(&service::event::schema(*subject))?;
        files.push((format!("schemas/{subject}.json"), schema));
    }
    for (event_type, example) in examples {
        files.push((format!("examples/{event_type}.json"), example));
    }
    Ok(files)
}

/// Writes the catalogue into a directory.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path) -> anyhow::Result<()> {
    for (path, text) in files()? {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

fn pretty(value: &Value) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
