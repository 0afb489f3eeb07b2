//! Trees of fingerprints: rows of 32 bytes, which are the axes of the boxes, too.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint, UNIT, in_units};
use crate::index::geometry::{Bounds, Point as _};
use crate::index::kdtree::kind::{Hits, Kind, MOST_BOXES};
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::ROOM;

/// The kind of tree that holds fingerprints.
pub struct Fingerprints;

const BLOCK: usize = 16;

/// After so many axes it is asked whether any of 16 rows is still near enough.
const STAGE: usize = 16;

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
    // The product is off by a bit or two of 53, and so its whole part by one.
    let sum = near.max(0.0) as u32;
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

/// Calls `found` for those of the first `count` rows whose sum of squared differences is at most
/// `limit`, or does not fit, with the sum. Half of the axes come first, as most rows are too
/// far by these.
#[inline(always)]
fn for_each_within<T: Copy>(
    from: &[T; FINGERPRINT_LEN],
    difference: impl Fn(u8, T) -> i16 + Copy,
    rows: &[u8; ROOM],
    count: usize,
    limit: u16,
    mut found: impl FnMut(usize, u16),
) {
    let stages = from.as_chunks::<STAGE>().0;
    let blocks = rows.as_chunks::<{ FINGERPRINT_LEN * BLOCK }>().0.iter();
    'blocks: for (number, block) in blocks.take(count.div_ceil(BLOCK)).enumerate() {
        let mut sums = [0_u16; BLOCK];
        let columns: &[[Sixteen; STAGE]] = block.as_chunks().0.as_chunks().0;
        for (columns, from) in columns.iter().zip(stages) {
            add_stage(&mut sums, columns, from, difference);
            if !any_within(&sums, limit) {
                continue 'blocks;
            }
        }
        for (place, sum) in (number * BLOCK..count).zip(sums) {
            if sum <= limit {
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

impl Kind for Fingerprints {
    const NUMBER: u8 = 2;
    const AXES: usize = FINGERPRINT_LEN;
    const WIDTH: usize = 1;
    const BLOCK: usize = BLOCK;
    const FIRST_LOOK: usize = STAGE * BLOCK;

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
    fn bounds(query: &Fingerprint, boxes: &[u8; ROOM], count: usize, out: &mut [f64; MOST_BOXES]) {
        let blocks = boxes.as_chunks::<{ 2 * FINGERPRINT_LEN * BLOCK }>().0;
        let outs = out.as_chunks_mut::<BLOCK>().0;
        for (block, out) in blocks.iter().zip(outs).take(count.div_ceil(BLOCK)) {
            let mut sums = [0_u32; BLOCK];
            let sides: &[[Sixteen; 2]] = block.as_chunks().0.as_chunks().0;
            for ([low, high], &at) in sides.iter().zip(query.values()) {
                for i in 0..BLOCK {
                    let out = u16::from(outside(at, low[i], high[i]));
                    sums[i] += u32::from(out.wrapping_mul(out));
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = in_units(sum);
            }
        }
    }

    #[inline(always)]
    fn nearer(query: &Fingerprint, rows: &[u8; ROOM], count: usize, most: f64, hits: &mut Hits) {
        if most < 0.0 {
            return;
        }
        let largest = largest_sum(most);
        let limit = largest.min(u32::from(u16::MAX)) as u16;
        let difference = |at, from| i16::from(at) - i16::from(from);
        for_each_within(query.values(), difference, rows, count, limit, |place, sum| {
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
    fn beside(extent: &Extent, rows: &[u8; ROOM], count: usize, most: f64, hits: &mut Hits) {
        if most < 0.0 {
            return;
        }
        let limit = largest_sum(most).min(u32::from(u16::MAX)) as u16;
        let difference = |at: u8, [low, high]: [u8; 2]| i16::from(outside(at, low, high));
        for_each_within(extent, difference, rows, count, limit, |place, sum| {
            hits.push(place, in_units(u32::from(sum)));
        });
    }
}
