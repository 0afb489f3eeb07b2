//! A table brought to a size: loaded, indexed, searched.

use crate::memory::most_megabytes;
use crate::source::Source;
use crate::{Result, connect, measured, questions};
use postgres::Client;
use std::io::Write as _;
use std::time::Instant;

/// Rows between two lines of progress.
const PROGRESS: i64 = 1_000_000;

/// Rows that are there, and the number of the next one.
fn count(client: &mut Client, set: &str) -> Result<(i64, i64)> {
    let sought = format!("SELECT count(*), coalesce(max(id) + 1, 0) FROM {set}");
    let row = client.query_one(&sought, &[])?;
    Ok((row.get(0), row.get(1)))
}

/// Copies so many rows more into a table; gives the seconds.
fn load(client: &mut Client, source: &Source, table: &str, first: i64, more: i64) -> Result<f64> {
    let start = Instant::now();
    let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
    for id in first..first + more {
        writeln!(copy, "{id}\t{}", source.row(id as u64))?;
        if (id + 1 - first) % PROGRESS == 0 {
            eprintln!("  loaded {}, {:.0} s", id + 1 - first, start.elapsed().as_secs_f64());
        }
    }
    copy.finish()?;
    Ok(start.elapsed().as_secs_f64())
}

/// Bytes of temporary files that the database has written.
fn temporary(client: &mut Client) -> Result<i64> {
    client.batch_execute("SELECT pg_stat_force_next_flush()")?;
    let sought = "SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()";
    Ok(client.query_one(sought, &[])?.get(0))
}

/// Brings the table of a set to so many rows, builds its index, and searches.
pub fn grow(set: &str, rows: i64) -> Result<()> {
    let source = Source::of(set)?;
    let (mut client, own) = (connect()?, source.sql_type());
    client.batch_execute(&format!(
        "CREATE TABLE IF NOT EXISTS {set} (id bigint, own {own});
         DROP INDEX IF EXISTS {set}_own"
    ))?;
    let (there, next) = count(&mut client, set)?;
    let more = rows - there;
    eprintln!("{set}: {rows} rows, {more} of them to load");
    let seconds = load(&mut client, &source, set, next, more)?;
    measured::keep(&mut client, set, rows, "load, rows/s", more as f64 / seconds)?;
    client.batch_execute(&format!("VACUUM ANALYZE {set}"))?;
    client.batch_execute("CHECKPOINT")?;

    let before = temporary(&mut client)?;
    let start = Instant::now();
    let index = format!("CREATE INDEX {set}_own ON {set} USING kdtree (own)");
    let memory = most_megabytes(&mut client, &index)?;
    measured::keep(&mut client, set, rows, "build s", start.elapsed().as_secs_f64())?;
    let written = (temporary(&mut client)? - before) as f64 / 1e6;
    measured::keep(&mut client, set, rows, "build, temporary MB", written)?;
    if let Some(memory) = memory {
        measured::keep(&mut client, set, rows, "build, memory MB", memory)?;
    }
    client.batch_execute("CHECKPOINT")?;
    for (what, relation) in [("table MB", set.to_owned()), ("index MB", format!("{set}_own"))] {
        let sought = "SELECT pg_relation_size($1::text::regclass)::float8 / 1e6";
        let size = client.query_one(sought, &[&relation])?.get(0);
        measured::keep(&mut client, set, rows, what, size)?;
    }
    questions::warm(set)
}
