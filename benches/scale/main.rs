//! One table as it grows to thirty million rows: loading, building, searching warm and cold,
//! writing, duplicates.
//!
//! `make bench-scale` starts a server and runs this, a step at a time, as between some of them
//! the server is started anew: `grow SET ROWS`, `cold SET`, `write SET`, `hnsw`,
//! `duplicates`, `workers`, and `report FOLDER`. What a step measures it keeps in the
//! database, in the table `measured`.

#[path = "../data/mod.rs"]
mod data;
mod duplicates;
#[path = "../data/fingerprints.rs"]
mod fingerprints;
mod grow;
mod hnsw;
#[path = "../peers/latency.rs"]
mod latency;
mod measured;
mod memory;
mod plot;
mod questions;
mod report;
#[path = "../peers/scan.rs"]
mod scan;
mod scanned;
mod source;
mod workers;
mod write;

use postgres::{Client, NoTls};
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A session in the bench's database.
fn connect() -> Result<Client> {
    let server = std::env::var("IMGSMLR_RS_SERVER")?;
    let mut client = Client::connect(&format!("{server} dbname=imgsmlr_rs_bench"), NoTls)?;
    client.batch_execute("SET jit = off; SET max_parallel_workers_per_gather = 0")?;
    Ok(client)
}

fn main() -> Result<()> {
    // Cargo adds "--bench".
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["grow", set, rows] => grow::grow(set, rows.parse()?),
        ["cold", set] => questions::cold(set),
        ["write", set] => write::write(set),
        ["hnsw"] => hnsw::hnsw(),
        ["duplicates"] => duplicates::duplicates(),
        ["workers"] => workers::workers(),
        ["report", folder] => report::report(folder),
        _ => Err(format!("no such step: {}", words.join(" ")).into()),
    }
}
