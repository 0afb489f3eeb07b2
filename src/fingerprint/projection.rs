//! From the features to 32 numbers of 8 bits: a linear projection, found by linear
//! discriminant analysis (`scripts/fingerprint`, `docs/method.md`).
//!
//! It was calibrated so that what changes of a picture make of its features comes out
//! small, and what tells different pictures apart comes out large. The constants never
//! change: fingerprints are stored.

use crate::fingerprint::FINGERPRINT_LEN;
use crate::fingerprint::features::FEATURES;

/// Little-endian float4: 32 offsets, then 32 weights of each feature.
static CONSTANTS: &[u8; 4 * FINGERPRINT_LEN * (1 + FEATURES)] = include_bytes!("projection.bin");

/// The number that stands for 0.
const ZERO: u8 = 128;

/// The 32 numbers, rounded to steps and kept within 1 and 255. Of no features at all: all
/// in the middle.
pub fn projected(features: &[f32; FEATURES]) -> [u8; FINGERPRINT_LEN] {
    if features.iter().all(|&feature| feature == 0.0) {
        return [ZERO; FINGERPRINT_LEN];
    }
    let (numbers, _) = CONSTANTS.as_chunks::<4>();
    let (rows, _) = numbers.as_chunks::<FINGERPRINT_LEN>();
    let mut rows = rows.iter().map(|row| row.map(f32::from_le_bytes));
    let mut sums = rows.next().unwrap_or_default();
    // Feature by feature: the same order of additions whatever the machine.
    for (feature, weights) in features.iter().zip(rows) {
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += feature * weight);
    }
    sums.map(|sum| (f32::from(ZERO) + (sum + 0.5).floor().clamp(-127.0, 127.0)) as u8)
}
