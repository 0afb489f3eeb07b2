//! All points nearer to a centre than a radius.

use crate::index::geometry::{Coordinate, Point};
use thiserror::Error;

/// A centre and a radius; the surface itself is outside.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sphere<P> {
    /// The middle.
    pub center: P,
    /// The radius' bits, in two words so that the whole is aligned to 4 bytes.
    radius: [u32; 2],
}

/// A radius that says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum RadiusError {
    /// Below zero.
    #[error("radius {0} is negative")]
    Negative(f64),
    /// NaN.
    #[error("radius is not a number")]
    NotANumber,
}

impl<P> Sphere<P> {
    /// A sphere. Radius 0 holds nothing, infinity everything.
    ///
    /// # Errors
    /// When `radius` is negative or NaN.
    pub fn new(center: P, radius: f64) -> Result<Self, RadiusError> {
        if radius.is_nan() {
            return Err(RadiusError::NotANumber);
        }
        if radius < 0.0 {
            return Err(RadiusError::Negative(radius));
        }
        let bits = radius.to_bits();
        Ok(Sphere { center, radius: [(bits >> 32) as u32, bits as u32] })
    }

    /// The radius: not negative, not NaN.
    #[inline]
    pub fn radius(&self) -> f64 {
        let [high, low] = self.radius;
        f64::from_bits(u64::from(high) << 32 | u64::from(low))
    }

    /// Whether the distance from the centre is below the radius.
    #[inline]
    pub fn holds<C: Coordinate, const N: usize>(&self, point: &P) -> bool
    where
        P: Point<C, N>,
    {
        self.center.distance(point) < self.radius()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Signature;

    #[test]
    fn the_surface_is_outside() {
        let zero = Signature::from_values([0.0; 16]);
        let mut three = [0.0; 16];
        three[4] = 3.0;
        let three = Signature::from_values(three);
        let holds = |radius| Sphere::new(zero, radius).expect("a radius").holds(&three);
        assert_eq!([3.0_f64.next_down(), 3.0, 3.0_f64.next_up()].map(holds), [false, false, true]);
        assert!(holds(f64::INFINITY) && !holds(0.0));
        assert!(!Sphere::new(zero, 0.0).expect("zero").holds(&zero));
    }

    #[test]
    fn a_radius_that_says_nothing_is_refused() {
        let zero = Signature::from_values([0.0; 16]);
        assert_eq!(Sphere::new(zero, -1.0), Err(RadiusError::Negative(-1.0)));
        assert_eq!(Sphere::new(zero, f64::NAN), Err(RadiusError::NotANumber));
        assert_eq!(Sphere::new(zero, -0.0).expect("zero").radius(), 0.0);
    }
}
