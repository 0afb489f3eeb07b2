//! Writing to a table that has its index: rows inserted one by one, a tenth deleted, VACUUM.

use crate::source::Source;
use crate::{Result, connect, measured};
use std::time::Instant;

const INSERTED: u64 = 20_000;
/// Inserted rows have numbers from here on, so that no other step takes them for its own.
const FIRST: u64 = 1 << 32;

/// Measures it at the table's present size. The rows whose numbers end in 0 stay, for
/// [`crate::questions::kept_row`].
pub fn write(set: &str) -> Result<()> {
    let (mut client, source) = (connect()?, Source::of(set)?);
    let size = measured::size(&mut client, set)?;
    let place = measured::sizes(&mut client, set)?.len();
    let texts: Vec<String> = (FIRST..FIRST + INSERTED).map(|id| source.row(id)).collect();
    let mut transaction = client.transaction()?;
    let own = source.sql_type();
    let insert = format!("INSERT INTO {set} VALUES (-1, $1::text::{own})");
    let statement = transaction.prepare(&insert)?;
    let start = Instant::now();
    for text in &texts {
        transaction.execute(&statement, &[text])?;
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / INSERTED as f64;
    transaction.commit()?;
    measured::keep(&mut client, set, size, "an insertion, µs", micros)?;

    let last = 1 + place % 9;
    let start = Instant::now();
    let gone =
        client.execute(&format!("DELETE FROM {set} WHERE id % 10 = {last} OR id = -1"), &[])?;
    eprintln!("  deleted {gone} rows in {:.1} s", start.elapsed().as_secs_f64());
    measured::keep(&mut client, set, size, "deleted rows", gone as f64)?;
    client.batch_execute("CHECKPOINT")?;
    let start = Instant::now();
    client.batch_execute(&format!("VACUUM {set}"))?;
    measured::keep(&mut client, set, size, "VACUUM s", start.elapsed().as_secs_f64())?;
    Ok(())
}
