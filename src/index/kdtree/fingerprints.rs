//! Trees of fingerprints: rows of 32 bytes, which are the axes of the boxes, too.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint, UNIT, in_units};
use crate::index::geometry::{Bounds, Point as _};
use crate::index::kdtree::kind::{self, Hits, Kind, Near, Places};
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::ROOM;

/// The kind of tree that holds fingerprints.
pub struct Fingerprints;

const BLOCK: usize = 16;

/// After so many axes it is asked whether any of 16 rows is still near enough. Of the first so many
/// most of the distance comes: the numbers of a fingerprint are in the order of their variance.
const STAGE: usize = 8;

/// One number of each row of a block, or one side of each box.
type Sixteen = [u8; BLOCK];

/// The lower and the upper sides of 16 boxes, by axis.
type Boxes = [[Sixteen; 2]; FINGERPRINT_LEN];

/// The largest sum of squares whose distance is at most `most`.
fn largest_sum(most: f64) -> u32 {
    let near = (most * UNIT) * (most * UNIT);
    if near >= f64::from(u32::MAX - 16) {
        return u32::MAX;
    }
    let near = near.max(0.0);
    let sum = near as u32;
    // Far from a whole number nothing is in doubt; else the product is off by a bit or two of 53, and
    // so its whole part by one.
    if (near - f64::from(sum) - 0.5).abs() < 0.499 {
        return sum;
    }
    match in_units(sum) <= most {
        true if in_units(sum + 1) <= most => sum + 1,
        true => sum,
        false => sum.saturating_sub(1),
    }
}

/// How far a number is outside of two sides: of the two differences one is 0.
#[inline(always)]
fn outside(at: u8, low: u8, high: u8) -> u8 {
    low.saturating_sub(at) | at.saturating_sub(high)
}

/// Adds the squared differences of some axes to the sums of 16 rows, which stay at the
/// largest 16-bit number when they would be larger.
#[inline(always)]
fn add_stage(sums: &mut [u16; BLOCK], columns: &[Sixteen; STAGE], from: &[u8; STAGE]) {
    for (column, &from) in columns.iter().zip(from) {
        for i in 0..BLOCK {
            let difference = i16::from(column[i]) - i16::from(from);
            sums[i] = sums[i].saturating_add(difference.wrapping_mul(difference) as u16);
        }
    }
}

/// A sum of squares, or the largest 16-bit number, which stands for all that are larger.
fn fitting(sum: u32) -> u16 {
    sum.min(u32::from(u16::MAX)) as u16
}

/// The largest sum of a distance less than the radius, if there is any.
#[inline(always)]
fn limit_below(radius: f64) -> Option<u16> {
    (radius > 0.0).then(|| fitting(largest_sum(radius.next_down())))
}

/// How far sums of squared differences may reach.
#[derive(Clone, Copy)]
struct Limits {
    /// Of all axes.
    all: u16,
    /// Of those of a first look.
    first: u16,
}

impl Limits {
    /// Where the other axes have `rest` in any case; none if that is too much.
    fn of(largest: u32, rest: u16) -> Option<Self> {
        let first = largest.checked_sub(u32::from(rest))?;
        Some(Limits { all: fitting(largest), first: fitting(first) })
    }
}

/// Blocks of a full leaf.
const BLOCKS: usize = <Fingerprints as Kind>::ROWS / BLOCK;
const _: () = assert!(BLOCKS <= BLOCK, "as boxes they are looked at in one go");

/// Of the blocks of a leaf, the numbers of a first look, and the others.
type Looks<'a> = (&'a [[Sixteen; STAGE]], &'a [[Sixteen; FINGERPRINT_LEN - STAGE]]);

#[inline(always)]
fn looks(rows: &[u8; ROOM]) -> Looks<'_> {
    let (first_looks, rests) = rows.split_at(BLOCKS * STAGE * BLOCK);
    (first_looks.as_chunks().0.as_chunks().0, rests.as_chunks().0.as_chunks().0)
}

