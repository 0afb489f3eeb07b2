//! Signatures as binary parameters of a Rust driver, the `postgres` crate.
//!
//! ```sh
//! cargo run --example driver -- "host=/tmp user=postgres dbname=postgres"
//! ```
//!
//! It makes a temporary table, so nothing is left behind.

mod values;

use postgres::{Client, NoTls};
use std::error::Error;
use values::Signature;

fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("which server? \"host=… user=… dbname=…\"")?;
    let mut client = Client::connect(&server, NoTls)?;
    client.batch_execute(
        "CREATE EXTENSION IF NOT EXISTS imgsmlr_rs;
         CREATE TEMP TABLE picture (id int, sig signature)",
    )?;
    for id in 0..5 {
        let sig = Signature([id as f32; 16]);
        client.execute("INSERT INTO picture VALUES ($1, $2)", &[&id, &sig])?;
    }
    let near = Signature([2.2; 16]);
    let search = "SELECT id, sig, sig <-> $1 AS distance FROM picture ORDER BY sig <-> $1 LIMIT 3";
    for row in client.query(search, &[&near])? {
        let (id, sig, distance): (i32, Signature, f64) = (row.get(0), row.get(1), row.get(2));
        println!("picture {id}, {distance:.3} away, begins with {}", sig.0[0]);
    }
    Ok(())
}
