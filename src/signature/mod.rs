//! A picture's signature: 16 numbers that say how much detail a pattern has at
//! each level and direction, and their Euclidean distance; their [`average`].

pub mod average;

use crate::pattern::{self, Pattern};
use crate::text::{self, NumbersError};
use std::cmp::Ordering;
use std::ops::{Add, Mul};
use thiserror::Error;

/// Numbers in a signature.
pub const SIGNATURE_LEN: usize = 16;

/// Five levels of three norms each, finest first, and the mean last.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signature {
    values: [f32; SIGNATURE_LEN],
}

/// A pattern with coefficients so large that a norm overflows a float4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("number {ordinal} of the signature is out of range")]
pub struct SignatureOutOfRange {
    /// Which of the 16 numbers, counted from 1.
    pub ordinal: usize,
}

impl Signature {
    /// The signature of 16 numbers, each rounded to single precision.
    ///
    /// # Errors
    /// Where they are more or fewer, or one is missing or out of range.
    pub fn of_numbers(numbers: impl Iterator<Item = Option<f64>>) -> Result<Self, NumbersError> {
        text::of_numbers(numbers).map(Self::from_values)
    }

    /// The signature with these 16 numbers.
    pub const fn from_values(values: [f32; SIGNATURE_LEN]) -> Self {
        Signature { values }
    }

    /// The signature of a pattern: for `n = 16, 8, 4, 2, 1` with weight
    /// `m = 1, 2, 4, 8, 16`, `m` times the Euclidean norm of each of the
    /// level's three blocks; then the mean.
    ///
    /// # Errors
    /// When a norm is beyond a float4, which no picture's pattern reaches.
    pub fn of(pattern: &Pattern) -> Result<Self, SignatureOutOfRange> {
        let mut values = [0.0; SIGNATURE_LEN];
        let mut ordinal = 0;
        for (n, weight) in [(16, 1.0), (8, 2.0), (4, 4.0), (2, 8.0), (1, 16.0)] {
            for corner in Pattern::blocks(n) {
                let squares = pattern.block(corner, n).flatten();
                let sum: f64 = squares.map(|&d| f64::from(d) * f64::from(d)).sum();
                values[ordinal] = (weight * sum.sqrt()) as f32;
                ordinal += 1;
                if !values[ordinal - 1].is_finite() {
                    return Err(SignatureOutOfRange { ordinal });
                }
            }
        }
        values[SIGNATURE_LEN - 1] = pattern.get(0, 0);
        Ok(Signature { values })
    }

    /// The 16 numbers.
    pub fn values(&self) -> &[f32; SIGNATURE_LEN] {
        &self.values
    }

    /// Number by number, as numbers compare: −0 is 0. Of use to sort and to find
    /// equal ones, of no other meaning.
    pub fn order(&self, other: &Signature) -> Ordering {
        pattern::order(&self.values, &other.values)
    }

    /// Bytes that are the same for equal signatures, whatever the machine.
    pub fn bytes_of_value(&self) -> [u8; 4 * SIGNATURE_LEN] {
        let mut bytes = [0; 4 * SIGNATURE_LEN];
        for (place, value) in bytes.as_chunks_mut().0.iter_mut().zip(self.values) {
            // −0 + 0 is 0.
            *place = (value + 0.0).to_be_bytes();
        }
        bytes
    }

    /// The square of [`Signature::distance`], in single precision: for searches
    /// that are not exact anyway.
    #[inline]
    pub fn squared_distance(&self, other: &Signature) -> f32 {
        sum_of_squares(|i| self.values[i] - other.values[i])
    }

    /// Euclidean distance, summed in double precision.
    #[inline]
    pub fn distance(&self, other: &Signature) -> f64 {
        root_of_squares(|i| f64::from(self.values[i]) - f64::from(other.values[i]))
    }
}

/// `sqrt(Σ d(i)²)` over the 16 dimensions, added in one fixed order.
///
/// The index's lower bounds use this same order. Rounding is monotonic, so a
/// bound whose every `d(i)` is no larger can never exceed the distance, not
/// even by the last bit.
#[inline(always)]
pub(crate) fn root_of_squares(d: impl Fn(usize) -> f64) -> f64 {
    sum_of_squares(d).sqrt()
}

#[inline(always)]
fn sum_of_squares<T>(d: impl Fn(usize) -> T) -> T
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let mut lanes = [T::default(); 4];
    for step in 0..SIGNATURE_LEN / 4 {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            let difference = d(step * 4 + lane);
            *sum = *sum + difference * difference;
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::PATTERN_LEN;
    use proptest::prelude::*;

    fn signature() -> impl Strategy<Value = Signature> {
        let number = prop_oneof![
            4 => -100.0_f32..100.0,
            1 => proptest::num::f32::NORMAL | proptest::num::f32::ZERO | proptest::num::f32::SUBNORMAL
        ];
        proptest::array::uniform16(number).prop_map(Signature::from_values)
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in signature(), b in signature(), c in signature()) {
            prop_assert_eq!(a.distance(&a), 0.0);
            prop_assert_eq!(a.distance(&b).to_bits(), b.distance(&a).to_bits());
            prop_assert!(a.distance(&b).is_finite());
            prop_assert!(a.distance(&c) <= (a.distance(&b) + b.distance(&c)) * (1.0 + 1e-12));
        }
    }

    proptest! {
        #[test]
        fn the_square_is_the_distances(
            a in proptest::array::uniform16(-100.0_f32..100.0),
            b in proptest::array::uniform16(-100.0_f32..100.0),
        ) {
            let [a, b] = [a, b].map(Signature::from_values);
            let exact = a.distance(&b) * a.distance(&b);
            prop_assert!((f64::from(a.squared_distance(&b)) - exact).abs() <= 1e-5 * exact);
            prop_assert_eq!(a.squared_distance(&b), b.squared_distance(&a));
        }
    }

    proptest! {
        #[test]
        fn order_and_hash_agree_with_equality(a in signature(), b in signature()) {
            prop_assert_eq!(a.order(&b), b.order(&a).reverse());
            prop_assert_eq!(a.order(&b).is_eq(), a == b);
            prop_assert_eq!(a.bytes_of_value() == b.bytes_of_value(), a == b);
            prop_assert_eq!(a.order(&a), Ordering::Equal);
        }
    }

    #[test]
    fn minus_zero_is_zero() {
        let [plus, minus] = [0.0, -0.0].map(|zero| Signature::from_values([zero; SIGNATURE_LEN]));
        assert_eq!(plus, minus);
        assert_eq!(plus.order(&minus), Ordering::Equal);
        assert_eq!(plus.bytes_of_value(), minus.bytes_of_value());
    }

    #[test]
    fn weighs_levels_as_defined() {
        // 1 everywhere: an n×n block of ones has the norm n.
        let mut ones = [1.0; PATTERN_LEN];
        ones[0] = 0.75;
        let signature = Signature::of(&Pattern::from_values(ones)).expect("in range");
        assert_eq!(signature.values()[..15], [16.0; 15]);
        assert_eq!(signature.values()[15], 0.75);
    }

    #[test]
    fn says_which_number_overflows() {
        let huge = Pattern::from_values([f32::MAX; PATTERN_LEN]);
        assert_eq!(Signature::of(&huge), Err(SignatureOutOfRange { ordinal: 1 }));
    }
}
