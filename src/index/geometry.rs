//! Geometry of the index: boxes around points, how a search bounds its
//! distance by them, how a page of them is split, and below which of them a new
//! point goes. Pure arithmetic; `pg::gist` is what Postgres calls.
//!
//! Boxes have as many dimensions as what they hold: 16 of float4 along the principal axes
//! of signatures ([`crate::index::rotation`]), 32 of a byte for fingerprints. Nothing here
//! is a product of extents, which for so many under- and overflows and is zero for any box
//! that is flat in one of them.
//!
//! The tree is a k-d tree in the clothes of an R-tree. A build sorts the
//! points into its cells ([`crate::index::build_order`]), a split cuts a page by a
//! plane that crosses no box where there is one, and an insertion does not ask
//! which box grows least: it finds, among all boxes of a page, the planes
//! between them, and descends by these. So boxes that lie apart stay apart.
//! `benches/trees.rs` compares this with what else was tried.

use std::cmp::Ordering;
use std::fmt::Debug;

/// A number along an axis: float4, or a byte.
pub trait Coordinate: Copy + Debug + Default + PartialOrd + 'static {
    /// Nothing is below.
    const LEAST: Self;
    /// Nothing is above.
    const MOST: Self;

    /// The same number as a float4.
    fn number(self) -> f32;

    /// The same, an infinite one as the farthest float4.
    fn finite(self) -> f32 {
        self.number().clamp(f32::MIN, f32::MAX)
    }

    /// The same number in double precision.
    fn double(self) -> f64;

    /// A total order.
    fn order(self, other: Self) -> Ordering;
}

impl Coordinate for f32 {
    const LEAST: f32 = f32::NEG_INFINITY;
    const MOST: f32 = f32::INFINITY;

    fn number(self) -> f32 {
        self
    }

    fn double(self) -> f64 {
        f64::from(self)
    }

    fn order(self, other: f32) -> Ordering {
        self.total_cmp(&other)
    }
}

impl Coordinate for u8 {
    const LEAST: u8 = u8::MIN;
    const MOST: u8 = u8::MAX;

    fn number(self) -> f32 {
        f32::from(self)
    }

    fn double(self) -> f64 {
        f64::from(self)
    }

    fn order(self, other: u8) -> Ordering {
        self.cmp(&other)
    }
}

/// What an index holds: a point that a box can be drawn around.
pub trait Point<C: Coordinate, const N: usize>: Copy + PartialEq + 'static {
    /// A point to measure from, prepared once for many boxes.
    type Query;

    /// Points on a full leaf of GiST.
    const LEAF_CAPACITY: usize;
    /// Boxes on a full page above.
    const INNER_CAPACITY: usize;

    /// `self` as what to measure from.
    fn query(&self) -> Self::Query;

    /// Where `self` lies on one axis, as a build orders it.
    fn coordinate(&self, axis: usize) -> C;

    /// The smallest box that surely holds `self`, rounding included.
    fn bounds(&self) -> Bounds<C, N>;

    /// The distance to another point.
    fn distance(&self, other: &Self) -> f64;

    /// At most the distance from `query` to any point in the box, as
    /// [`Point::distance`] computes it: rounding is on the safe side.
    fn bound(query: &Self::Query, bounds: &Bounds<C, N>) -> f64;
}

/// An axis-parallel box: what an inner entry knows of the points below it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds<C, const N: usize> {
    /// The least coordinate on each axis.
    low: [C; N],
    /// The largest coordinate on each axis.
    high: [C; N],
}

impl<C: Coordinate, const N: usize> Bounds<C, N> {
    /// A box that holds nothing: its sides are inside out.
    pub const EMPTY: Self = Bounds { low: [C::MOST; N], high: [C::LEAST; N] };

    /// The box between two corners.
    pub fn between(low: [C; N], high: [C; N]) -> Self {
        Bounds { low, high }
    }

    /// The smallest box around `boxes`, or `None` of none.
    pub fn around(boxes: impl IntoIterator<Item = Self>) -> Option<Self> {
        boxes.into_iter().reduce(|mut whole, part| {
            for i in 0..N {
                if part.low[i] < whole.low[i] {
                    whole.low[i] = part.low[i];
                }
                if part.high[i] > whole.high[i] {
                    whole.high[i] = part.high[i];
                }
            }
            whole
        })
    }

    /// The lower and the upper corner.
    pub fn corners(&self) -> [&[C; N]; 2] {
        [&self.low, &self.high]
    }

    fn holds(&self, other: &Self) -> bool {
        (0..N).all(|i| self.low[i] <= other.low[i] && other.high[i] <= self.high[i])
    }

