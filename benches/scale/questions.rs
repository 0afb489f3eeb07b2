//! Searches of a table, with all in memory and with nothing of it in memory.

use crate::latency::Latency;
use crate::scanned::Rows;
use crate::source::{Change, Source};
use crate::{Result, connect, measured};
use postgres::{Client, Statement};
use std::time::Instant;

const QUERIES: u64 = 200;
/// Times that all queries are asked, after once to bring everything into memory.
const ROUNDS: usize = 3;
/// Queries that are asked with nothing in memory, and that a scan of the table answers, too.
const COLD: usize = 25;
const COMPARED: usize = 3;

/// A question, and its queries.
struct Question {
    name: &'static str,
    search: String,
    limit: usize,
    /// Of the sphere, where that is asked for.
    radius: Option<f64>,
    queries: Vec<String>,
}

/// A number of a row that is in the table whatever was deleted: see [`crate::write`].
fn kept_row(number: u64, rows: i64) -> u64 {
    let at = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % rows as u64;
    at - at % 10
}

/// Changed copies of rows to search by.
pub fn copies(source: &Source, rows: i64, change: Change) -> Vec<String> {
    (0..QUERIES).map(|number| source.copy(kept_row(number, rows), change)).collect()
}

/// What is of no row, to search by.
pub fn others(source: &Source) -> Vec<String> {
    (0..QUERIES).map(|number| source.other(number)).collect()
}

fn questions(set: &str, source: &Source, rows: i64) -> [Question; 5] {
    let own = source.sql_type();
    let ordered = format!("SELECT id FROM {set} ORDER BY own <-> $1::text::{own}");
    let question = |name, limit, queries| Question {
        name,
        search: ordered.clone(),
        limit,
        radius: None,
        queries,
    };
    let within = |name, radius, queries| Question {
        name,
        search: format!("SELECT id FROM {set} WHERE own <<->> sphere($1::text::{own}, {radius})"),
        limit: 1_000_000,
        radius: Some(radius),
        queries,
    };
    let [near, far] = source.radii();
    [
        question("top 1 of changed copies", 1, copies(source, rows, Change::Large)),
        question("top 20 of changed copies", 20, copies(source, rows, Change::Large)),
        question("top 20 of others", 20, others(source)),
        within("near-duplicates of copies", near, copies(source, rows, Change::Small)),
        within("sphere of 1 around copies", far, copies(source, rows, Change::Large)),
    ]
}

/// A session that asks by the index, and a question prepared there.
fn prepared(question: &Question) -> Result<(Client, Statement)> {
    let mut client = connect()?;
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off")?;
    let statement = client.prepare(&format!("{} LIMIT {}", question.search, question.limit))?;
    Ok((client, statement))
}

fn milliseconds(
    client: &mut Client,
    statement: &Statement,
    query: &String,
) -> Result<(usize, f64)> {
    let start = Instant::now();
    let found = client.query(statement, &[query])?.len();
    Ok((found, start.elapsed().as_secs_f64() * 1000.0))
}

/// The mean number of the index' pages that a query reads: of all that the plan says, a row's own
/// is the table's.
fn pages(client: &mut Client, question: &Question) -> Result<f64> {
    let mut pages = 0;
    for query in &question.queries {
        let search = question.search.replace("$1", &format!("'{query}'"));
        let explain = format!("EXPLAIN (ANALYZE, BUFFERS) {search} LIMIT {}", question.limit);
        let plan = client.query(&explain, &[])?;
        let lines: Vec<&str> = plan.iter().map(|row| row.get(0)).collect();
        let buffers = lines.iter().find_map(|line| line.trim().strip_prefix("Buffers: shared "));
        let buffers = buffers.ok_or("a plan without buffers")?;
        for part in buffers.split_whitespace() {
            if let Some(count) = part.strip_prefix("hit=").or(part.strip_prefix("read=")) {
                pages += count.parse::<usize>()?;
            }
        }
        let rows = client.query(&format!("{search} LIMIT {}", question.limit), &[])?.len();
        pages -= rows;
    }
    Ok(pages as f64 / question.queries.len() as f64)
}

