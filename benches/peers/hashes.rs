//! Perceptual hashes: pgvector's HNSW by Hamming distance beside reading them all.
//!
//! The hashes are made up, as no hundred thousand photographs are at hand: random
//! ones, each with nine others that differ from it by up to eight bits.

use crate::data::Random;
use crate::latency::Latency;
use crate::{QUERIES, Result, connect};
use postgres::Client;
use std::io::Write as _;
use std::time::Instant;

const HASHES: usize = 100_000;
const FAMILY: usize = 10;

/// `hash` with up to eight bits flipped.
fn changed(hash: u64, random: &mut Random) -> u64 {
    let flips = random.bits() % 9;
    (0..flips).fold(hash, |hash, _| hash ^ 1 << (random.bits() % 64))
}

/// Lines that say what was measured: the ten nearest of 100,000.
pub fn hashes(client: &mut Client) -> Result<String> {
    let mut random = Random(5);
    let mut all = Vec::with_capacity(HASHES);
    while all.len() < HASHES {
        let first = random.bits();
        all.push(first);
        all.extend((1..FAMILY).map(|_| changed(first, &mut random)));
    }
    client
        .batch_execute("DROP TABLE IF EXISTS hashes; CREATE TABLE hashes (id int, hash bit(64))")?;
    let mut copy = client.copy_in("COPY hashes FROM STDIN")?;
    for (id, hash) in all.iter().enumerate() {
        writeln!(copy, "{id}\t{hash:064b}")?;
    }
    copy.finish()?;
    let start = Instant::now();
    client.batch_execute("CREATE INDEX hashes_hnsw ON hashes USING hnsw (hash bit_hamming_ops)")?;
    let build = start.elapsed().as_secs_f64();
    client.batch_execute("VACUUM ANALYZE hashes")?;
    let size: i64 = client.query_one("SELECT pg_relation_size('hashes_hnsw')", &[])?.get(0);

    let queries: Vec<u64> = (0..QUERIES)
        .map(|_| {
            let at = (random.bits() % HASHES as u64) as usize;
            changed(all[at], &mut random)
        })
        .collect();
    let mut reader = connect()?;
    let mut measure = |settings: &str, order: &str| -> Result<(f64, Latency)> {
        reader.batch_execute(settings)?;
        let search = format!("SELECT id FROM hashes ORDER BY {order} LIMIT {FAMILY}");
        let search = reader.prepare(&search)?;
        let (mut hits, mut times) = (0, Vec::new());
        for round in 0..2 {
            for &query in &queries {
                let text = format!("{query:064b}");
                let start = Instant::now();
                let rows = reader.query(&search, &[&text])?;
                if round == 0 {
                    continue;
                }
                times.push(start.elapsed().as_secs_f64() * 1000.0);
                let mut apart: Vec<u32> =
                    all.iter().map(|hash| (hash ^ query).count_ones()).collect();
                let (_, &mut farthest, _) = apart.select_nth_unstable(FAMILY - 1);
                let distance = |row: &postgres::Row| {
                    let id: i32 = row.get(0);
                    (all[id as usize] ^ query).count_ones()
                };
                // Of several that are as far, any will do.
                hits += rows.iter().filter(|row| distance(row) <= farthest).count();
            }
        }
        Ok((hits as f64 / (FAMILY * QUERIES) as f64, Latency::of(times)))
    };
    let by_index = measure("SET enable_seqscan = off", "hash <~> $1::text::bit(64)")?;
    let by_scan = measure("SET enable_seqscan = on", "bit_count(hash # $1::text::bit(64))")?;
    client.batch_execute("DROP TABLE hashes")?;
    let line = |name: &str, build: &str, (recall, Latency { mean, p50, p95 }): (f64, Latency)| {
        format!("| {HASHES} | {name} | {build} | {recall:.4} | {mean:.2} / {p50:.2} / {p95:.2} |\n")
    };
    let built = format!("{build:.1} | {:.0}", size as f64 / 1e6);
    Ok([
        "| hashes | the 10 nearest by | build s | MB | recall | ms: mean / p50 / p95 |\n|---|---|---|---|---|---|\n",
        &line("HNSW, bit_hamming_ops", &built, by_index),
        &line("a sequential scan, bit_count", " | ", by_scan),
    ]
    .concat())
}
