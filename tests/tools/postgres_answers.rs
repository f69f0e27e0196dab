//! Says whether the PostgreSQL of `TAHSIL_TEST_POSTGRES_URL` answers, and which version: exit code 0 or 1. For `scripts/test.sh`.

use sqlx::{Connection, PgConnection};
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Ok(url) = std::env::var("TAHSIL_TEST_POSTGRES_URL") else {
        return ExitCode::FAILURE;
    };
    let version = async {
        let mut connection = PgConnection::connect(&url).await?;
        let (version,): (String,) = sqlx::query_as("SELECT current_setting('server_version')")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(version)
    };
    match tokio::time::timeout(Duration::from_secs(5), version).await {
        Ok(Ok(version)) if writeln!(std::io::stdout(), "PostgreSQL {version}").is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
