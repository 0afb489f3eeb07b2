//! Prints fingerprints or signatures for `COPY`: `rows fingerprint|photo|uniform COUNT SEED`,
//! one a line, numbered from 1.

#[path = "../benches/data/mod.rs"]
mod data;
#[path = "../benches/data/fingerprints.rs"]
mod fingerprints;

use data::{Photos, Random, uniform};
use fingerprints::Fingerprints;
use std::io::{self, BufWriter, Write};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, count, seed] = arguments.as_slice() else {
        return Err(io::Error::other("usage: rows fingerprint|photo|uniform COUNT SEED"));
    };
    let number = |word: &str| word.parse::<u64>().map_err(io::Error::other);
    let mut random = Random(number(seed)?);
    let (photos, fingerprints) = (Photos::read(), Fingerprints::read());
    let numbers = |row: [f32; 16]| row.map(|value| value.to_string()).join(",");
    let mut out = BufWriter::new(io::stdout().lock());
    for id in 1..=number(count)? {
        let row = match kind.as_str() {
            "fingerprint" => {
                fingerprints.draw(&mut random).map(|number| format!("{number:02x}")).concat()
            }
            "photo" => numbers(photos.draw(&mut random)),
            _ => numbers(uniform(&mut random)),
        };
        writeln!(out, "{id}\t{row}")?;
    }
    out.flush()
}
