//! A picture's fingerprint: 32 numbers of 8 bits by which a changed copy of it is found
//! again, and their distance.
//!
//! [`features`] are taken of a pattern, and the [`layers`] of a small network make 32 numbers
//! of them; [`chance`] says how near strangers come.

pub mod chance;
pub mod features;
pub mod layers;

use crate::pattern::Pattern;
use thiserror::Error;

/// Numbers in a fingerprint.
pub const FINGERPRINT_LEN: usize = 32;

/// Steps of the 8-bit numbers that are a distance of 1: below it lie one in a million
/// pairs of different photographs (`docs/quality.md`).
pub const UNIT: f64 = 51.2;

/// 32 numbers, 0 to 255, the one that tells pictures apart best first.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    values: [u8; FINGERPRINT_LEN],
}

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HexError {
    /// Not 64 digits.
    #[error("it has {found} characters instead of 64")]
    WrongLength {
        /// How many bytes of text there are.
        found: usize,
    },
    /// Something that is no hexadecimal digit.
    #[error("no hexadecimal digit at byte {at}")]
    NotADigit {
        /// Where, in bytes from 1.
        at: usize,
    },
}

/// Numbers that are no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BytesError {
    /// Not 32 of them.
    #[error("it has {found} numbers instead of {FINGERPRINT_LEN}")]
    WrongLength {
        /// How many there are.
        found: usize,
    },
    /// Null.
    #[error("number {ordinal} is null")]
    Missing {
        /// Which, counted from 1.
        ordinal: usize,
    },
    /// Below 0, or above 255.
    #[error("number {ordinal} is {value}, not between 0 and 255")]
    OutOfRange {
        /// Which, counted from 1.
        ordinal: usize,
        /// What it is.
        value: i16,
    },
}

impl Fingerprint {
    /// The fingerprint of a pattern. Of any numbers: a picture of one colour has the
    /// fingerprint of the pattern of zeros.
    pub fn of(pattern: &Pattern) -> Self {
        Fingerprint { values: layers::numbers(&features::of(pattern)) }
    }

    /// The fingerprint with these numbers.
    pub const fn from_values(values: [u8; FINGERPRINT_LEN]) -> Self {
        Fingerprint { values }
    }

    /// The fingerprint of 32 bytes.
    ///
    /// # Errors
    /// Where they are more or fewer.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, BytesError> {
        let values = bytes.try_into();
        values.map(Self::from_values).map_err(|_| BytesError::WrongLength { found: bytes.len() })
    }

    /// The fingerprint of 32 numbers, 0 to 255.
    ///
    /// # Errors
    /// Where they are more or fewer, or one is missing or out of range.
    pub fn of_numbers(numbers: impl Iterator<Item = Option<i16>>) -> Result<Self, BytesError> {
        let mut values = [0; FINGERPRINT_LEN];
        let mut found = 0;
        for number in numbers {
            found += 1;
            let Some(place) = values.get_mut(found - 1) else { continue };
            let value = number.ok_or(BytesError::Missing { ordinal: found })?;
            *place = u8::try_from(value)
                .map_err(|_| BytesError::OutOfRange { ordinal: found, value })?;
        }
        if found == FINGERPRINT_LEN {
            Ok(Fingerprint { values })
        } else {
            Err(BytesError::WrongLength { found })
        }
    }

    /// The fingerprint in 64 hexadecimal digits, of either case.
    ///
    /// # Errors
    /// On another length, and on anything that is no digit.
    pub fn of_hex(text: &[u8]) -> Result<Self, HexError> {
        let (pairs, rest) = text.as_chunks::<2>();
        if pairs.len() != FINGERPRINT_LEN || !rest.is_empty() {
            return Err(HexError::WrongLength { found: text.len() });
        }
        let digit = |at: usize| {
            let digit = text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
            digit.map(|digit| digit as u8).ok_or(HexError::NotADigit { at: at + 1 })
        };
        let mut values = [0; FINGERPRINT_LEN];
        for (place, value) in values.iter_mut().enumerate() {
            *value = digit(2 * place)? << 4 | digit(2 * place + 1)?;
        }
        Ok(Fingerprint { values })
    }

    /// 64 hexadecimal digits, of lower case.
    pub fn to_hex(&self) -> String {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
        self.values.iter().flat_map(|&value| [digit(value >> 4), digit(value & 15)]).collect()
    }

    /// The 32 numbers.
    pub fn values(&self) -> &[u8; FINGERPRINT_LEN] {
        &self.values
    }

    /// The square of the distance, in steps of the 8-bit numbers: an integer, the same on
    /// every machine. At most 32·255².
    #[inline]
    pub fn squared_distance(&self, other: &Fingerprint) -> u32 {
        sum_of_squares(|i| self.values[i].abs_diff(other.values[i]))
    }

    /// Euclidean distance, in units: below 1 lie one in a million pairs of different
    /// photographs.
    #[inline]
    pub fn distance(&self, other: &Fingerprint) -> f64 {
        in_units(self.squared_distance(other))
    }
}

