//! A hand in the database: what somebody with a shell on the server can do, around every rule of the application.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use service::db::open_for_migration;

/// One connection that may write anything, with the settings of ours: foreign keys are enforced.
pub struct Hand(DatabaseConnection);

impl Hand {
    /// Reaches into the database at `url`.
    pub async fn at(url: &str) -> Self {
        Self(open_for_migration(url).await.unwrap())
    }

    /// Whether it reaches into PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// The connection itself.
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.0
    }

    /// Runs statements, whatever they change.
    pub async fn run(&self, sql: &str) {
        self.try_run(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs a statement that changes exactly one row.
    pub async fn change(&self, sql: &str) {
        let rows = self
            .try_run(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(rows, 1, "{sql}");
    }

    /// Runs a statement that changes at least one row.
    pub async fn change_all(&self, sql: &str) {
        let rows = self
            .try_run(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(rows > 0, "{sql}");
    }

    /// The number that a question gives; none when the database does not answer.
    pub async fn try_number(&self, sql: &str) -> Option<i64> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql.to_owned());
        let row = self.0.query_one_raw(statement).await.ok()??;
        row.try_get_by_index(0).ok()
    }

    /// What the database says when it refuses a statement.
    pub async fn refused(&self, sql: &str) -> String {
        match self.try_run(sql).await {
            Ok(rows) => panic!("not refused, {rows} rows changed: {sql}"),
            Err(error) => error.to_string(),
        }
    }

    async fn try_run(&self, sql: &str) -> Result<u64, DbErr> {
        Ok(self.0.execute_unprepared(sql).await?.rows_affected())
    }

    /// The first column of each row, which must be text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self
            .0
            .query_all_raw(statement)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The one text that a question gives.
    pub async fn text(&self, sql: &str) -> String {
        let mut texts = self.texts(sql).await;
        assert_eq!(texts.len(), 1, "{sql}");
        texts.remove(0)
    }

    /// The one number that a question gives.
    pub async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self
            .0
            .query_one_raw(statement)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        row.unwrap().try_get_by_index(0).unwrap()
    }

    /// Takes the guards of the ledger away, as somebody would who wants to change the books.
    pub async fn drop_guards(&self) {
        let drops: &[&str] = if self.is_postgres() {
            &[
                "DROP TRIGGER journals_append_only ON journals",
                "DROP TRIGGER transfers_append_only ON transfers",
                "DROP TRIGGER transfers_open_day ON transfers",
            ]
        } else {
            &[
                "DROP TRIGGER journals_no_update",
                "DROP TRIGGER journals_no_delete",
                "DROP TRIGGER transfers_no_update",
                "DROP TRIGGER transfers_no_delete",
                "DROP TRIGGER transfers_open_day",
            ]
        };
        for drop in drops {
            self.run(drop).await;
        }
    }
}
