//! How many pages searches read.

use postgres::{Client, Error};

/// The mean number of pages of `relation` that a query reads.
pub fn pages_read(
    client: &mut Client,
    relation: &str,
    search: &str,
    limit: usize,
    queries: &[String],
) -> Result<f64, Error> {
    let count = "SELECT pg_stat_get_xact_blocks_fetched($1::text::regclass)";
    let mut transaction = client.transaction()?;
    let statement = transaction.prepare(&format!("{search} LIMIT {limit}"))?;
    let before: i64 = transaction.query_one(count, &[&relation])?.get(0);
    for query in queries {
        transaction.query(&statement, &[query])?;
    }
    let after: i64 = transaction.query_one(count, &[&relation])?.get(0);
    Ok((after - before) as f64 / queries.len() as f64)
}