/// `Σ d(i)²` over the 32 numbers.
#[inline(always)]
pub(crate) fn sum_of_squares(d: impl Fn(usize) -> u8) -> u32 {
    let mut sum = 0;
    for i in 0..FINGERPRINT_LEN {
        let difference = u32::from(d(i));
        sum += difference * difference;
    }
    sum
}

/// The distance whose square in steps this is. Never less for a larger square.
#[inline(always)]
pub(crate) fn in_units(squared: u32) -> f64 {
    f64::from(squared).sqrt() / UNIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fingerprint() -> impl Strategy<Value = Fingerprint> {
        proptest::array::uniform32(any::<u8>()).prop_map(Fingerprint::from_values)
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in fingerprint(), b in fingerprint(), c in fingerprint()) {
            prop_assert_eq!(a.distance(&a), 0.0);
            prop_assert_eq!(a.distance(&b).to_bits(), b.distance(&a).to_bits());
            prop_assert_eq!(a.distance(&b) == 0.0, a == b);
            prop_assert!(a.distance(&c) <= (a.distance(&b) + b.distance(&c)) * (1.0 + 1e-12));
        }

        #[test]
        fn the_square_is_what_the_definition_says(a in fingerprint(), b in fingerprint()) {
            let squares = a.values.iter().zip(b.values).map(|(&a, b)| {
                let difference = i64::from(a) - i64::from(b);
                difference * difference
            });
            prop_assert_eq!(i64::from(a.squared_distance(&b)), squares.sum::<i64>());
        }

        #[test]
        fn digits_numbers_and_bytes_give_it_back(a in fingerprint()) {
            let hex = a.to_hex();
            prop_assert_eq!(hex.len(), 64);
            prop_assert_eq!(Fingerprint::of_hex(hex.as_bytes()), Ok(a));
            prop_assert_eq!(Fingerprint::of_hex(hex.to_uppercase().as_bytes()), Ok(a));
            prop_assert_eq!(Fingerprint::of_bytes(a.values()), Ok(a));
            let numbers = a.values().iter().map(|&value| Some(i16::from(value)));
            prop_assert_eq!(Fingerprint::of_numbers(numbers), Ok(a));
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        let of_hex = |text: &str| Fingerprint::of_hex(text.as_bytes());
        assert_eq!(of_hex(""), Err(HexError::WrongLength { found: 0 }));
        assert_eq!(of_hex(&"0".repeat(65)), Err(HexError::WrongLength { found: 65 }));
        assert_eq!(of_hex(&format!("0g{}", "0".repeat(62))), Err(HexError::NotADigit { at: 2 }));
        assert_eq!(of_hex(&"é".repeat(32)), Err(HexError::NotADigit { at: 1 }));
        let of_numbers = |numbers: &[Option<i16>]| {
            Fingerprint::of_numbers(numbers.iter().copied()).expect_err("no fingerprint")
        };
        assert_eq!(of_numbers(&[Some(0); 31]), BytesError::WrongLength { found: 31 });
        assert_eq!(of_numbers(&[Some(0); 33]), BytesError::WrongLength { found: 33 });
        assert_eq!(of_numbers(&[None; 32]), BytesError::Missing { ordinal: 1 });
        let out_of_range = BytesError::OutOfRange { ordinal: 1, value: 256 };
        assert_eq!(of_numbers(&[Some(256); 32]), out_of_range);
        assert_eq!(Fingerprint::of_bytes(&[0; 4]), Err(BytesError::WrongLength { found: 4 }));
    }
}
