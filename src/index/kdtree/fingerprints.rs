//! Trees of fingerprints: rows of 32 bytes, which are the axes of the boxes, too.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint, UNIT, in_units};
use crate::index::geometry::{Bounds, Point as _};
use crate::index::kdtree::inner::Columns;
use crate::index::kdtree::kind::{Hits, Kind, MOST_BOXES};
use crate::index::kdtree::page::ROOM;

/// The kind of tree that holds fingerprints.
pub struct Fingerprints;

const BLOCK: usize = 16;
const ROWS: usize = Fingerprints::ROWS;
const BOXES: usize = Fingerprints::BOXES;

/// After so many axes it is asked whether any of 16 rows is still near enough.
const STAGE: usize = 8;

/// Sixteen bytes of a column, from the `at`th on.
#[inline(always)]
fn sixteen(column: &[u8], at: usize) -> [u8; BLOCK] {
    match column.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        Some(bytes) => *bytes,
        None => [0; BLOCK],
    }
}

/// The largest sum of squares whose distance is at most `most`.
fn largest_sum(most: f64) -> u32 {
    let near = (most / UNIT) * (most / UNIT);
    if near >= f64::from(u32::MAX - 16) {
        return u32::MAX;
    }
    // The root and the unit are off by a bit or two: a few numbers around it at most.
    let mut sum = (near.max(0.0) as u32).saturating_add(8);
    while sum > 0 && in_units(sum) > most {
        sum -= 1;
    }
    sum
}

/// Adds the squared differences of some axes to the sums of 16 rows, which stay at the
/// largest 16-bit number when they would be larger.
#[inline(always)]
fn add_stage(sums: &mut [u16; BLOCK], rows: &[u8; ROOM], from: usize, axis: usize, query: &[u8; 32]) {
    for axis in axis..axis + STAGE {
        let column = sixteen(rows, axis * ROWS + from);
        let at = i16::from(query[axis]);
        for i in 0..BLOCK {
            let difference = i16::from(column[i]) - at;
            sums[i] = sums[i].saturating_add(difference.wrapping_mul(difference) as u16);
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

    type Value = Fingerprint;
    type Cell = Bounds<u8, FINGERPRINT_LEN>;
    type Placed = Fingerprint;
    type Query = Fingerprint;

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
    fn bounds(query: &Fingerprint, boxes: &Columns, count: usize, out: &mut [f64; MOST_BOXES]) {
        let (low, high) = boxes.0.split_at(FINGERPRINT_LEN * BOXES);
        for from in (0..count.min(BOXES)).step_by(BLOCK) {
            let mut sums = [0_u32; BLOCK];
            for (axis, &at) in query.values().iter().enumerate() {
                let low = sixteen(low, axis * BOXES + from);
                let high = sixteen(high, axis * BOXES + from);
                for i in 0..BLOCK {
                    let out = u16::from(low[i].saturating_sub(at) | at.saturating_sub(high[i]));
                    sums[i] += u32::from(out.wrapping_mul(out));
                }
            }
            for (out, sum) in out[from..from + BLOCK].iter_mut().zip(sums) {
                *out = in_units(sum);
            }
        }
    }

    /// A few axes at a time, as most rows are too far after the first.
    #[inline(always)]
    fn nearer(query: &Fingerprint, rows: &[u8; ROOM], count: usize, most: f64, hits: &mut Hits) {
        if most < 0.0 {
            return;
        }
        let largest = largest_sum(most);
        let limit = largest.min(u32::from(u16::MAX)) as u16;
        let numbers = query.values();
        for from in (0..count.min(ROWS)).step_by(BLOCK) {
            let mut sums = [0_u16; BLOCK];
            let mut axis = 0;
            while axis < FINGERPRINT_LEN {
                add_stage(&mut sums, rows, from, axis, numbers);
                if !any_within(&sums, limit) {
                    break;
                }
                axis += STAGE;
            }
            if axis < FINGERPRINT_LEN {
                continue;
            }
            for (place, sum) in (from..count).zip(sums) {
                if sum > limit {
                    continue;
                }
                let sum = if sum < u16::MAX {
                    u32::from(sum)
                } else {
                    let squares = numbers.iter().enumerate().map(|(axis, &at)| {
                        let row = rows.get(axis * ROWS + place).copied().unwrap_or(0);
                        u32::from(row.abs_diff(at)).pow(2)
                    });
                    squares.sum()
                };
                if sum <= largest {
                    hits.push(place, in_units(sum));
                }
            }
        }
    }
}
