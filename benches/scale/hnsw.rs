//! pgvector's HNSW on the same fingerprints, beside `kdtree` at the size there is.

use crate::latency::Latency;
use crate::source::{Change, Source};
use crate::{Result, connect, measured, questions};
use postgres::{Client, Statement};
use std::io::Write as _;
use std::time::Instant;

const BREADTHS: [u32; 6] = [40, 80, 160, 320, 640, 1000];
/// The part of the exact answer that is to be found.
const RECALL: f64 = 0.99;
const SET: &str = "fingerprints";

type Answers = (Vec<Vec<i64>>, Vec<f64>);

fn ask(client: &mut Client, statement: &Statement, queries: &[String]) -> Result<Answers> {
    let (mut answers, mut times) = (Vec::new(), Vec::new());
    for query in queries {
        let start = Instant::now();
        let rows = client.query(statement, &[query])?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        answers.push(rows.iter().map(|row| row.get(0)).collect());
    }
    Ok((answers, times))
}

fn recall(found: &[Vec<i64>], exact: &[Vec<i64>]) -> f64 {
    let hits = found
        .iter()
        .zip(exact)
        .map(|(found, exact)| exact.iter().filter(|id| found.contains(id)).count());
    hits.sum::<usize>() as f64 / exact.iter().map(Vec::len).sum::<usize>() as f64
}

/// Loads vectors, builds, and searches by the least breadth that finds enough.
pub fn hnsw() -> Result<()> {
    let (mut client, source) = (connect()?, Source::of(SET)?);
    let rows = measured::size(&mut client, SET)?;
    eprintln!("HNSW, {rows} rows: loading and building, about five minutes at a million");
    client.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS vector; DROP TABLE IF EXISTS vectors;
         CREATE TABLE vectors (id bigint, vec vector(32))",
    )?;
    let mut copy = client.copy_in("COPY vectors FROM STDIN")?;
    for id in 0..rows {
        writeln!(copy, "{id}\t{}", Source::vector(&source.row(id as u64)))?;
    }
    copy.finish()?;
    client.batch_execute("VACUUM ANALYZE vectors")?;
    let start = Instant::now();
    client.batch_execute("CREATE INDEX vectors_vec ON vectors USING hnsw (vec vector_l2_ops)")?;
    measured::keep(&mut client, "hnsw", rows, "build s", start.elapsed().as_secs_f64())?;
    let sought = "SELECT pg_relation_size('vectors_vec')::float8 / 1e6";
    let size = client.query_one(sought, &[])?.get(0);
    measured::keep(&mut client, "hnsw", rows, "index MB", size)?;
    client.batch_execute("VACUUM vectors")?;
    client.batch_execute("CHECKPOINT")?;

    client.batch_execute("SET enable_seqscan = off")?;
    let copies = questions::copies(&source, rows, Change::Large);
    let others = questions::others(&source);
    for (name, limit, queries) in [
        ("top 1 of changed copies", 1, &copies),
        ("top 20 of changed copies", 20, &copies),
        ("top 20 of others", 20, &others),
    ] {
        let ours = client.prepare(&format!(
            "SELECT id FROM {SET} ORDER BY own <-> $1::text::fingerprint LIMIT {limit}"
        ))?;
        let (exact, _) = ask(&mut client, &ours, queries)?;
        let theirs = client.prepare(&format!(
            "SELECT id FROM vectors ORDER BY vec <-> $1::text::vector LIMIT {limit}"
        ))?;
        let vectors: Vec<String> = queries.iter().map(|query| Source::vector(query)).collect();
        let (mut breadth, mut found) = (0, 0.0);
        for trial in BREADTHS {
            client.batch_execute(&format!("SET hnsw.ef_search = {trial}"))?;
            (breadth, found) = (trial, recall(&ask(&mut client, &theirs, &vectors)?.0, &exact));
            if found >= RECALL {
                break;
            }
        }
        let mut times = Vec::new();
        for _ in 0..3 {
            times.extend(ask(&mut client, &theirs, &vectors)?.1);
        }
        measured::keep(&mut client, "hnsw", rows, &format!("{name}, ef"), f64::from(breadth))?;
        measured::keep(&mut client, "hnsw", rows, &format!("{name}, recall"), found)?;
        measured::keep_latency(&mut client, "hnsw", rows, name, Latency::of(times))?;
    }
    client.batch_execute("DROP TABLE vectors")?;
    Ok(())
}
