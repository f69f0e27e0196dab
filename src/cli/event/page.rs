//! The pages of the catalogue.

use domain::api_version::ApiVersion;
use domain::event::{EventType, Names, Subject};
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
# Events

Made from the code by `make generate`; do not edit.

An event is written in the transaction of what it tells, once, and never changes. `data` is the object as it was then, in the shape in which
the REST API shows it: payments and intents as `/api/v1` does (amounts in hundredths of the major unit), refunds and payment links as the
signed door does (amounts as decimal text). What does not apply is left out. New fields come any time; a field that is there keeps its meaning.
No secret is in any of them: intents come without their client secret and links without their address.

`Event.data` of the GraphQL API is the same JSON, by the API version of the request. `status` and every amount are as of the event; ask for
`subject` to see the object as it is now. A key sees the events of its merchant and mode for which it has the scope.
";

const ALIASES: &str = "\
S0, S1, S2 and S4 are what the event is called by the four forms of webhooks: S0's names (`checkout.session.completed` is an intent that is
paid), S1's names in PascalCase, S2's names, which are ours, and S4's categories. S4 calls a payment by card `card_transaction` and one by
wallet `account_transaction`; refunds leave the merchant's account, so they are `account_transaction`. A dash says that the form has no word for
it.
";

/// The table of all events.
pub fn index() -> String {
    let mut page = format!("{INTRODUCTION}\n| Name | When | Object | Scope | S0 | S1 | S2 | S4 |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for event_type in EventType::ALL {
        let (subject, names) = (event_type.subject(), event_type.names());
        let [s0, s1, s2, s4] = [names.s0, names.s1, names.s2, names.s4].map(word);
        line(
            &mut page,
            format_args!(
                "| `{event_type}` | {} | [`{subject}`]({subject}.md) | `{}` | {s0} | {s1} | {s2} | {s4} |",
                event_type.when(),
                subject.scope(),
            ),
        );
    }
    line(&mut page, format_args!("\n{ALIASES}"));
    page.push_str("Names of theirs that nothing is a cause of yet:\n\n| Form | Name | Comes with |\n| --- | --- | --- |\n");
    for later in Names::LATER {
        line(
            &mut page,
            format_args!("| {} | `{}` | {} |", later.by, later.name, later.with),
        );
    }
    line(&mut page, format_args!("\n## API versions\n"));
    page.push_str(
        "The log has one event whatever the version. Who sends it on by an older version sends it once under each of these names, with \
         the\nsame object:\n\n| Version | Event | Told as |\n| --- | --- | --- |\n",
    );
    for version in ApiVersion::ALL {
        for event_type in EventType::ALL {
            let told = event_type.told_as(version);
            if told != [*event_type] {
                let told: Vec<String> = told.iter().map(|name| format!("`{name}`")).collect();
                line(
                    &mut page,
                    format_args!("| `{version}` | `{event_type}` | {} |", told.join(" and ")),
                );
            }
        }
    }
    page
}

/// The page of one kind of object: its events, each with an example.
pub fn of(subject: Subject, examples: &[&(EventType, String)]) -> String {
    let mut page =
        format!("# Events about `{subject}`\n\nMade from the code by `make generate`; do not edit.\n\n");
    line(
        &mut page,
        format_args!(
            "Scope `{}`. What `data` looks like: [schemas/{subject}.json](schemas/{subject}.json), JSON Schema 2020-12.\n",
            subject.scope()
        ),
    );
    page.push_str("| Name | When |\n| --- | --- |\n");
    for (event_type, _) in examples {
        line(
            &mut page,
            format_args!(
                "| [`{event_type}`](#{}) | {} |",
                anchor(*event_type),
                event_type.when()
            ),
        );
    }
    for (event_type, example) in examples {
        line(
            &mut page,
            format_args!(
                "\n## {event_type}\n\n{}\n\n```json\n{}\n```",
                event_type.when(),
                example.trim_end()
            ),
        );
    }
    page
}

fn anchor(event_type: EventType) -> String {
    event_type.as_str().replace('.', "")
}

fn word(name: Option<&str>) -> String {
    name.map_or_else(|| "-".to_owned(), |name| format!("`{name}`"))
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // A text takes whatever is written.
    if writeln!(page, "{text}").is_err() {
        page.push('\n');
    }
}