/// Calls `found` for those of the first `count` rows, in these blocks, whose sum of squared
/// differences is within the limits, or does not fit, with the sum. First all rows by the axes of a first look, by which most
/// are too far; then stage after stage the blocks that are left.
#[inline(always)]
fn for_each_within(
    from: &[u8; FINGERPRINT_LEN],
    rows: &[u8; ROOM],
    count: usize,
    (limits, blocks): (Limits, u32),
    mut found: impl FnMut(usize, u16),
) {
    let (first_looks, rests) = looks(rows);
    let Some((from, from_then)) = from.as_chunks::<STAGE>().0.split_first() else { return };
    let mut sums = [[0_u16; BLOCK]; BLOCKS];
    let mut left = 0_u32;
    let looks = first_looks.iter().zip(&mut sums).take(count.div_ceil(BLOCK));
    for (number, (columns, sums)) in looks.enumerate() {
        if blocks >> number & 1 == 0 {
            continue;
        }
        add_stage(sums, columns, from);
        left |= u32::from(any_within(sums, limits.first)) << number;
    }
    'blocks: while left != 0 {
        let number = left.trailing_zeros() as usize;
        left &= left - 1;
        let (Some(mut sums), Some(rest)) = (sums.get(number).copied(), rests.get(number)) else {
            return;
        };
        let stages: &[[Sixteen; STAGE]] = rest.as_chunks().0;
        for (columns, from) in stages.iter().zip(from_then) {
            add_stage(&mut sums, columns, from);
            if !any_within(&sums, limits.all) {
                continue 'blocks;
            }
        }
        for (place, sum) in (number * BLOCK..count).zip(sums) {
            if sum <= limits.all {
                found(place, sum);
            }
        }
    }
}

/// Whether any sum is at most `limit`.
#[inline(always)]
fn any_within(sums: &[u16; BLOCK], limit: u16) -> bool {
    let mut within = 0_u16;
    for &sum in sums {
        within |= u16::from(sum <= limit);
    }
    within != 0
}

/// How far 16 boxes are along some axes, squared and added up.
#[inline(always)]
fn sums_outside<'a>(axes: impl Iterator<Item = (&'a [Sixteen; 2], &'a u8)>) -> [u32; BLOCK] {
    let mut sums = [0; BLOCK];
    for ([low, high], &at) in axes {
        for i in 0..BLOCK {
            let out = u16::from(outside(at, low[i], high[i]));
            sums[i] += u32::from(out.wrapping_mul(out));
        }
    }
    sums
}

/// Adds how far 16 boxes are along some axes, squared, to their sums, which stay at the largest
/// 16-bit number when they would be larger.
#[inline(always)]
fn add_outside(sums: &mut [u16; BLOCK], sides: &[[Sixteen; 2]; STAGE], from: &[u8; STAGE]) {
    for ([low, high], &at) in sides.iter().zip(from) {
        for i in 0..BLOCK {
            let out = u16::from(outside(at, low[i], high[i]));
            sums[i] = sums[i].saturating_add(out.wrapping_mul(out));
        }
    }
}

/// The least or the largest of 16 numbers.
#[inline(always)]
fn fold(numbers: Sixteen, either: impl Fn(u8, u8) -> u8) -> u8 {
    let numbers: [u8; 8] = std::array::from_fn(|i| either(numbers[i], numbers[i + 8]));
    let numbers: [u8; 4] = std::array::from_fn(|i| either(numbers[i], numbers[i + 4]));
    let numbers: [u8; 2] = std::array::from_fn(|i| either(numbers[i], numbers[i + 2]));
    either(numbers[0], numbers[1])
}

