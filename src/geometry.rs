//! Geometry of the index: bounding boxes of signatures and how a page of them
//! is split. Pure arithmetic; `pg::gist` is what Postgres calls.
//!
//! Nothing here is a product of extents, which for 16 dimensions under- and
//! overflows and is zero for any box that is flat in one of them.

use crate::signature::{SIGNATURE_LEN, Signature, root_of_squares};

/// An axis-parallel box: what an inner entry knows of the signatures below it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The least of each dimension.
    pub low: Signature,
    /// The largest of each dimension.
    pub high: Signature,
}

/// A key of the index, borrowed from where it lies: a leaf's point is its own
/// lower and upper corner.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    low: &'a [f32; SIGNATURE_LEN],
    high: &'a [f32; SIGNATURE_LEN],
}

impl<'a> From<&'a Signature> for Key<'a> {
    fn from(point: &'a Signature) -> Self {
        let corner = point.values();
        Key { low: corner, high: corner }
    }
}

impl<'a> From<&'a Bounds> for Key<'a> {
    fn from(bounds: &'a Bounds) -> Self {
        Key { low: bounds.low.values(), high: bounds.high.values() }
    }
}

impl Key<'_> {
    /// Least distance from `query` to any signature in the box; for a point,
    /// bit for bit [`Signature::distance`].
    ///
    /// Never above the distance to any point inside, rounding included: see
    /// [`root_of_squares`].
    #[inline]
    pub fn distance(&self, query: &Signature) -> f64 {
        root_of_squares(|i| {
            let at = f64::from(query.values()[i]);
            let below = f64::from(self.low[i]) - at;
            let above = at - f64::from(self.high[i]);
            below.max(above).max(0.0)
        })
    }

    /// The lower and the upper corner; of a point, the one it is.
    pub fn corners(&self) -> impl Iterator<Item = &[f32; SIGNATURE_LEN]> {
        let upper = (!std::ptr::eq(self.low, self.high)).then_some(self.high);
        std::iter::once(self.low).chain(upper)
    }

    /// Whether the two span the same box.
    pub fn same(&self, other: &Key) -> bool {
        self.low == other.low && self.high == other.high
    }

    /// How much the box must grow to take in `other`: the sum of what each
    /// side moves outwards. Finite and never negative.
    ///
    /// Boxes that need not grow at all are told apart by nothing more here:
    /// the first of them wins.
    #[inline]
    pub fn growth(&self, other: &Key) -> f32 {
        let mut sum = 0.0;
        for i in 0..SIGNATURE_LEN {
            let below = f64::from(self.low[i]) - f64::from(other.low[i]);
            let above = f64::from(other.high[i]) - f64::from(self.high[i]);
            sum += below.max(0.0) + above.max(0.0);
        }
        (sum as f32).min(f32::MAX)
    }
}

impl Bounds {
    /// The smallest box around `keys`, or `None` of none.
    pub fn around<'a>(keys: impl IntoIterator<Item = Key<'a>>) -> Option<Bounds> {
        let mut keys = keys.into_iter();
        let first = keys.next()?;
        let (mut low, mut high) = (*first.low, *first.high);
        for key in keys {
            for i in 0..SIGNATURE_LEN {
                low[i] = low[i].min(key.low[i]);
                high[i] = high[i].max(key.high[i]);
            }
        }
        let [low, high] = [low, high].map(Signature::from_values);
        Some(Bounds { low, high })
    }
}

/// Splits a page in two halves: at the median of the dimension in which the
/// boxes' midpoints vary most.
///
/// Returns the indices of `keys`, left half first, and the length of the left
/// half: half of all, rounded down, so that both sides fill their page as well
/// as can be. Ties in the dimension fall either way; equal keys, too, are
/// halved. `O(n)` on average.
pub fn split(keys: &[Key]) -> (Vec<usize>, usize) {
    let midpoint = |key: &Key, i: usize| (f64::from(key.low[i]) + f64::from(key.high[i])) / 2.0;
    let widest = (0..SIGNATURE_LEN)
        .map(|i| variance(keys.iter().map(|key| midpoint(key, i))))
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(i, _)| i);

    let mut order: Vec<usize> = (0..keys.len()).collect();
    let half = keys.len() / 2;
    if half > 0 {
        order.select_nth_unstable_by(half, |&a, &b| {
            midpoint(&keys[a], widest).total_cmp(&midpoint(&keys[b], widest))
        });
    }
    (order, half)
}