    /// Sum of what each side must move outwards to take in `other`.
    pub fn growth(&self, other: &Self) -> f32 {
        let outwards = |i: usize| {
            let below = self.low[i].double() - other.low[i].double();
            let above = other.high[i].double() - self.high[i].double();
            below.max(0.0) + above.max(0.0)
        };
        // An infinite side minus another is no number: it does not grow.
        let sum: f64 = (0..N).map(outwards).filter(|growth| !growth.is_nan()).sum();
        (sum as f32).min(f32::MAX)
    }

    /// The middle on an axis; of an infinite side, the farthest float4 counts.
    fn middle(&self, axis: usize) -> f32 {
        self.low[axis].finite() / 2.0 + self.high[axis].finite() / 2.0
    }
}

/// A plane between boxes: those with the first places in the order of an axis,
/// and the rest.
struct Plane {
    axis: usize,
    /// How many boxes are on the lower side.
    left: usize,
    /// The largest side of the lower, and the least of the upper.
    between: (f32, f32),
    /// The more the better.
    score: f32,
}

/// The best plane across `order`, places in `boxes` by their middle on `axis`,
/// that leaves at least `least` of them on either side.
///
/// Best is, of those that cross no box, the one that leaves nearest to `share`
/// of all on either side; where all cross some, the one with the least overlap
/// for its nearness.
fn best_plane<C: Coordinate, const N: usize>(
    boxes: &[&Bounds<C, N>],
    order: &[u16],
    axis: usize,
    least: usize,
    share: f32,
    suffix: &mut [f32],
) -> Option<Plane> {
    let count = order.len();
    let mut low = f32::INFINITY;
    for (slot, &place) in suffix.iter_mut().zip(order).rev() {
        low = low.min(boxes[usize::from(place)].low[axis].number());
        *slot = low;
    }
    let high = order.iter().map(|&place| boxes[usize::from(place)].high[axis].number());
    let extent = high.fold(f32::NEG_INFINITY, f32::max) - low;

    let mut best: Option<Plane> = None;
    let mut reach = f32::NEG_INFINITY;
    for left in 1..count {
        reach = reach.max(boxes[usize::from(order[left - 1])].high[axis].number());
        if left < least || count - left < least {
            continue;
        }
        let part = left.min(count - left) as f32 / count as f32;
        let overlap = (reach - suffix[left]) / extent;
        let clean = if reach <= suffix[left] {
            1.0
        } else if overlap.is_finite() {
            -4.0 * overlap
        } else {
            -4.0
        };
        let value = clean - (part - share).abs();
        if best.as_ref().is_none_or(|plane| value > plane.score) {
            let between = (reach, suffix[left]);
            best = Some(Plane { axis, left, between, score: value });
        }
    }
    best
}

/// Most boxes of a page that [`choose`] tells apart; a page has room for
/// [`Point::INNER_CAPACITY`].
pub const MOST_BOXES: usize = 128;

/// The box below which `point` goes: one of `boxes`, by its place.
///
/// Boxes built by [`split`] and [`crate::index::build_order`] are cells of a k-d tree
/// without their margins. Where exactly one holds the point, that is the answer;
/// otherwise the planes between the boxes are found again, one by one, and the
/// point's side taken at each. `None` of no box, and of too many.
pub fn choose<C: Coordinate, const N: usize>(
    boxes: &[&Bounds<C, N>],
    point: &Bounds<C, N>,
) -> Option<usize> {
    let mut holding = (0..boxes.len()).filter(|&place| boxes[place].holds(point));
    let only = holding.next().filter(|_| holding.next().is_none());
    if only.is_some() || boxes.is_empty() || boxes.len() > MOST_BOXES {
        return only;
    }

    // The places of the boxes still in question, by their middle on each axis.
    let mut orders = [[0_u16; MOST_BOXES]; N];
    let mut count = boxes.len();
    let mut keys = [0_u64; MOST_BOXES];
    for (axis, order) in orders.iter_mut().enumerate() {
        for (place, (key, bounds)) in keys.iter_mut().zip(boxes).enumerate() {
            *key = u64::from(rank(bounds.middle(axis))) << 16 | place as u64;
        }
        keys[..count].sort_unstable();
        for (slot, key) in order.iter_mut().zip(&keys[..count]) {
            *slot = *key as u16;
        }
    }
    let mut suffix = [0.0; MOST_BOXES];
    while count > 1 {
        let planes = orders.iter().enumerate().filter_map(|(axis, order)| {
            best_plane(boxes, &order[..count], axis, 1, 0.5, &mut suffix[..count])
        });
        let plane = planes.reduce(|a, b| if b.score > a.score { b } else { a })?;
        let middle = plane.between.0.finite() / 2.0 + plane.between.1.finite() / 2.0;
        let lower = point.middle(plane.axis) < middle;

        let order = &orders[plane.axis];
        let stays = if lower { &order[..plane.left] } else { &order[plane.left..count] };
        let stays = stays.iter().fold(0_u128, |set, &place| set | 1 << place);
        let mut left = 0;
        for order in &mut orders {
            left = 0;
            for from in 0..count {
                let place = order[from];
                if stays >> place & 1 == 1 {
                    order[left] = place;
                    left += 1;
                }
            }
        }
        count = left;
    }
    Some(usize::from(orders[0][0]))
}

