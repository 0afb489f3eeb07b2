//! Trees of fingerprints: rows of 32 bytes, which are the axes of the boxes, too.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint, UNIT, in_units};
use crate::index::geometry::{Bounds, Point as _};
use crate::index::kdtree::kind::{self, Hits, Kind};
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

/// The least and the largest of each number.
type Extent = [[u8; 2]; FINGERPRINT_LEN];

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
fn add_stage<T: Copy>(
    sums: &mut [u16; BLOCK],
    columns: &[Sixteen; STAGE],
    from: &[T; STAGE],
    difference: impl Fn(u8, T) -> i16,
) {
    for (column, &from) in columns.iter().zip(from) {
        for i in 0..BLOCK {
            let difference = difference(column[i], from);
            sums[i] = sums[i].saturating_add(difference.wrapping_mul(difference) as u16);
        }
    }
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
        let fitting = |sum: u32| sum.min(u32::from(u16::MAX)) as u16;
        let first = largest.checked_sub(u32::from(rest))?;
        Some(Limits { all: fitting(largest), first: fitting(first) })
    }
}

/// Blocks of a full leaf.
const BLOCKS: usize = <Fingerprints as Kind>::ROWS / BLOCK;

/// Calls `found` for those of the first `count` rows whose sum of squared differences is within
/// the limits, or does not fit, with the sum. First all rows by the axes of a first look, by which most
/// are too far; then stage after stage the blocks that are left.
#[inline(always)]
fn for_each_within<T: Copy>(
    from: &[T; FINGERPRINT_LEN],
    difference: impl Fn(u8, T) -> i16 + Copy,
    rows: &[u8; ROOM],
    count: usize,
    limits: Limits,
    mut found: impl FnMut(usize, u16),
) {
    let (first_looks, rests) = rows.split_at(BLOCKS * STAGE * BLOCK);
    let first_looks: &[[Sixteen; STAGE]] = first_looks.as_chunks().0.as_chunks().0;
    let rests = rests.as_chunks::<{ (FINGERPRINT_LEN - STAGE) * BLOCK }>().0;
    let Some((from, from_then)) = from.as_chunks::<STAGE>().0.split_first() else { return };
    let mut sums = [[0_u16; BLOCK]; BLOCKS];
    let mut left = 0_u32;
    let blocks = first_looks.iter().zip(&mut sums).take(count.div_ceil(BLOCK));
    for (number, (columns, sums)) in blocks.enumerate() {
        add_stage(sums, columns, from, difference);
        left |= u32::from(any_within(sums, limits.first)) << number;
    }
    'blocks: while left != 0 {
        let number = left.trailing_zeros() as usize;
        left &= left - 1;
        let (Some(mut sums), Some(rest)) = (sums.get(number).copied(), rests.get(number)) else {
            return;
        };
        let columns: &[[Sixteen; STAGE]] = rest.as_chunks().0.as_chunks().0;
        for (columns, from) in columns.iter().zip(from_then) {
            add_stage(&mut sums, columns, from, difference);
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
    type Extent = Extent;

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

    fn extent<'a>(queries: impl Iterator<Item = &'a Fingerprint>) -> Extent {
        let mut extent = [[u8::MAX, u8::MIN]; FINGERPRINT_LEN];
        for query in queries {
            for ([low, high], &at) in extent.iter_mut().zip(query.values()) {
                (*low, *high) = ((*low).min(at), (*high).max(at));
            }
        }
        extent
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
    fn nearer(
        query: &Fingerprint,
        rows: &[u8; ROOM],
        count: usize,
        most: f64,
        rest: u16,
        hits: &mut Hits,
    ) {
        if most < 0.0 {
            return;
        }
        let largest = largest_sum(most);
        let Some(limits) = Limits::of(largest, rest) else { return };
        let difference = |at, from| i16::from(at) - i16::from(from);
        for_each_within(query.values(), difference, rows, count, limits, |place, sum| {
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
    fn beside(
        extent: &Extent,
        rows: &[u8; ROOM],
        count: usize,
        most: f64,
        rest: u16,
        hits: &mut Hits,
    ) {
        if most < 0.0 {
            return;
        }
        let Some(limits) = Limits::of(largest_sum(most), rest) else { return };
        let difference = |at: u8, [low, high]: [u8; 2]| i16::from(outside(at, low, high));
        for_each_within(extent, difference, rows, count, limits, |place, sum| {
            hits.push(place, in_units(u32::from(sum)));
        });
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
                    let mut hits = Hits::default();
                    Fingerprints::nearer(&query, page.room(), page.count(), most, rest, &mut hits);
                    hits.iter().collect::<Vec<_>>()
                });
                prop_assert_eq!(&with, &without);
                let mut beside = Hits::default();
                let (extent, rest) = (Fingerprints::extent([query].iter()), bounds.rests[0]);
                Fingerprints::beside(&extent, page.room(), page.count(), most, rest, &mut beside);
                prop_assert!(with.iter().all(|hit| beside.iter().any(|other| other.0 == hit.0)));
                prop_assert_eq!(with.len(), distances.iter().filter(|&&far| far <= most).count());
            }
        }
    }
}