/// A bit for each of 16 boxes that is within the limit, or may be. `rests` are then what the axes
/// that a first look leaves out have of these. Stage after stage: most boxes are too far by a few axes.
#[inline(always)]
fn boxes_within(boxes: &Boxes, query: &Fingerprint, limit: u16, rests: &mut [u16; BLOCK]) -> u32 {
    let stages: &[[[Sixteen; 2]; STAGE]] = boxes.as_chunks().0;
    let mut stages = stages.iter().zip(query.values().as_chunks::<STAGE>().0);
    let (mut first, mut all) = ([0; BLOCK], [0; BLOCK]);
    if let Some((sides, from)) = stages.next() {
        add_outside(&mut first, sides, from);
    }
    if !any_within(&first, limit) {
        return 0;
    }
    *rests = [0; BLOCK];
    for (sides, from) in stages {
        add_outside(rests, sides, from);
        all = std::array::from_fn(|i| first[i].saturating_add(rests[i]));
        if !any_within(&all, limit) {
            return 0;
        }
    }
    all.iter().rev().fold(0, |within, &sum| within << 1 | u32::from(sum <= limit))
}

impl Kind for Fingerprints {
    const NUMBER: u8 = 2;
    const AXES: usize = FINGERPRINT_LEN;
    const WIDTH: usize = 1;
    const BLOCK: usize = BLOCK;
    const FIRST_LOOK: usize = STAGE;

    type Value = Fingerprint;
    type Cell = Bounds<u8, FINGERPRINT_LEN>;
    type Placed = Fingerprint;
    type Query = Fingerprint;
    type Blocks = Boxes;

    fn number(value: &Fingerprint, axis: usize) -> [u8; 4] {
        [value.values()[axis], 0, 0, 0]
    }

    fn value(number: impl Fn(usize) -> [u8; 4]) -> Fingerprint {
        Fingerprint::from_values(std::array::from_fn(|axis| number(axis)[0]))
    }

    fn cell(value: &Fingerprint) -> Self::Cell {
        value.bounds()
    }

    fn place(value: &Fingerprint) -> Fingerprint {
        *value
    }

    fn at(placed: &Fingerprint, axis: usize) -> f32 {
        f32::from(placed.values()[axis])
    }

    fn placed(placed: &Fingerprint) -> Fingerprint {
        *placed
    }

    fn query(value: &Fingerprint) -> Fingerprint {
        *value
    }

    fn distance(query: &Fingerprint, value: &Fingerprint) -> f64 {
        query.distance(value)
    }

    #[inline(always)]
    fn bounds(query: &Fingerprint, boxes: &[u8; ROOM], count: usize, out: &mut kind::Bounds) {
        let blocks = boxes.as_chunks::<{ 2 * FINGERPRINT_LEN * BLOCK }>().0;
        let distances = out.distances.as_chunks_mut::<BLOCK>().0;
        let outs = distances.iter_mut().zip(out.rests.as_chunks_mut::<BLOCK>().0);
        for (block, (distances, rests)) in blocks.iter().zip(outs).take(count.div_ceil(BLOCK)) {
            let sides: &[[Sixteen; 2]] = block.as_chunks().0.as_chunks().0;
            let mut axes = sides.iter().zip(query.values());
            let first = sums_outside(axes.by_ref().take(STAGE));
            let rest = sums_outside(axes);
            for i in 0..BLOCK {
                distances[i] = in_units(first[i] + rest[i]);
                rests[i] = rest[i].min(u32::from(u16::MAX)) as u16;
            }
        }
    }

    #[inline(always)]
    fn within(
        query: &Fingerprint,
        boxes: &[u8; ROOM],
        count: usize,
        radius: f64,
        out: &mut kind::Bounds,
    ) -> Places {
        let Some(limit) = limit_below(radius) else { return 0 };
        let blocks: &[Boxes] = boxes.as_chunks().0.as_chunks().0.as_chunks().0;
        let rests = out.rests.as_chunks_mut::<BLOCK>().0;
        let mut within = 0;
        let blocks = blocks.iter().zip(rests).take(count.div_ceil(BLOCK));
        for (number, (boxes, rests)) in blocks.enumerate() {
            let left = count - number * BLOCK;
            let behind = u32::MAX.checked_shl(left as u32).unwrap_or(0);
            let places = boxes_within(boxes, query, limit, rests) & !behind;
            within |= Places::from(places) << (number * BLOCK);
        }
        within
    }

