//! Draws that only these tests need.

pub use crate::data::Random;

pub trait Draw {
    /// Uniform in 0..bound.
    fn below(&mut self, bound: usize) -> usize;
    /// Any finite float4, by its bits.
    fn finite_bits(&mut self) -> f32;
}

impl Draw for Random {
    fn below(&mut self, bound: usize) -> usize {
        (self.bits() % bound as u64) as usize
    }

    fn finite_bits(&mut self) -> f32 {
        loop {
            let value = f32::from_bits(self.bits() as u32);
            if value.is_finite() {
                return value;
            }
        }
    }
}
