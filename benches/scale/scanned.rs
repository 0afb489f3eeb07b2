//! The same searches of the same rows in one array in memory, by one thread and without Postgres:
//! what an index has to be worth its pages beside.

use crate::Result;
use crate::scan::{Wanted, scan};
use crate::source::Source;
use imgsmlr_rs::fingerprint::{Fingerprint, UNIT};
use std::time::Instant;

/// So many of the queries are asked: each looks at all rows.
const ASKED: usize = 20;

/// The rows of a table.
pub enum Rows {
    Fingerprints(Vec<[u8; 32]>),
    Signatures(Vec<[f32; 16]>),
}

fn fingerprint(text: &str) -> Result<[u8; 32]> {
    Ok(*Fingerprint::of_hex(text.as_bytes())?.values())
}

fn signature(text: &str) -> Result<[f32; 16]> {
    let mut numbers = [0.0; 16];
    for (number, word) in numbers.iter_mut().zip(text.split(',')) {
        *number = word.parse()?;
    }
    Ok(numbers)
}

impl Rows {
    /// As many as the table has.
    pub fn of(source: &Source, rows: i64) -> Result<Self> {
        let texts = (0..rows as u64).map(|id| source.row(id));
        Ok(match source {
            Source::Fingerprints(_) => {
                Rows::Fingerprints(texts.map(|text| fingerprint(&text)).collect::<Result<_>>()?)
            }
            Source::Signatures(_) | Source::Uniform => {
                Rows::Signatures(texts.map(|text| signature(&text)).collect::<Result<_>>()?)
            }
        })
    }

    /// What is looked for: so many, or all within a radius.
    pub fn wanted(&self, limit: usize, radius: Option<f64>) -> Wanted {
        let unit = if matches!(self, Rows::Fingerprints(_)) { UNIT } else { 1.0 };
        match radius {
            Some(radius) => Wanted::Within(((radius * unit) * (radius * unit)) as f32),
            None => Wanted::Nearest(limit),
        }
    }

    fn look(&self, query: &str, wanted: Wanted) -> Result<usize> {
        Ok(match self {
            Rows::Fingerprints(rows) => scan(rows, &fingerprint(query)?, wanted).len(),
            Rows::Signatures(rows) => scan(rows, &signature(query)?, wanted).len(),
        })
    }

    /// Milliseconds a query, after once to bring all into memory.
    pub fn milliseconds(&self, queries: &[String], wanted: Wanted) -> Result<f64> {
        let queries = queries.get(..ASKED).unwrap_or(queries);
        if let Some(first) = queries.first() {
            self.look(first, wanted)?;
        }
        let start = Instant::now();
        for query in queries {
            std::hint::black_box(self.look(query, wanted)?);
        }
        Ok(start.elapsed().as_secs_f64() * 1000.0 / queries.len() as f64)
    }
}
