//! From the features to 32 numbers of 8 bits: two layers of a network and a direct way beside
//! them, found by training (`scripts/fingerprint`, `docs/method.md`).
//!
//! It was trained so that a picture's changed copies come out near it and all other pictures
//! far. The weights never change once they are released: fingerprints are stored.
//!
//! Behind the first rounding all numbers are whole, so no order of sums matters: the same bytes
//! on every machine and in every build, whatever a compiler makes of it.

use crate::fingerprint::FINGERPRINT_LEN;
use crate::fingerprint::features::FEATURES;

/// Numbers between the layers.
pub const HIDDEN: usize = 768;

/// The number that stands for 0.
const ZERO: u8 = 128;
/// Bits behind the point of the factors of the hidden numbers, and of the last ones.
const HIDDEN_BITS: u32 = 24;
const OUT_BITS: u32 = 40;

/// Little-endian, in this order: of each feature its mean and 16 over its standard deviation
/// (float4 each, all means first); of each hidden number its 1,216 weights (int1), then all
/// biases (int4) and factors (int4); of each last number its weights of the features (int1),
/// then those of the hidden numbers (int2), then the factors of both sums and what is added
/// (int8 each, all of one kind together).
static WEIGHTS: &[u8; LENGTH] = include_bytes!("layers.bin");

const STANDARD: usize = 4 * FEATURES;
const IN: usize = HIDDEN * FEATURES;
const HIDDEN_NUMBERS: usize = 4 * HIDDEN;
const DIRECT: usize = FINGERPRINT_LEN * FEATURES;
const OUT: usize = 2 * FINGERPRINT_LEN * HIDDEN;
const LAST: usize = 8 * FINGERPRINT_LEN;
const LENGTH: usize = 2 * STANDARD + IN + 2 * HIDDEN_NUMBERS + DIRECT + OUT + 3 * LAST;

/// The 32 numbers, rounded to steps and kept within 1 and 255. Of no features at all: all
/// in the middle.
pub fn numbers(features: &[f32; FEATURES]) -> [u8; FINGERPRINT_LEN] {
    if features.iter().all(|&feature| feature == 0.0) {
        return [ZERO; FINGERPRINT_LEN];
    }
    let (means, rest) = WEIGHTS.split_at(STANDARD);
    let (factors, rest) = rest.split_at(STANDARD);
    let (into, rest) = rest.split_at(IN);
    let (biases, rest) = rest.split_at(HIDDEN_NUMBERS);
    let (hidden_factors, rest) = rest.split_at(HIDDEN_NUMBERS);
    let (direct, rest) = rest.split_at(DIRECT);
    let (out, rest) = rest.split_at(OUT);
    let (direct_factors, rest) = rest.split_at(LAST);
    let (out_factors, added) = rest.split_at(LAST);

    let standard = standard(features, means, factors);
    let hidden = hidden(&standard, into, biases, hidden_factors);
    let mut numbers = [ZERO; FINGERPRINT_LEN];
    let rows = rows_of::<FEATURES>(direct).iter().zip(out.as_chunks::<{ 2 * HIDDEN }>().0);
    let factors = wide(direct_factors).zip(wide(out_factors)).zip(wide(added));
    for ((number, (direct, out)), ((direct_factor, out_factor), added)) in
        numbers.iter_mut().zip(rows).zip(factors)
    {
        let sum = i64::from(product(&standard, direct)) * direct_factor
            + i64::from(product_of_wide(&hidden, out)) * out_factor
            + added;
        *number = ((sum >> OUT_BITS).clamp(-127, 127) + i64::from(ZERO)) as u8;
    }
    numbers
}

/// Each feature less its mean, in sixteenths of its standard deviation, from −127 to 127.
fn standard(features: &[f32; FEATURES], means: &[u8], factors: &[u8]) -> [i16; FEATURES] {
    let mut standard = [0; FEATURES];
    let constants = means.as_chunks::<4>().0.iter().zip(factors.as_chunks::<4>().0);
    for ((value, &feature), (&mean, &factor)) in standard.iter_mut().zip(features).zip(constants) {
        let steps = (feature - f32::from_le_bytes(mean)) * f32::from_le_bytes(factor);
        *value = (steps + 0.5).floor().clamp(-127.0, 127.0) as i16;
    }
    standard
}

/// The first layer: of each sum what is above zero, from 0 to 255.
fn hidden(
    standard: &[i16; FEATURES],
    weights: &[u8],
    biases: &[u8],
    factors: &[u8],
) -> [i16; HIDDEN] {
    let mut hidden = [0; HIDDEN];
    let constants = biases.as_chunks::<4>().0.iter().zip(factors.as_chunks::<4>().0);
    for ((value, row), (&bias, &factor)) in
        hidden.iter_mut().zip(rows_of::<FEATURES>(weights)).zip(constants)
    {
        let sum = i64::from(product(standard, row)) + i64::from(i32::from_le_bytes(bias));
        let scaled = (sum * i64::from(i32::from_le_bytes(factor))) >> HIDDEN_BITS;
        *value = scaled.clamp(0, 255) as i16;
    }
    hidden
}

fn rows_of<const N: usize>(weights: &[u8]) -> &[[u8; N]] {
    weights.as_chunks().0
}

fn wide(bytes: &[u8]) -> impl Iterator<Item = i64> {
    bytes.as_chunks().0.iter().map(|&number| i64::from_le_bytes(number))
}

/// The sum of products with weights of one byte: at most 1,216·127·128, which 32 bits hold. Of values up to 127
/// two products fit in 16 bits, in which a processor multiplies twice as many at a time.
fn product(values: &[i16; FEATURES], weights: &[u8; FEATURES]) -> i32 {
    const LANES: usize = 16;
    const { assert!(FEATURES.is_multiple_of(2 * LANES)) };
    let mut sums = [0_i32; LANES];
    let parts = values.as_chunks::<{ 2 * LANES }>().0.iter();
    for (values, weights) in parts.zip(weights.as_chunks::<{ 2 * LANES }>().0) {
        let product = |at: usize| values[at].wrapping_mul(i16::from(weights[at] as i8));
        let pairs: [i16; LANES] =
            std::array::from_fn(|lane| product(lane).wrapping_add(product(LANES + lane)));
        for (sum, pair) in sums.iter_mut().zip(pairs) {
            *sum += i32::from(pair);
        }
    }
    sums.iter().sum()
}

/// The sum of products with weights of two bytes, of at most 8,191: at most 768·255·8,191.
fn product_of_wide(values: &[i16; HIDDEN], weights: &[u8; 2 * HIDDEN]) -> i32 {
    let mut sum = 0_i32;
    for (&value, &weight) in values.iter().zip(weights.as_chunks().0) {
        sum += i32::from(value) * i32::from(i16::from_le_bytes(weight));
    }
    sum
}
