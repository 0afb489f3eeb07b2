//! HNSW on `signature(16)` and on `vector(16)`: the same numbers, query by query in
//! turns, so that both have the same of the machine.

use crate::latency::Latency;
use crate::measure::{answer, recall};
use crate::{LIMIT, Result, connect};
use postgres::{Client, Statement};
use std::time::Instant;

/// Times that all queries are asked.
const ROUNDS: usize = 10;

/// What differs: a name, the table and its index, and what to order by.
type Side = (&'static str, &'static str, &'static str, &'static str);
const SIDES: [Side; 2] = [
    ("signature(16)", "signatures", "sig signature_hnsw_ops", crate::methods::OURS),
    ("vector(16)", "vectors", "vec vector_l2_ops", crate::methods::VECTOR),
];

/// A table's heading.
pub const HEADING: &str = "\
| set | rows | HNSW on | build s | MB | recall | ms: mean / p50 / p95 |
|---|---|---|---|---|---|---|
";

/// Lines of a table, of the tables that are loaded. `queries` are as text, without
/// brackets.
pub fn hnsw_pair(
    client: &mut Client,
    set: &str,
    rows: usize,
    queries: &[String],
    exact: &[Vec<i32>],
) -> Result<String> {
    let mut builds = Vec::new();
    for (name, table, columns, _) in SIDES {
        let start = Instant::now();
        client.batch_execute(&format!(
            "CREATE INDEX hnsw_{table} ON {table} USING hnsw ({columns})"
        ))?;
        let seconds = start.elapsed().as_secs_f64();
        let size = format!("SELECT pg_relation_size('hnsw_{table}')");
        let size: i64 = client.query_one(&size, &[])?.get(0);
        eprintln!("  HNSW on {name}");
        builds.push((seconds, size as f64 / 1e6));
    }
    client.batch_execute("VACUUM signatures, vectors")?;
    let mut reader = connect()?;
    reader.batch_execute("SET enable_seqscan = off; SET enable_sort = off")?;
    let searches: Result<Vec<Statement>> = SIDES
        .iter()
        .map(|(_, table, _, order)| {
            Ok(reader.prepare(&format!("SELECT id FROM {table} ORDER BY {order} LIMIT {LIMIT}"))?)
        })
        .collect();
    let searches = searches?;
    let queries = queries.iter().map(|query| [format!("({query})"), format!("[{query}]")]);
    let queries: Vec<[String; 2]> = queries.collect();
    let mut times = [Vec::new(), Vec::new()];
    let mut found = [Vec::new(), Vec::new()];
    // The first round brings everything into memory.
    for round in 0..=ROUNDS {
        for query in &queries {
            for side in 0..2 {
                let start = Instant::now();
                let ids = answer(&mut reader, &searches[side], &query[side])?;
                if round == 0 {
                    found[side].push(ids);
                } else {
                    times[side].push(start.elapsed().as_secs_f64() * 1000.0);
                }
            }
        }
    }
    client.batch_execute("DROP INDEX hnsw_signatures, hnsw_vectors")?;
    let sides = SIDES.iter().zip(builds).zip(times).zip(found);
    let lines = sides.map(|((((name, ..), (seconds, megabytes)), times), found)| {
        let Latency { mean, p50, p95 } = Latency::of(times);
        format!(
            "| {set} | {rows} | {name} | {seconds:.1} | {megabytes:.0} | {:.4} | {mean:.2} / {p50:.2} / {p95:.2} |\n",
            recall(&found, exact)
        )
    });
    Ok(lines.collect())
}
