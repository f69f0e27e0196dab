//! The house rules that a machine can check (`docs/architecture.md`).

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Our crates from the top down. An arrow leads from a crate to one further down, never up.
const FLOORS: [&str; 5] = ["tahsil", "jobs", "service", "entity", "domain"];
/// Where product code lives.
const PRODUCT: [&str; 7] = [
    "src",
    "jobs/src",
    "service/src",
    "entity/src",
    "domain/src",
    "migration/src",
    "benches",
];
/// The things of the business: the same names on every floor.
const BUSINESS: [&str; 22] = [
    "api_request",
    "callback_key",
    "card",
    "credential",
    "event",
    "export",
    "handoff",
    "intent",
    "job",
    "ledger",
    "merchant",
    "money",
    "operation",
    "operator",
    "payment",
    "payment_link",
    "payout",
    "readiness",
    "reconciliation",
    "refund",
    "settlement",
    "webhook",
];
/// What else a floor has folders for.
const TECHNICAL: [(&str, &[&str]); 4] = [
    ("domain/src", &["limit", "signing", "tests", "usage"]),
    ("jobs/src", &["client"]),
    (
        "service/src",
        &[
            "db",
            "endpoint",
            "integrity",
            "provider",
            "rate_limit",
            "resource",
            "verify",
        ],
    ),
    (
        "src",
        &[
            "checkout",
            "cli",
            "compose",
            "config",
            "demo",
            "doctor",
            "document",
            "door",
            "graphql",
            "http",
            "limit",
            "live",
            "native",
            "openapi",
            "phrases",
            "provider",
            "public",
            "rasedi",
            "rest",
            "sandbox",
            "sign",
            "user_error",
            "v1",
            "v2",
            "view",
        ],
    ),
];
/// Longest file, and where one should ask whether it is still one thing.
const LINES: (usize, usize) = (600, 400);

fn metadata() -> Metadata {
    // What only other systems need is not part of what is built here.
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let options = ["--locked", "--filter-platform", host].map(str::to_owned);
    MetadataCommand::new()
        .manifest_path(Path::new(ROOT).join("Cargo.toml"))
        .other_options(options)
        .exec()
        .unwrap()
}

/// All `.rs` files under the folders, by their path from the root.
fn sources(folders: &[&str]) -> BTreeMap<PathBuf, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(ROOT).unwrap().to_owned(), text);
            }
        }
    }
    let mut found = BTreeMap::new();
    for folder in folders {
        walk(&Path::new(ROOT).join(folder), &mut found);
    }
    assert!(found.len() > folders.len(), "the sources have moved");
    found
}

#[test]
fn arrows_between_our_crates_lead_downward() {
    let metadata = metadata();
    let ours = metadata.workspace_packages();
    let names: BTreeSet<&str> = ours.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, FLOORS.into_iter().chain(["migration"]).collect());
    let floor = |name: &str| FLOORS.iter().position(|floor| *floor == name);

    for package in ours {
        let from = package.name.as_str();
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| names.contains(dependency.name.as_str()))
        {
            let to = dependency.name.as_str();
            match (floor(from), floor(to)) {
                (Some(from), Some(to)) if from < to => {}
                // Migrations stand alone: only who runs them knows them.
                (_, None) if from == "tahsil" || dependency.kind == DependencyKind::Development => {}
                _ => panic!("{from} must not depend on {to}"),
            }
        }
    }
}

/// Everything that `name` is built from, itself left out.
fn built_from(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name)
        .unwrap();
    let (mut seen, mut open) = (BTreeSet::new(), vec![&start.id]);
    while let Some(id) = open.pop() {
        for dependency in &nodes[id].deps {
            let normal = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal);
            if normal && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn each_floor_is_built_without_what_belongs_above_it() {
    let metadata = metadata();
    let web = [
        "axum",
        "hyper",
        "hyper-util",
        "tower-http",
        "reqwest",
        "async-graphql",
        "async-graphql-axum",
        "clap",
    ];
    let database = [
        "sea-orm",
        "sea-orm-migration",
        "sea-query",
        "sqlx",
        "sqlx-core",
        "sqlx-postgres",
        "sqlx-sqlite",
        "libsqlite3-sys",
    ];
    let runtime = [
        "tokio",
        "async-std",
        "smol",
        "futures",
        "futures-util",
        "async-trait",
        "mio",
    ];

    let domain = built_from(&metadata, "domain");
    assert!(
        domain.contains("chrono") && domain.contains("rust_decimal"),
        "{domain:?}"
    );
    for name in web.iter().chain(&database).chain(&runtime) {
        assert!(!domain.contains(*name), "domain is pure, and built from {name}");
    }
    for floor in ["entity", "service", "jobs", "migration"] {
        let built_from = built_from(&metadata, floor);
        for name in web {
            // The migration framework brings a command line of its own.
            let is_migration = floor == "migration" && name == "clap";
            // Webhooks leave from here. A client is no door: nobody comes in by it.
            let is_client = floor == "jobs" && ["hyper", "hyper-util"].contains(&name);
            let excused = is_migration || is_client;
            assert!(
                excused || !built_from.contains(name),
                "{floor} knows no door, and is built from {name}"
            );
        }
    }
    assert!(!built_from(&metadata, "service").contains("sea-orm-migration"));
}

#[test]
fn only_the_database_module_opens_transactions() {
    // sqlx 0.9 loses acknowledged writes when a BEGIN is cancelled (docs/decisions/0002): one place opens them, in a task.
    let openers = [
        ".begin()",
        ".begin_with",
        ".transaction(",
        ".transaction_with",
        "\"BEGIN",
        "\"begin",
    ];
    let mut opened = BTreeSet::new();
    // The benches talk to the drivers themselves: they measure what is left when nothing of ours is in the way.
    for (path, text) in sources(&PRODUCT[..6]) {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            if openers.iter().any(|opener| code.contains(opener)) {
                opened.insert(format!("{}:{number}", path.display()));
            }
        }
    }
    assert_eq!(opened.len(), 1, "{opened:?}");
    assert!(
        opened.iter().all(|place| place.starts_with("service/src/db/")),
        "{opened:?}"
    );
}

