//! Prints signatures for `COPY`: `rows photo|uniform COUNT SEED`, one a line,
//! numbered from 1.

#[path = "../benches/data/mod.rs"]
mod data;

use data::{Photos, Random, uniform};
use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, count, seed] = arguments.as_slice() else {
        return Err(io::Error::other("usage: rows photo|uniform COUNT SEED"));
    };
    let number = |word: &str| word.parse::<u64>().map_err(io::Error::other);
    let mut random = Random(number(seed)?);
    let photos = Photos::read();
    let mut out = BufWriter::new(io::stdout().lock());
    for id in 1..=number(count)? {
        let row = match kind.as_str() {
            "photo" => photos.draw(&mut random),
            _ => uniform(&mut random),
        };
        let numbers = row.map(|value| value.to_string()).join(",");
        writeln!(out, "{id}\t{numbers}")?;
    }
    out.flush()
}
