//! Boxes around fingerprints: bytes along the axes that the fingerprint's own numbers are,
//! which say ever less from the first to the last.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint, in_units, sum_of_squares};
use crate::index::geometry::{Bounds, Point};

impl Point<u8, FINGERPRINT_LEN> for Fingerprint {
    type Query = Fingerprint;

    /// 52 bytes each of 8,152.
    const LEAF_CAPACITY: usize = 156;
    /// 84 bytes each.
    const INNER_CAPACITY: usize = 97;

    fn query(&self) -> Fingerprint {
        *self
    }

    fn coordinate(&self, axis: usize) -> u8 {
        self.values()[axis]
    }

    fn bounds(&self) -> Bounds<u8, FINGERPRINT_LEN> {
        Bounds::between(*self.values(), *self.values())
    }

    fn distance(&self, other: &Fingerprint) -> f64 {
        self.distance(other)
    }

    /// Integers up to the root, as the distance itself: exact.
    #[inline]
    fn bound(query: &Fingerprint, bounds: &Bounds<u8, FINGERPRINT_LEN>) -> f64 {
        let [low, high] = bounds.corners();
        let at = query.values();
        in_units(sum_of_squares(|i| {
            low[i].saturating_sub(at[i]).max(at[i].saturating_sub(high[i]))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::geometry::{choose, split};
    use proptest::prelude::*;

    /// Numbers of which many tie, and the ends.
    fn fingerprint() -> impl Strategy<Value = Fingerprint> {
        let number =
            prop_oneof![6 => 100_u8..156, 1 => Just(0_u8), 1 => Just(255), 1 => any::<u8>()];
        proptest::array::uniform32(number).prop_map(Fingerprint::from_values)
    }

    fn around(points: &[Fingerprint]) -> Bounds<u8, FINGERPRINT_LEN> {
        Bounds::around(points.iter().map(Point::bounds)).expect("points")
    }

    proptest! {
        #[test]
        fn a_box_is_never_farther_than_what_it_holds(
            points in proptest::collection::vec(fingerprint(), 1..20),
            query in fingerprint(),
        ) {
            let bounds = around(&points);
            for point in &points {
                prop_assert!(Fingerprint::bound(&query, &bounds) <= query.distance(point));
                prop_assert_eq!(Fingerprint::bound(point, &bounds), 0.0);
                prop_assert_eq!(bounds.growth(&point.bounds()), 0.0);
                let exact = Fingerprint::bound(&query, &point.bounds());
                prop_assert_eq!(exact.to_bits(), query.distance(point).to_bits());
            }
        }

        #[test]
        fn a_page_is_split_and_chosen_from(
            points in proptest::collection::vec(fingerprint(), 2..300),
            point in fingerprint(),
        ) {
            let boxes: Vec<_> = points.iter().map(Point::bounds).collect();
            let boxes: Vec<_> = boxes.iter().collect();
            let (mut order, left) = split(&boxes, Fingerprint::LEAF_CAPACITY, 90);
            prop_assert!(left > 0 && left < points.len());
            order.sort_unstable();
            prop_assert!(order.into_iter().eq(0..points.len()));
            let few = &boxes[..points.len().min(Fingerprint::INNER_CAPACITY)];
            prop_assert!(choose(few, &point.bounds()).is_some_and(|chosen| chosen < few.len()));
        }
    }
}