#[test]
fn doors_know_no_table_and_open_no_transaction() {
    let storage = ["entity::", "sea_orm", "sqlx", "in_txn", ".db()"];
    let doors = ["src/graphql", "src/http", "src/rest", "src/checkout"];
    for door in doors {
        assert!(Path::new(ROOT).join(door).is_dir(), "{door} has moved");
    }
    let mut named = BTreeSet::new();
    for (path, text) in sources(&doors) {
        for (number, line) in product(&text) {
            if storage.iter().any(|word| line.contains(word)) {
                named.insert(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(named.is_empty(), "{named:?}");
}

/// The lines of a file by their numbers, without what stands behind `//` and without the items that are there for tests only.
fn product(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    // An item ends where its last brace closes, or with the semicolon of one that has none.
    let (mut skips, mut depth) = (false, 0_i32);
    for (number, line) in (1..).zip(text.lines()) {
        let code = line.split("//").next().unwrap_or_default();
        if !skips && code.trim() == "#[cfg(test)]" {
            (skips, depth) = (true, 0);
        } else if skips {
            let braces = |brace: char| i32::try_from(code.matches(brace).count()).unwrap();
            depth += braces('{') - braces('}');
            let ends = code.contains('}') || code.trim_end().ends_with(';');
            skips = !(depth == 0 && ends);
        } else {
            lines.push((number, code));
        }
    }
    lines
}

#[test]
fn what_stands_behind_a_test_is_product_again() {
    let text = "one\n#[cfg(test)]\nmod tests {\n    fn a() {}\n}\ntwo // three\n#[cfg(test)]\nuse x;\n#[cfg(test)]\n#[path = \"y\"]\nmod y;\nfour\n";
    assert_eq!(product(text), [(1, "one"), (6, "two "), (12, "four")]);
}

#[test]
fn no_file_is_a_drawer_for_odds_and_ends() {
    for path in sources(&[&PRODUCT[..], &["tests"]].concat()).into_keys() {
        for part in path.iter().map(|part| part.to_string_lossy().into_owned()) {
            let stem = part.trim_end_matches(".rs");
            let drawer = ["util", "utils", "helper", "helpers", "common", "misc"].contains(&stem);
            assert!(!drawer, "{}: name it after what it is for", path.display());
        }
    }
}

#[test]
fn files_stay_short_enough_to_be_one_thing() {
    let (longest, soft) = LINES;
    for (path, text) in sources(&PRODUCT) {
        let lines = text.lines().count();
        assert!(
            lines <= longest,
            "{}: {lines} lines, at most {longest}",
            path.display()
        );
        if lines > soft {
            println!("{}: {lines} lines; is it still one thing?", path.display());
        }
    }
}

#[test]
fn folders_are_named_after_the_things_of_the_business() {
    for path in sources(&PRODUCT[..5]).into_keys() {
        let floor = PRODUCT
            .iter()
            .filter(|floor| path.starts_with(floor))
            .max_by_key(|floor| floor.len())
            .unwrap();
        let technical = TECHNICAL
            .iter()
            .find(|(of, _)| of == floor)
            .map_or(&[][..], |(_, names)| names);
        for folder in path.strip_prefix(floor).unwrap().parent().unwrap().iter() {
            let folder = folder.to_string_lossy();
            let known = BUSINESS.contains(&folder.as_ref()) || technical.contains(&folder.as_ref());
            assert!(known, "{}: {folder} is no thing of the business", path.display());
        }
    }
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let text = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let mut section = "";
    let (mut shared, mut bare) = (0, Vec::new());
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let Some((name, rest)) = line
            .split_once('=')
            .filter(|_| section.ends_with("dependencies]"))
        else {
            continue;
        };
        if line.trim_start().starts_with('#') {
            continue;
        }
        // Our own floors are described where they are listed; members take what the workspace has described.
        let described = rest
            .split_once('#')
            .is_some_and(|(_, purpose)| purpose.trim().len() > 2);
        let ours = FLOORS.contains(&name.trim()) || name.trim() == "migration";
        let shares = name.trim().ends_with(".workspace");
        shared += usize::from(shares);
        if !described && !ours && !shares {
            bare.push(line);
        }
    }
    assert_eq!(bare, Vec::<&str>::new());
    assert!(shared > 10, "the manifest has another form now");
    for member in ["domain", "entity", "jobs", "migration", "service"] {
        let manifest = fs::read_to_string(Path::new(ROOT).join(member).join("Cargo.toml")).unwrap();
        assert!(
            !manifest.contains("version = \""),
            "{member} takes its dependencies from the workspace"
        );
    }
}
