//! Pages and latency against rows.

use crate::latency::Latency;
use crate::pages::pages_read;
use crate::{LIMIT, Result, Rows, SETS, WARM_UP, create, load, queries};
use std::fmt::Write as _;
use std::time::Instant;

const SIZES: [usize; 6] = [62_500, 125_000, 250_000, 500_000, 1_000_000, 2_000_000];
const SEARCH: &str = "SELECT id FROM single ORDER BY sig <-> $1::text::signature";

/// A table of all sizes.
pub fn report() -> Result<String> {
    let mut out = String::from(
        "| set | rows | table MB | index MB | build s | index pages, top 20 | ms: mean / p50 / p95 |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for set in SETS {
        let mut client = create(&format!("growth_{set}"))?;
        client.batch_execute("CREATE TABLE single (id int, sig signature(16))")?;
        let (queries, mut rows) = (queries(set), Rows::of(set, 1));
        let mut loaded = 0;
        for size in SIZES {
            eprintln!("growth, {set}: {size} rows");
            client.batch_execute("DROP INDEX IF EXISTS nearest")?;
            let more: Vec<String> = rows.by_ref().take(size - loaded).collect();
            load(&mut client, "single", loaded, &more)?;
            loaded = size;
            let start = Instant::now();
            client.batch_execute("CREATE INDEX nearest ON single USING gist (sig)")?;
            let build = start.elapsed().as_secs_f64();
            client.batch_execute("VACUUM ANALYZE single")?;
            let size_of = "SELECT pg_table_size('single') / 1e6::float8,
                                  pg_relation_size('nearest') / 1e6::float8";
            let sizes = client.query_one(size_of, &[])?;
            let (table, index): (f64, f64) = (sizes.get(0), sizes.get(1));

            let pages = pages_read(&mut client, "nearest", SEARCH, LIMIT, &queries)?;
            let statement = client.prepare(&format!("{SEARCH} LIMIT {LIMIT}"))?;
            let mut times = Vec::new();
            for (number, query) in queries[..WARM_UP].iter().chain(&queries).enumerate() {
                let start = Instant::now();
                client.query(&statement, &[query])?;
                if number >= WARM_UP {
                    times.push(start.elapsed().as_secs_f64() * 1000.0);
                }
            }
            let ms = Latency::of(times);
            writeln!(
                out,
                "| {set} | {size} | {table:.0} | {index:.0} | {build:.1} | {pages:.0} | {:.2} / {:.2} / {:.2} |",
                ms.mean, ms.p50, ms.p95
            )?;
        }
    }
    Ok(out)
}
