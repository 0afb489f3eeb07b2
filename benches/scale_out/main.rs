//! One search on two cores, and how a search grows with the table.
//!
//! `make bench-scale-out` starts a server and runs this. It prints its progress,
//! then tables in Markdown.

mod cores;
#[path = "../data/mod.rs"]
mod data;
mod growth;
#[path = "../peers/latency.rs"]
mod latency;
#[path = "../peers/pages.rs"]
mod pages;

use data::{Photos, Random, uniform};
use postgres::{Client, NoTls};
use std::error::Error;
use std::io::Write as _;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SETS: [&str; 2] = ["photo", "uniform"];
const QUERIES: usize = 200;
const WARM_UP: usize = 20;
const LIMIT: usize = 20;

/// Draws rows of one of the sets, as text.
struct Rows {
    photos: Option<Photos>,
    random: Random,
}

impl Rows {
    fn of(set: &str, seed: u64) -> Self {
        Rows { photos: (set == "photo").then(Photos::read), random: Random(seed) }
    }
}

impl Iterator for Rows {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let row = match &self.photos {
            Some(photos) => photos.draw(&mut self.random),
            None => uniform(&mut self.random),
        };
        Some(row.map(|value| value.to_string()).join(","))
    }
}

/// The signatures to search by.
fn queries(set: &str) -> Vec<String> {
    Rows::of(set, 2).take(QUERIES).collect()
}

/// Copies rows into `table`, numbered from `first`.
fn load(client: &mut Client, table: &str, first: usize, rows: &[String]) -> Result<()> {
    let mut copy = client.copy_in(&format!("COPY {table} FROM STDIN"))?;
    for (id, row) in rows.iter().enumerate() {
        writeln!(copy, "{}\t{row}", first + id)?;
    }
    copy.finish()?;
    Ok(())
}

/// A session in a fresh database, with the extension.
fn create(name: &str) -> Result<Client> {
    let server = std::env::var("IMGSMLR_RS_SERVER")?;
    let mut maintenance = Client::connect(&format!("{server} dbname=postgres"), NoTls)?;
    maintenance.batch_execute(&format!("CREATE DATABASE {name}"))?;
    let mut client = Client::connect(&format!("{server} dbname={name}"), NoTls)?;
    client.batch_execute("CREATE EXTENSION imgsmlr_rs; SET jit = off")?;
    Ok(client)
}

fn main() -> Result<()> {
    // Cargo adds "--bench".
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| part != "--bench").collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wanted("cores") {
        println!("{}", cores::report()?);
    }
    if wanted("growth") {
        println!("{}", growth::report()?);
    }
    Ok(())
}
