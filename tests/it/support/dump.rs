//! Everything that a database holds, as text.

use super::hand::Hand;

impl Hand {
    /// The names of all tables.
    pub async fn tables(&self) -> Vec<String> {
        let names = if self.is_postgres() {
            "SELECT table_name::text FROM information_schema.tables \
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
        };
        self.texts(names).await
    }

    /// Every row of a table as one text, in the order of these texts, but for the columns in `without`.
    pub async fn rows(&self, table: &str, without: &[&str]) -> Vec<String> {
        let names = if self.is_postgres() {
            format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid")
        };
        let columns = self.texts(&names).await.into_iter();
        let columns = columns.filter(|name| !without.contains(&name.as_str()));
        let columns: Vec<String> = if self.is_postgres() {
            columns
                .map(|name| format!("coalesce(\"{name}\"::text, '')"))
                .collect()
        } else {
            columns.map(|name| format!("quote(\"{name}\")")).collect()
        };
        let row = columns.join(" || '|' || ");
        self.texts(&format!("SELECT {row} FROM \"{table}\" ORDER BY 1"))
            .await
    }

    /// Every row of every table, named by its table, but for what any request writes by itself: the request log, nonces, and when a
    /// key was used last.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in self.tables().await {
            if ["api_requests", "api_request_positions", "nonces", "rate_limits"].contains(&table.as_str()) {
                continue;
            }
            let rows = self.rows(&table, &["last_used_at", "last_used_ip"]).await;
            all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        all
    }
}
