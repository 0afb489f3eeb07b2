//! Our index beside pgvector's and cube's, over the same numbers, in one run.
//!
//! `make bench` starts a server and runs this. It prints its progress, then
//! tables, and writes `table.md` and `plot.svg` to the folder named in
//! `IMGSMLR_RS_RESULTS`: all parts, or those named, `signatures`, `fingerprints`, `growth`,
//! `ten-times`, `methods`, `pair`, `hashes` or `self-join`; and `views`, if the folders of the
//! pictures are named in `IMGSMLR_RS_VIEWS`.

#[path = "../data/mod.rs"]
mod data;
#[path = "../data/fingerprints.rs"]
mod fingerprints;
mod hashes;
mod hnsw_pair;
mod kdtree;
mod latency;
mod measure;
mod methods;
mod pages;
mod report;
mod scan;
mod self_join;
mod views;

use data::{Photos, Random, uniform};
use hashes::hashes;
use hnsw_pair::hnsw_pair;
use kdtree::{of_fingerprints, of_growth, of_signatures, of_views, ten_times};
use measure::{INDEX, measure};
use methods::METHODS;
use postgres::{Client, NoTls};
use report::{plot, table};
use self_join::self_join;
use std::error::Error;
use std::io::Write as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Row = [f32; 16];

const QUERIES: usize = 200;
const LIMIT: usize = 20;
/// So many fingerprints are of real views.
const VIEWS: usize = 200_000;
/// Two graphs of more take half an hour.
const MOST_ROWS_OF_A_PAIR: usize = 100_000;

fn connect() -> Result<Client> {
    let server = std::env::var("IMGSMLR_RS_SERVER")?;
    let mut client = Client::connect(&format!("{server} dbname=imgsmlr_rs_bench"), NoTls)?;
    client.batch_execute("SET max_parallel_workers_per_gather = 0; SET jit = off")?;
    Ok(client)
}

fn numbers(row: &Row) -> String {
    row.map(|value| value.to_string()).join(",")
}

/// Loads the same numbers as three types.
fn load(client: &mut Client, rows: &[Row]) -> Result<()> {
    client.batch_execute(
        "DROP TABLE IF EXISTS signatures, vectors, cubes;
         CREATE TABLE signatures (id int, sig signature(16));
         CREATE TABLE vectors (id int, vec vector(16));
         CREATE TABLE cubes (id int, point cube);",
    )?;
    for (table, open, close) in [("signatures", "", ""), ("vectors", "[", "]"), ("cubes", "(", ")")]
    {
        if table == "cubes" && rows.len() > 100_000 {
            continue;
        }
        let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
        for (id, row) in rows.iter().enumerate() {
            writeln!(copy, "{id}\t{open}{}{close}", numbers(row))?;
        }
        copy.finish()?;
    }
    client.batch_execute("VACUUM ANALYZE")?;
    Ok(())
}

fn main() -> Result<()> {
    let results = std::env::var("IMGSMLR_RS_RESULTS")?;
    let sizes: Vec<usize> = match std::env::var("ROWS").ok().filter(|rows| !rows.is_empty()) {
        Some(rows) => {
            rows.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?
        }
        None => vec![100_000, 1_000_000],
    };
    let photos = Photos::read();
    let draw = |set: &str, random: &mut Random| match set {
        "photo" => photos.draw(random),
        _ => uniform(random),
    };
    let mut client = connect()?;
    client.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS imgsmlr_rs; CREATE EXTENSION IF NOT EXISTS vector;
         CREATE EXTENSION IF NOT EXISTS cube; CREATE EXTENSION IF NOT EXISTS imgsmlr_rs_hnsw;",
    )?;
    let named: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    let (mut all, mut pairs) = (Vec::new(), String::from(hnsw_pair::HEADING));
    for set in ["photo", "uniform"] {
        for &size in &sizes {
            if !wanted("methods") && !wanted("pair") {
                continue;
            }
            eprintln!("{set}, {size} rows: loading");
            let mut random = Random(1);
            let rows: Vec<Row> = (0..size).map(|_| draw(set, &mut random)).collect();
            load(&mut client, &rows)?;
            let mut random = Random(2);
            let drawn: Vec<Row> = (0..QUERIES).map(|_| draw(set, &mut random)).collect();
            let exact: Vec<Vec<i32>> = drawn.iter().map(|query| nearest(&rows, query)).collect();
            let methods = METHODS.iter().filter(|method| size <= method.most_rows);
            for method in methods.filter(|_| wanted("methods")) {
                eprintln!("  {}", method.name);
                let queries: Vec<String> = drawn
                    .iter()
                    .map(|row| match method.table {
                        "vectors" => format!("[{}]", numbers(row)),
                        _ => format!("({})", numbers(row)),
                    })
                    .collect();
                all.push(measure(&mut client, method, set, size, &queries, &exact)?);
                // What is there so far, should the rest not come.
                std::fs::write(format!("{results}/table.md"), table(&all))?;
            }
            client.batch_execute(&format!("DROP INDEX IF EXISTS {INDEX}"))?;
            if wanted("pair") && size <= MOST_ROWS_OF_A_PAIR {
                let queries: Vec<String> = drawn.iter().map(numbers).collect();
                pairs += &hnsw_pair(&mut client, set, size, &queries, &exact)?;
            }
        }
    }
    let mut report = Vec::new();
    if wanted("methods") {
        report.push(table(&all));
        std::fs::write(format!("{results}/plot.svg"), plot(&all))?;
    }
    if wanted("pair") {
        report.push(pairs);
    }
    let size = sizes.last().copied().unwrap_or(1_000_000);
    if wanted("signatures") {
        report.push(of_signatures(&mut client, size, &photos)?);
    }
    if wanted("fingerprints") {
        report.push(of_fingerprints(&mut client, size, &results)?);
    }
    let folders = std::env::var("IMGSMLR_RS_VIEWS").unwrap_or_default();
    if wanted("views") && !folders.is_empty() {
        report.push(of_views(&mut client, VIEWS, &folders)?);
    }
    if wanted("growth") {
        report.push(of_growth(&mut client, size, &photos)?);
    }
    if wanted("ten-times") {
        report.push(ten_times(&mut client, size)?);
    }
    if wanted("hashes") {
        eprintln!("hashes");
        report.push(hashes(&mut client)?);
    }
    if wanted("self-join") {
        eprintln!("self-join");
        let mut random = Random(1);
        let rows: Vec<Row> = (0..100_000).map(|_| photos.draw(&mut random)).collect();
        report.push(self_join(&mut client, &rows)?);
    }
    let report = report.join("\n");
    std::fs::write(format!("{results}/table.md"), &report)?;
    println!("{report}");
    Ok(())
}

/// The exact answer, computed here: ids of the nearest, nearest first.
fn nearest(rows: &[Row], query: &Row) -> Vec<i32> {
    let distance = |row: &Row| {
        let squares = row.iter().zip(query).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum::<f64>()
    };
    let mut all: Vec<(f64, i32)> =
        rows.iter().enumerate().map(|(id, row)| (distance(row), id as i32)).collect();
    all.select_nth_unstable_by(LIMIT - 1, |a, b| a.0.total_cmp(&b.0));
    all.truncate(LIMIT);
    all.into_iter().map(|(_, id)| id).collect()
}