/// A number in the order of `f32::total_cmp`.
fn rank(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

fn by_middle<C: Coordinate, const N: usize>(
    boxes: &[&Bounds<C, N>],
    axis: usize,
    a: u16,
    b: u16,
) -> Ordering {
    let middle = |place: u16| boxes[usize::from(place)].middle(axis);
    middle(a).total_cmp(&middle(b))
}

/// Splits a page in two by a plane that crosses no box if there is one, as
/// evenly as can be, at least three tenths on either side; of equally good
/// planes, by the one across which the boxes vary most.
///
/// A build hands over four pages at once, filled to the brim: `capacity` boxes
/// each. They are to become as many pages as leave each filled to `fill_factor`
/// percent, so the first cut leaves whole ones of these on either side.
///
/// Returns the places in `boxes`, the lower side first, and how many are on the
/// lower side: never none and never all of two or more. `O(n log n)`.
pub fn split<C: Coordinate, const N: usize>(
    boxes: &[&Bounds<C, N>],
    capacity: usize,
    fill_factor: usize,
) -> (Vec<usize>, usize) {
    let count = boxes.len();
    let least = (count * 3).div_ceil(10).clamp(1, (count / 2).max(1));
    let pages = match count {
        // One page too full, by an insertion.
        _ if count <= capacity + 1 => 2,
        _ => (100 * count).div_ceil((capacity * fill_factor).max(1)).max(2),
    };
    let share = (pages / 2) as f32 / pages as f32;
    let mut suffix = vec![0.0; count];
    let mut best: Option<((f32, f64), Vec<u16>, usize)> = None;
    for axis in 0..N {
        let mut order: Vec<u16> = (0..count as u16).collect();
        order.sort_unstable_by(|&a, &b| by_middle(boxes, axis, a, b));
        let Some(plane) = best_plane(boxes, &order, axis, least, share, &mut suffix) else {
            continue;
        };
        let score = (plane.score, variance(boxes.iter().map(|part| f64::from(part.middle(axis)))));
        if best.as_ref().is_none_or(|(other, ..)| score > *other) {
            best = Some((score, order, plane.left));
        }
    }
    match best {
        Some((_, order, left)) => (order.into_iter().map(usize::from).collect(), left),
        None => ((0..count).collect(), count / 2),
    }
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
    use crate::signature::{SIGNATURE_LEN, Signature};

    type Bounds = super::Bounds<f32, SIGNATURE_LEN>;
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

    fn around(points: &[Signature]) -> Bounds {
        let boxes = points.iter().map(Point::bounds);
        Bounds::around(boxes).expect("points")
    }

    proptest! {
        #[test]
        fn a_box_is_never_farther_than_what_it_holds(
            points in proptest::collection::vec(signature(), 1..20),
            query in signature(),
        ) {
            let bounds = around(&points);
            let query_on_axes = query.query();
            for point in &points {
                prop_assert!(Signature::bound(&query_on_axes, &bounds) <= query.distance(point));
                prop_assert_eq!(bounds.growth(&around(&[*point])), 0.0);
                prop_assert!(bounds.holds(&around(&[*point])));
                prop_assert_eq!(Signature::bound(&point.query(), &bounds), 0.0);
            }
        }

        #[test]
        fn a_box_of_one_point_is_almost_as_far_as_the_point(
            point in proptest::array::uniform16(0.0_f32..5.0).prop_map(Signature::from_values),
            query in proptest::array::uniform16(0.0_f32..5.0).prop_map(Signature::from_values),
        ) {
            let bound = Signature::bound(&query.query(), &around(&[point]));
            prop_assert!(bound >= query.distance(&point) - 1e-5);
        }

        #[test]
        fn boxes_of_boxes_hold_the_boxes(
            points in proptest::collection::vec(signature(), 4..20),
            query in signature(),
        ) {
            let (left, right) = points.split_at(points.len() / 2);
            let halves = [around(left), around(right)];
            let whole = Bounds::around(halves).expect("two halves");
            prop_assert_eq!(whole, around(&points));
            for half in &halves {
                let query = query.query();
                prop_assert!(Signature::bound(&query, &whole) <= Signature::bound(&query, half));
                prop_assert!(whole.holds(half));
            }
        }

        #[test]
        fn growth_is_finite_and_zero_inside(a in signature(), b in signature()) {
            let growth = around(&[a]).growth(&around(&[b]));
            prop_assert!(growth.is_finite() && growth >= 0.0);
            prop_assert_eq!(around(&[a, b]).growth(&around(&[b])), 0.0);
        }

        #[test]
        fn a_split_is_a_permutation_with_enough_on_either_side(
            points in proptest::collection::vec(signature(), 2..400),
        ) {
            let boxes: Vec<Bounds> = points.iter().map(|p| around(&[*p])).collect();
            let (order, left) = split(&boxes.iter().collect::<Vec<_>>(), Signature::LEAF_CAPACITY, 90);
            let least = (points.len() * 3).div_ceil(10).min(points.len() / 2);
            prop_assert!(left >= least.max(1) && points.len() - left >= least.max(1));
            let mut sorted = order;
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(0..points.len()));
        }

        #[test]
        fn a_choice_is_one_of_the_boxes_and_the_one_that_holds_the_point(
            points in proptest::collection::vec(signature(), 1..120),
            point in signature(),
        ) {
            let boxes: Vec<Bounds> = points.iter().map(|p| around(&[*p])).collect();
            let boxes: Vec<&Bounds> = boxes.iter().collect();
            let chosen = choose(&boxes, &around(&[point])).expect("a box");
            prop_assert!(chosen < boxes.len());
            let own = choose(&boxes, boxes[0]).expect("a box");
            prop_assert!(own < boxes.len());
        }
    }

    /// Cells of a k-d tree over points in the plane of the first two axes.
    fn cells(points: &mut [Bounds], size: usize, out: &mut Vec<Bounds>) {
        if points.len() <= size {
            out.extend(Bounds::around(points.iter().copied()));
            return;
        }
        let (order, left) = split(&points.iter().collect::<Vec<_>>(), Signature::LEAF_CAPACITY, 90);
        let mut sorted: Vec<Bounds> = order.into_iter().map(|place| points[place]).collect();
        let (a, b) = sorted.split_at_mut(left);
        cells(a, size, out);
        cells(b, size, out);
    }

    #[test]
    fn cells_stay_apart_whatever_is_inserted() {
        let mut state = 1_u64;
        let mut draw = || {
            let mut values = [0.0; SIGNATURE_LEN];
            for value in &mut values {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *value = (state >> 40) as f32 / (1 << 24) as f32;
            }
            around(&[Signature::from_values(values)])
        };
        let mut points: Vec<Bounds> = (0..2000).map(|_| draw()).collect();
        let mut boxes = Vec::new();
        cells(&mut points, 50, &mut boxes);
        for _ in 0..5000 {
            let point = draw();
            let place = choose(&boxes.iter().collect::<Vec<_>>(), &point).expect("a box");
            boxes[place] = Bounds::around([boxes[place], point]).expect("two");
        }
        let overlap = |a: &Bounds, b: &Bounds| {
            (0..SIGNATURE_LEN).all(|i| a.low[i] < b.high[i] && b.low[i] < a.high[i])
        };
        for (n, a) in boxes.iter().enumerate() {
            assert!(boxes[n + 1..].iter().all(|b| !overlap(a, b)), "box {n}");
        }
    }

    #[test]
    fn equal_points_are_halved() {
        let point = around(&[Signature::from_values([2.5; SIGNATURE_LEN])]);
        let (_, left) = split(&[&point; 101], Signature::LEAF_CAPACITY, 90);
        assert!((30..=71).contains(&left), "{left}");
        assert!(choose(&[&point; 55], &point).is_some());
    }

    #[test]
    fn infinite_sides_bound_nothing_and_break_nothing() {
        let far = around(&[Signature::from_values([f32::MAX; SIGNATURE_LEN])]);
        let near = around(&[Signature::from_values([f32::MIN; SIGNATURE_LEN])]);
        let both = Bounds::around([far, near]).expect("two");
        let query = Signature::from_values([0.0; SIGNATURE_LEN]).query();
        assert_eq!(Signature::bound(&query, &both), 0.0);
        assert!(Signature::bound(&query, &far) > 1e38);
        assert!(choose(&[&far, &near, &both], &far).is_some());
        assert_eq!(split(&[&far, &near], Signature::INNER_CAPACITY, 90).1, 1);
    }

    #[test]
    fn too_many_boxes_have_no_choice() {
        let boxes: Vec<Bounds> = (0..MOST_BOXES + 1)
            .map(|i| around(&[Signature::from_values([i as f32; SIGNATURE_LEN])]))
            .collect();
        let boxes: Vec<&Bounds> = boxes.iter().collect();
        let between = around(&[Signature::from_values([0.5; SIGNATURE_LEN])]);
        assert_eq!(choose(&boxes, &between), None);
        assert_eq!(choose(&[], &between), None);
    }
}