/// Variance in two passes: it stays finite and exact enough for any float4.
fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Photo-like numbers, ties, and the far ends of float4.
    fn signature() -> impl Strategy<Value = Signature> {
        let number = prop_oneof![
            6 => 0.0_f32..2.0,
            3 => prop_oneof![Just(0.0_f32), Just(1.0), Just(-1.0)],
            1 => any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |v| v.is_finite()),
        ];
        proptest::array::uniform16(number).prop_map(Signature::from_values)
    }

    proptest! {
        #[test]
        fn a_box_is_never_farther_than_what_it_holds(
            points in proptest::collection::vec(signature(), 1..20),
            query in signature(),
        ) {
            let bounds = Bounds::around(points.iter().map(Key::from)).expect("points");
            let bound = Key::from(&bounds).distance(&query);
            for point in &points {
                prop_assert!(bound <= query.distance(point));
                prop_assert_eq!(
                    Key::from(point).distance(&query).to_bits(),
                    query.distance(point).to_bits()
                );
                prop_assert_eq!(Key::from(&bounds).growth(&Key::from(point)), 0.0);
                prop_assert_eq!(Key::from(&bounds).distance(point), 0.0);
            }
        }

        #[test]
        fn boxes_of_boxes_hold_the_boxes(
            points in proptest::collection::vec(signature(), 4..20),
            query in signature(),
        ) {
            let (left, right) = points.split_at(points.len() / 2);
            let halves = [left, right].map(|half| {
                Bounds::around(half.iter().map(Key::from)).expect("points")
            });
            let whole = Bounds::around(halves.iter().map(Key::from)).expect("two halves");
            let direct = Bounds::around(points.iter().map(Key::from)).expect("points");
            prop_assert!(Key::from(&whole).same(&Key::from(&direct)));
            for half in &halves {
                prop_assert!(
                    Key::from(&whole).distance(&query) <= Key::from(half).distance(&query)
                );
            }
        }

        #[test]
        fn growth_is_finite_and_zero_only_inside(a in signature(), b in signature()) {
            let growth = Key::from(&a).growth(&Key::from(&b));
            prop_assert!(growth.is_finite() && growth >= 0.0);
            if Key::from(&a).same(&Key::from(&b)) {
                prop_assert_eq!(growth, 0.0);
            }
        }

        #[test]
        fn a_split_is_a_permutation_in_two_halves(
            points in proptest::collection::vec(signature(), 2..200),
        ) {
            let keys: Vec<Key> = points.iter().map(Key::from).collect();
            let (order, left) = split(&keys);
            prop_assert_eq!(left, points.len() / 2);
            let mut sorted = order;
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(0..points.len()));
        }
    }

    #[test]
    fn a_split_parts_two_clusters() {
        let cluster = |at: f32, n: usize| {
            (0..n).map(move |i| {
                let mut values = [0.0; SIGNATURE_LEN];
                values[3] = at + i as f32 / 1000.0;
                Signature::from_values(values)
            })
        };
        let points: Vec<Signature> = cluster(5.0, 10).chain(cluster(0.0, 10)).collect();
        let keys: Vec<Key> = points.iter().map(Key::from).collect();
        let (order, left) = split(&keys);
        let mut low: Vec<usize> = order[..left].to_vec();
        low.sort_unstable();
        assert!(low.into_iter().eq(10..20));
    }

    #[test]
    fn equal_keys_are_halved() {
        let points = [Signature::from_values([2.5; SIGNATURE_LEN]); 101];
        let keys: Vec<Key> = points.iter().map(Key::from).collect();
        assert_eq!(split(&keys).1, 50);
    }

    #[test]
    fn zero_signs_do_not_make_boxes_differ() {
        let plus = Signature::from_values([0.0; SIGNATURE_LEN]);
        let minus = Signature::from_values([-0.0; SIGNATURE_LEN]);
        assert!(Key::from(&plus).same(&Key::from(&minus)));
    }
}
