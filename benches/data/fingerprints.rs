//! Fingerprints to measure on: a random row of `photo_fingerprints.txt`, 3,000 of the photographs and views of
//! them that `make quality` searches, moved at random by 0.35 of the file's own covariance and rounded.

use crate::data::{Random, cholesky, covariance};

const LEN: usize = 32;

/// Draws fingerprints.
pub struct Fingerprints {
    rows: Vec<[f64; LEN]>,
    factor: [[f64; LEN]; LEN],
}

impl Fingerprints {
    /// Reads the sample and factors its covariance.
    pub fn read() -> Self {
        let number = |line: &str, axis: usize| {
            f64::from(u8::from_str_radix(&line[2 * axis..2 * axis + 2], 16).expect("two digits"))
        };
        let lines = include_str!("photo_fingerprints.txt").lines();
        let rows: Vec<[f64; LEN]> =
            lines.map(|line| std::array::from_fn(|axis| number(line, axis))).collect();
        Fingerprints { factor: cholesky(&covariance(&rows)), rows }
    }

    /// One fingerprint.
    pub fn draw(&self, random: &mut Random) -> [u8; LEN] {
        let base = &self.rows[(random.bits() % self.rows.len() as u64) as usize];
        let z: [f64; LEN] = std::array::from_fn(|_| random.normal());
        std::array::from_fn(|i| {
            let moved: f64 = self.factor[i].iter().zip(z).map(|(a, z)| a * z).sum();
            (base[i] + 0.35 * moved).round() as u8
        })
    }
}
