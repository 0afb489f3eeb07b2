//! What more cores than one do for one search, by what Postgres has: two partitions, one after
//! the other and at once by `postgres_fdw`, and the search in a worker process, which is what
//! every parallel plan begins with.

use crate::latency::Latency;
use crate::source::{Change, Source};
use crate::{Result, connect, measured, questions};
use postgres::Client;
use std::time::Instant;

/// Of those of a question.
const QUERIES: usize = 100;
const SET: &str = "fingerprints";
/// The first is what the others must agree with.
const WAYS: [(&str, &str); 5] = [
    ("one table", "SELECT own <-> $1::text::fingerprint FROM fingerprints ORDER BY 1"),
    ("one table, in a worker", "SELECT own <-> $1::text::fingerprint FROM fingerprints ORDER BY 1"),
    ("half of the rows alone", "SELECT fp <-> $1::text::fingerprint FROM picture_0 ORDER BY 1"),
    ("two partitions, Merge Append", "SELECT fp <-> $1::text::fingerprint FROM picture ORDER BY 1"),
    (
        "two partitions, postgres_fdw at once",
        "SELECT distance FROM nearest($1::text::fingerprint, {limit}) ORDER BY 1",
    ),
];
/// Places in `WAYS`.
const IN_A_WORKER: usize = 1;
const HALF: usize = 2;

fn prepare_partitions(client: &mut Client) -> Result<()> {
    client.batch_execute(include_str!("../../examples/scale_out/partitions.sql"))?;
    client.batch_execute(include_str!("../../examples/scale_out/all_cores.sql"))?;
    client.batch_execute(
        "DROP INDEX picture_fp;
         INSERT INTO picture SELECT id::int, own FROM fingerprints;
         CREATE INDEX picture_fp ON picture USING kdtree (fp);",
    )?;
    client.batch_execute("VACUUM ANALYZE picture")?;
    client.batch_execute("CHECKPOINT")?;
    Ok(())
}

/// Measures it at the table's present size.
pub fn workers() -> Result<()> {
    let (mut client, source) = (connect()?, Source::of(SET)?);
    let mut keep = connect()?;
    let rows = measured::size(&mut client, SET)?;
    eprintln!("one search by two processes");
    prepare_partitions(&mut client)?;
    client.batch_execute("SET enable_seqscan = off; SET max_parallel_workers_per_gather = 1")?;
    let copies = &questions::copies(&source, rows, Change::Large)[..QUERIES];
    let others = &questions::others(&source)[..QUERIES];
    for (name, limit, queries) in
        [("top 1 of changed copies", 1, copies), ("top 20 of others", 20, others)]
    {
        let mut expected = Vec::new();
        for (place, (way, search)) in WAYS.iter().enumerate() {
            let by_worker = if place == IN_A_WORKER { "on" } else { "off" };
            client.batch_execute(&format!("SET debug_parallel_query = {by_worker}"))?;
            let search = search.replace("{limit}", &limit.to_string());
            let statement = client.prepare(&format!("{search} LIMIT {limit}"))?;
            let (mut times, mut answers) = (Vec::new(), Vec::new());
            for round in 0..3 {
                for query in queries {
                    let start = Instant::now();
                    let rows = client.query(&statement, &[query])?;
                    let ms = start.elapsed().as_secs_f64() * 1000.0;
                    if round > 0 {
                        times.push(ms);
                    } else {
                        answers.push(rows.iter().map(|row| row.get(0)).collect::<Vec<f64>>());
                    }
                }
            }
            if place == 0 {
                expected = answers;
            } else if place != HALF {
                assert_eq!(answers, expected, "{way}, {name}");
            }
            let what = format!("{name}: {way}");
            measured::keep_latency(&mut keep, "one search", rows, &what, Latency::of(times))?;
        }
    }
    client.batch_execute(
        "DROP TABLE picture; DROP EXTENSION postgres_fdw CASCADE; DROP FUNCTION nearest",
    )?;
    Ok(())
}