    #[inline(always)]
    fn nearer(query: &Fingerprint, rows: &[u8; ROOM], count: usize, near: Near, hits: &mut Hits) {
        let Near { most, rest, blocks } = near;
        if most < 0.0 {
            return;
        }
        let largest = largest_sum(most);
        let Some(limits) = Limits::of(largest, rest) else { return };
        for_each_within(query.values(), rows, count, (limits, blocks), |place, sum| {
            let sum = if sum < u16::MAX {
                u32::from(sum)
            } else {
                query.squared_distance(&leaf::row::<Fingerprints>(rows, place))
            };
            if sum <= largest {
                hits.push(place, in_units(sum));
            }
        });
    }

    #[inline(always)]
    fn blocks(rows: &[u8; ROOM], count: usize, out: &mut Boxes) {
        let (first_looks, rests) = looks(rows);
        let blocks = first_looks.iter().zip(rests).take(count.div_ceil(BLOCK));
        for (number, (first_look, rest)) in blocks.enumerate() {
            let left = count - number * BLOCK;
            for (sides, column) in out.iter_mut().zip(first_look.iter().chain(rest)) {
                // Behind the last row anything may be.
                let mut column = *column;
                if left < BLOCK {
                    column = std::array::from_fn(|i| column[if i < left { i } else { 0 }]);
                }
                sides[0][number] = fold(column, u8::min);
                sides[1][number] = fold(column, u8::max);
            }
        }
    }

    #[inline(always)]
    fn beside(query: &Fingerprint, blocks: &Boxes, radius: f64) -> u32 {
        match limit_below(radius) {
            Some(limit) => boxes_within(blocks, query, limit, &mut [0; BLOCK]),
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::kdtree::cell::Cell as _;
    use crate::index::kdtree::inner::{self, Child};
    use crate::index::kdtree::leaf::Pointer;
    use crate::index::kdtree::page::{Page, Role};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_the_box_tells_of_the_other_axes_loses_no_row(
            query in any::<[u8; 32]>(),
            // From all alike to all different.
            spread in 1_u16..=256,
            rows in proptest::collection::vec(any::<[u8; 32]>(), 1..208),
        ) {
            let query = Fingerprint::from_values(query);
            let (mut page, mut above) =
                (Page::new(Fingerprints::NUMBER, Role::Node, 0), Page::new(Fingerprints::NUMBER, Role::Node, 1));
            let mut cell = Bounds::EMPTY;
            let mut distances = Vec::new();
            for row in rows {
                let near = |axis: usize| {
                    query.values()[axis].wrapping_add((u16::from(row[axis]) % spread) as u8)
                };
                let value = Fingerprint::from_values(std::array::from_fn(near));
                cell = cell.with(Fingerprints::cell(&value));
                leaf::push::<Fingerprints>(&mut page, Some(&value), Pointer(1));
                distances.push(query.distance(&value));
            }
            inner::push::<Fingerprints>(&mut above, &cell, Child { block: 2, birth: 0 });
            let mut bounds = kind::Bounds::default();
            Fingerprints::bounds(&query, above.room(), 1, &mut bounds);
            distances.sort_by(f64::total_cmp);
            for most in [distances[0], distances[distances.len() / 2], f64::MAX, distances[0] / 2.0] {
                let [with, without] = [bounds.rests[0], 0].map(|rest| {
                    let (near, mut hits) = (Near::any(most, rest), Hits::default());
                    Fingerprints::nearer(&query, page.room(), page.count(), near, &mut hits);
                    hits.iter().collect::<Vec<_>>()
                });
                prop_assert_eq!(&with, &without);
                let mut blocks = <Fingerprints as Kind>::Blocks::default();
                Fingerprints::blocks(page.room(), page.count(), &mut blocks);
                let beside = Fingerprints::beside(&query, &blocks, most.next_up());
                let (near, mut hits) = (Near { most, rest: 0, blocks: beside }, Hits::default());
                Fingerprints::nearer(&query, page.room(), page.count(), near, &mut hits);
                prop_assert_eq!(&with, &hits.iter().collect::<Vec<_>>());
                prop_assert_eq!(with.len(), distances.iter().filter(|&&far| far <= most).count());
            }
        }
    }
}
