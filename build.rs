//! Tells the compiler whether the files of the GraphQL editor were built: `src/http/graphiql.rs` embeds all of them or none.

use std::path::Path;

/// What `scripts/graphiql.sh` puts into `assets/graphiql`.
const FILES: [&str; 4] = ["index.html", "graphiql.js", "graphiql.css", "LICENSES"];

fn main() {
    // The folder above, because Cargo takes a missing path for a changed one and would build anew each time.
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rustc-check-cfg=cfg(graphiql_is_built)");
    let folder = Path::new("assets/graphiql");
    if FILES.iter().all(|name| folder.join(name).is_file()) {
        println!("cargo::rustc-cfg=graphiql_is_built");
    }
}