/// The same distances by the index as by looking at all rows.
fn compare(client: &mut Client, set: &str, source: &Source) -> Result<()> {
    let own = source.sql_type();
    let search = format!(
        "SELECT own <-> $1::text::{own} FROM {set} ORDER BY own <-> $1::text::{own} LIMIT 20"
    );
    for number in 0..COMPARED {
        let query = source.other(number as u64);
        let mut answers = Vec::new();
        for settings in ["enable_seqscan", "enable_indexscan"] {
            client.batch_execute(&format!("BEGIN; SET LOCAL {settings} = off"))?;
            let rows = client.query(&search, &[&query])?;
            client.batch_execute("COMMIT")?;
            answers.push(rows.iter().map(|row| row.get::<_, f64>(0)).collect::<Vec<_>>());
        }
        assert_eq!(answers[0], answers[1], "{set}: the index and the table, {query}");
    }
    eprintln!("  {COMPARED} answers are those of a scan of the table");
    Ok(())
}

/// Asks all questions with everything in memory.
pub fn warm(set: &str) -> Result<()> {
    let (mut keeper, source) = (connect()?, Source::of(set)?);
    let rows = measured::size(&mut keeper, set)?;
    compare(&mut keeper, set, &source)?;
    let all = Rows::of(&source, rows)?;
    for question in questions(set, &source, rows) {
        let (mut client, statement) = prepared(&question)?;
        let (mut times, mut found) = (Vec::new(), 0);
        for round in 0..=ROUNDS {
            for query in &question.queries {
                let (rows, ms) = milliseconds(&mut client, &statement, query)?;
                if round > 0 {
                    times.push(ms);
                }
                found += rows;
            }
        }
        let name = question.name;
        let found = found as f64 / ((ROUNDS + 1) * question.queries.len()) as f64;
        measured::keep_latency(&mut keeper, set, rows, name, Latency::of(times))?;
        measured::keep(&mut keeper, set, rows, &format!("{name}, rows found"), found)?;
        let pages = pages(&mut client, &question)?;
        measured::keep(&mut keeper, set, rows, &format!("{name}, pages"), pages)?;
        let wanted = all.wanted(question.limit, question.radius);
        let scan = all.milliseconds(&question.queries, wanted)?;
        measured::keep(&mut keeper, set, rows, &format!("{name}, scan"), scan)?;
    }
    Ok(())
}

/// Asks with nothing of the table and the index in the server's buffers; nor in the system's,
/// where this is root on Linux.
pub fn cold(set: &str) -> Result<()> {
    const DROP: &str = "/proc/sys/vm/drop_caches";
    let (mut keeper, source) = (connect()?, Source::of(set)?);
    let rows = measured::size(&mut keeper, set)?;
    keeper.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_buffercache")?;
    let dropped = std::fs::write(DROP, "1").is_ok();
    let from = if dropped { "from disk" } else { "from the system's memory" };
    for question in questions(set, &source, rows) {
        let (mut client, statement) = prepared(&question)?;
        // What every first search of a session does: the catalogs, the library.
        milliseconds(&mut client, &statement, &source.other(QUERIES))?;
        let mut times = Vec::new();
        for query in question.queries.iter().take(COLD) {
            for relation in [set.to_owned(), format!("{set}_own")] {
                let evict = "SELECT pg_buffercache_evict_relation($1::text::regclass)";
                client.query_one(evict, &[&relation])?;
            }
            if dropped {
                std::fs::write(DROP, "1")?;
            }
            times.push(milliseconds(&mut client, &statement, query)?.1);
        }
        let what = format!("{}, {from}", question.name);
        measured::keep_latency(&mut keeper, set, rows, &what, Latency::of(times))?;
        // Then as it comes, with buffers that are smaller than the index.
        let mut times = Vec::new();
        for round in 0..2 {
            for query in &question.queries {
                let (_, ms) = milliseconds(&mut client, &statement, query)?;
                if round > 0 {
                    times.push(ms);
                }
            }
        }
        let what = format!("{}, small buffers", question.name);
        measured::keep_latency(&mut keeper, set, rows, &what, Latency::of(times))?;
    }
    Ok(())
}
