//! The centre of a group of signatures, added up in parts.

use crate::signature::{SIGNATURE_LEN, Signature};

/// Sums of signatures and how many they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    sums: [f64; SIGNATURE_LEN],
    count: u64,
}

impl Average {
    /// Bytes of one in [`Average::to_bytes`].
    pub const SIZE: usize = 8 * (SIGNATURE_LEN + 1);

    /// Takes in a signature.
    pub fn add(&mut self, signature: &Signature) {
        for (sum, &value) in self.sums.iter_mut().zip(signature.values()) {
            *sum += f64::from(value);
        }
        self.count += 1;
    }

    /// Takes in all that another has.
    pub fn merge(&mut self, other: &Average) {
        for (sum, other) in self.sums.iter_mut().zip(other.sums) {
            *sum += other;
        }
        self.count += other.count;
    }

    /// The mean of each number, rounded to float4; `None` of no signature.
    pub fn signature(&self) -> Option<Signature> {
        let count = self.count as f64;
        (self.count > 0).then(|| Signature::from_values(self.sums.map(|sum| (sum / count) as f32)))
    }

    /// As bytes, for another process on this machine.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let numbers = self.sums.map(f64::to_bits).into_iter().chain([self.count]);
        for (place, number) in bytes.as_chunks_mut().0.iter_mut().zip(numbers) {
            *place = number.to_ne_bytes();
        }
        bytes
    }

    /// From [`Average::to_bytes`].
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Self {
        let numbers = bytes.as_chunks().0;
        let number = |at: usize| numbers.get(at).map_or(0, |&bytes| u64::from_ne_bytes(bytes));
        Average {
            sums: std::array::from_fn(|at| f64::from_bits(number(at))),
            count: number(SIGNATURE_LEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole() {
        let rows: Vec<Signature> = (0..100)
            .map(|n| Signature::from_values(std::array::from_fn(|i| (n * i) as f32)))
            .collect();
        let average = |rows: &[Signature]| {
            let mut average = Average::default();
            rows.iter().for_each(|row| average.add(row));
            average
        };
        let mut merged = average(&rows[..30]);
        merged.merge(&Average::from_bytes(&average(&rows[30..]).to_bytes()));
        assert_eq!(merged, average(&rows));
        let expected = std::array::from_fn(|i| 49.5 * i as f32);
        assert_eq!(merged.signature(), Some(Signature::from_values(expected)));
        assert_eq!(Average::default().signature(), None);
    }

    #[test]
    fn the_largest_numbers_have_a_mean() {
        let mut average = Average::default();
        for _ in 0..1000 {
            average.add(&Signature::from_values([f32::MAX; SIGNATURE_LEN]));
        }
        let mean = average.signature().expect("of a thousand");
        assert_eq!(mean.values(), &[f32::MAX; SIGNATURE_LEN]);
    }
}
