//! Building, searching and timing one method.

use crate::latency::Latency;
use crate::methods::Method;
use crate::pages::pages_read;
use crate::{LIMIT, Result, connect};
use postgres::{Client, Statement};
use std::collections::HashSet;
use std::time::Instant;

/// Sequential scans take so long that fewer do.
const SLOW_QUERIES: usize = 20;
/// The name of whatever index is being measured.
pub const INDEX: &str = "nearest";

/// What was measured of a method on a set.
pub struct Measured {
    pub set: &'static str,
    pub rows: usize,
    pub method: &'static str,
    /// `hnsw.ef_search`, where the method has one.
    pub breadth: Option<u32>,
    /// Seconds and megabytes.
    pub build: Option<(f64, f64)>,
    /// Pages for the top 1, 10 and 20: of the index, or of the table.
    pub pages: [f64; 3],
    pub recall: f64,
    /// Of one client, then of two at once.
    pub latency: [Latency; 2],
}

/// The ids that a search answers.
pub fn answer(client: &mut Client, statement: &Statement, query: &str) -> Result<Vec<i32>> {
    Ok(client.query(statement, &[&query])?.iter().map(|row| row.get(0)).collect())
}

/// Milliseconds of each query, by one client.
fn time(settings: &str, search: &str, queries: &[String]) -> Result<Vec<f64>> {
    let mut client = connect()?;
    client.batch_execute(settings)?;
    let statement = client.prepare(&format!("{search} LIMIT {LIMIT}"))?;
    for query in queries.iter().take(20) {
        answer(&mut client, &statement, query)?;
    }
    let mut times = Vec::new();
    for query in queries {
        let start = Instant::now();
        answer(&mut client, &statement, query)?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// Times `clients` clients at once.
fn latency(clients: usize, settings: &str, search: &str, queries: &[String]) -> Result<Latency> {
    let times = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| time(settings, search, queries).map_err(|error| error.to_string()))
            })
            .collect();
        let joined = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client died".to_owned())?);
        joined.collect::<std::result::Result<Vec<_>, String>>()
    })?;
    Ok(Latency::of(times.into_iter().flatten().collect()))
}

/// The part of the exact answers' ids that is found; ties count as found.
pub fn recall(found: &[Vec<i32>], exact: &[Vec<i32>]) -> f64 {
    let hits = found.iter().zip(exact).map(|(found, exact)| {
        let exact: HashSet<_> = exact.iter().collect();
        found.iter().filter(|id| exact.contains(id)).count()
    });
    let all: usize = exact.iter().map(Vec::len).sum();
    hits.sum::<usize>() as f64 / all as f64
}

/// Builds the method's index, if it has one of its own: seconds and megabytes.
fn build(client: &mut Client, method: &Method) -> Result<Option<(f64, f64)>> {
    let Some(using) = method.index.filter(|using| !using.is_empty()) else { return Ok(None) };
    client.batch_execute(&format!("DROP INDEX IF EXISTS {INDEX}"))?;
    let start = Instant::now();
    client.batch_execute(&format!("CREATE INDEX {INDEX} ON {} {using}", method.table))?;
    let seconds = start.elapsed().as_secs_f64();
    client.batch_execute(&format!("VACUUM {}", method.table))?;
    let size: i64 =
        client.query_one("SELECT pg_relation_size($1::text::regclass)", &[&INDEX])?.get(0);
    Ok(Some((seconds, size as f64 / 1e6)))
}

/// Tries the method's breadths until one finds 0.999 of the exact answers;
/// returns what it found and the settings it did it with.
fn settle(
    client: &mut Client,
    method: &Method,
    search: &str,
    queries: &[String],
    exact: &[Vec<i32>],
) -> Result<(f64, String, Option<u32>)> {
    let base = match method.index {
        Some(_) => "SET enable_seqscan = off; SET enable_sort = off",
        None => "SET enable_indexscan = off",
    };
    let mut trials: Vec<Option<u32>> = method.breadths.iter().copied().map(Some).collect();
    if trials.is_empty() {
        trials.push(None);
    }
    let mut settled = (0.0, base.to_owned(), None);
    for breadth in trials {
        let breadth_setting = breadth.map(|ef| format!("; SET hnsw.ef_search = {ef}"));
        let settings = format!("{base}{}", breadth_setting.unwrap_or_default());
        client.batch_execute(&settings)?;
        let statement = client.prepare(&format!("{search} LIMIT {LIMIT}"))?;
        let answers: Result<Vec<_>> =
            queries.iter().map(|query| answer(client, &statement, query)).collect();
        settled = (recall(&answers?, &exact[..queries.len()]), settings, breadth);
        if settled.0 >= 0.999 {
            break;
        }
    }
    Ok(settled)
}

/// Builds, searches and times one method over the loaded tables.
pub fn measure(
    client: &mut Client,
    method: &Method,
    set: &'static str,
    rows: usize,
    queries: &[String],
    exact: &[Vec<i32>],
) -> Result<Measured> {
    let build = build(client, method)?;
    let search = format!("SELECT id FROM {} ORDER BY {}", method.table, method.order_by);
    let (relation, queries) = match method.index {
        Some(_) => (INDEX, queries),
        None => (method.table, &queries[..SLOW_QUERIES]),
    };
    let (recall, settings, breadth) = settle(client, method, &search, queries, exact)?;
    let mut pages = [0.0; 3];
    for (pages, limit) in pages.iter_mut().zip([1, 10, 20]) {
        *pages = pages_read(client, relation, &search, limit, queries)?;
    }
    let latency =
        [latency(1, &settings, &search, queries)?, latency(2, &settings, &search, queries)?];
    client.batch_execute("RESET enable_seqscan; RESET enable_sort; RESET enable_indexscan")?;
    Ok(Measured { set, rows, method: method.name, breadth, build, pages, recall, latency })
}
