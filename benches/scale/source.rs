//! The rows of a table, each by its number: any of them can be drawn again.

use crate::Result;
use crate::data::{Photos, Random, uniform};
use crate::fingerprints::Fingerprints;

/// From this number on rows are of no table.
const OTHERS: u64 = 1 << 40;

/// What the table's rows are drawn from.
pub enum Source {
    Fingerprints(Box<Fingerprints>),
    Signatures(Box<Photos>),
    /// Signatures of independent numbers, for which a search costs most.
    Uniform,
}

/// How far a changed copy is from its original.
#[derive(Clone, Copy)]
pub enum Change {
    /// As a picture that was scaled or encoded anew: each number of a fingerprint moved by 1.5
    /// as a standard deviation, each of a signature by 2 % of itself.
    Small,
    /// As one that was rotated by 3° and cropped by 5 %: by 5, and by 10 %.
    Large,
}

impl Source {
    /// By its name, which is that of its tables.
    pub fn of(set: &str) -> Result<Self> {
        match set {
            "fingerprints" => Ok(Source::Fingerprints(Box::new(Fingerprints::read()))),
            "signatures" => Ok(Source::Signatures(Box::new(Photos::read()))),
            "uniform" => Ok(Source::Uniform),
            _ => Err(format!("no set is called {set}").into()),
        }
    }

    /// The SQL type.
    pub fn sql_type(&self) -> &'static str {
        match self {
            Source::Fingerprints(_) => "fingerprint",
            Source::Signatures(_) | Source::Uniform => "signature",
        }
    }

    /// Of the sphere that near-duplicates are looked for in: a fingerprint with a small change is
    /// surely in it. And of one twice as far: one with a large change, too.
    pub fn radii(&self) -> [f64; 2] {
        match self {
            Source::Fingerprints(_) => [0.5, 1.0],
            Source::Signatures(_) | Source::Uniform => [0.3, 0.6],
        }
    }

    /// A row, as text.
    pub fn row(&self, id: u64) -> String {
        self.draw(id, |_| None)
    }

    /// A row of no table.
    pub fn other(&self, number: u64) -> String {
        self.row(OTHERS + number)
    }

    /// A changed copy of a row.
    pub fn copy(&self, id: u64, change: Change) -> String {
        self.copy_by(id, change, 0)
    }

    /// Another one for another seed.
    pub fn copy_by(&self, id: u64, change: Change, seed: u64) -> String {
        let mut random = Random(!(id + seed));
        self.draw(id, |fingerprint| {
            let by = match (change, fingerprint) {
                (Change::Small, true) => 1.5,
                (Change::Small, false) => 0.02,
                (Change::Large, true) => 4.5,
                (Change::Large, false) => 0.1,
            };
            Some(by * random.normal())
        })
    }

    /// The numbers of a row, each moved by what `change` says for a fingerprint or for a
    /// signature.
    fn draw(&self, id: u64, mut change: impl FnMut(bool) -> Option<f64>) -> String {
        // Rows of neighbouring numbers have nothing to do with each other.
        let mut random = Random(Random(id).bits());
        match self {
            Source::Fingerprints(source) => {
                let moved = |at: u8| match change(true) {
                    Some(by) => (f64::from(at) + by).round() as u8,
                    None => at,
                };
                let numbers = source.draw(&mut random).map(moved);
                numbers.map(|number| format!("{number:02x}")).concat()
            }
            Source::Signatures(source) => signature(source.draw(&mut random), change),
            Source::Uniform => signature(uniform(&mut random), change),
        }
    }

    /// The same numbers as pgvector's `vector`; of a fingerprint only.
    pub fn vector(fingerprint: &str) -> String {
        let numbers = (0..fingerprint.len()).step_by(2).map(|at| {
            u8::from_str_radix(&fingerprint[at..at + 2], 16).map_or(0, u32::from).to_string()
        });
        format!("[{}]", numbers.collect::<Vec<_>>().join(","))
    }
}

/// A signature as text, each number changed by a part of itself.
fn signature(numbers: [f32; 16], mut change: impl FnMut(bool) -> Option<f64>) -> String {
    let moved = |at: f32| match change(false) {
        Some(by) => (f64::from(at) * (1.0 + by)).max(0.0) as f32,
        None => at,
    };
    numbers.map(moved).map(|number| number.to_string()).join(",")
}
