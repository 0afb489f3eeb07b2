//! Trees of signatures: rows of 16 float4, boxes along the principal axes.

use crate::index::geometry::{Bounds, Point as _};
use crate::index::kdtree::kind::{self, Hits, Kind, Near};
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::ROOM;
use crate::index::rotation::Rotated;
use crate::signature::{SIGNATURE_LEN, Signature};

/// The kind of tree that holds signatures.
pub struct Signatures;

/// A signature, and where it lies on the axes.
#[derive(Clone, Copy)]
pub struct Placed {
    signature: Signature,
    coordinates: [f32; SIGNATURE_LEN],
}

/// A signature to search for, and, on each axis, a float4 not above and one not below it.
#[derive(Clone)]
pub struct Query {
    signature: Signature,
    below: [f32; SIGNATURE_LEN],
    above: [f32; SIGNATURE_LEN],
}

/// The least and the largest of each number of so many blocks.
type Blocks = [[[f32; BLOCKS]; 2]; SIGNATURE_LEN];

/// Blocks of a full leaf, and a few more.
const BLOCKS: usize = 16;
const _: () = assert!(<Signatures as Kind>::ROWS <= BLOCKS * BLOCK);

/// By so much a sum of 16 squares in single precision may be off, and more: each is off by
/// 2⁻²⁴ thrice, and each of the sums once.
const SLACK: f64 = 1e-5;
/// What is lost where squares are too small for a float4, and more.
const LEAST: f64 = 1e-40;
/// A sum beyond may be beyond all float4.
const LARGE: f64 = 3e38;

const BLOCK: usize = 8;

/// One number, or side, of each row or box of a block.
type Eight = [[u8; 4]; BLOCK];

/// Blocks of rows, and of boxes, as they lie on a page.
fn blocks<const BYTES: usize>(room: &[u8; ROOM]) -> &[[u8; BYTES]] {
    room.as_chunks().0
}

/// The numbers of a block by axis, or its lower and upper sides by turns.
#[inline(always)]
fn columns(block: &[u8]) -> &[Eight] {
    block.as_chunks().0.as_chunks().0
}

/// How far a number is outside of two sides, by how far it is short of one and over the other.
#[inline(always)]
fn outside(short: f32, over: f32) -> f32 {
    let most = if short > over { short } else { over };
    if most > 0.0 { most } else { 0.0 }
}

/// At most the distance whose square was added up in single precision.
#[inline(always)]
fn bound(sum: f32) -> f64 {
    let square = f64::from(if sum < f32::MAX { sum } else { f32::MAX });
    let square = square * (1.0 - SLACK) - LEAST;
    if square > 0.0 { square.sqrt() * (1.0 - 1e-12) } else { 0.0 }
}

/// No sum in single precision of a distance of at most `most` is larger.
#[inline(always)]
fn largest_sum(most: f64) -> f32 {
    let square = most * most * (1.0 + SLACK) + LEAST;
    if square < LARGE { (square as f32).next_up() } else { f32::INFINITY }
}

/// Calls `found` for those of the first `count` rows that are asked for whose sum of squared
/// differences, in single precision, may be that of a distance that is.
#[inline(always)]
fn for_each_within(
    from: &[f32; SIGNATURE_LEN],
    rows: &[u8; ROOM],
    count: usize,
    near: Near,
    mut found: impl FnMut(usize),
) {
    let limit = largest_sum(near.most);
    let blocks = blocks::<{ 4 * SIGNATURE_LEN * BLOCK }>(rows).iter();
    for (number, block) in blocks.take(count.div_ceil(BLOCK)).enumerate() {
        if near.blocks >> number & 1 == 0 {
            continue;
        }
        let mut sums = [0.0_f32; BLOCK];
        for (column, &from) in columns(block).iter().zip(from) {
            for i in 0..BLOCK {
                let difference = f32::from_ne_bytes(column[i]) - from;
                sums[i] += difference * difference;
            }
        }
        // One question for all eight: mostly none is near enough.
        if sums.map(|sum| u32::from(sum <= limit)).iter().sum::<u32>() == 0 {
            continue;
        }
        for (place, sum) in (number * BLOCK..count).zip(sums) {
            if sum <= limit {
                found(place);
            }
        }
    }
}

impl Kind for Signatures {
    const NUMBER: u8 = 1;
    const AXES: usize = SIGNATURE_LEN;
    const WIDTH: usize = 4;
    const BLOCK: usize = BLOCK;
    const FIRST_LOOK: usize = SIGNATURE_LEN;

    type Value = Signature;
    type Cell = Bounds<f32, SIGNATURE_LEN>;
    type Placed = Placed;
    type Query = Query;
    type Blocks = Blocks;

    fn number(value: &Signature, axis: usize) -> [u8; 4] {
        value.values()[axis].to_ne_bytes()
    }

    fn value(number: impl Fn(usize) -> [u8; 4]) -> Signature {
        Signature::from_values(std::array::from_fn(|axis| f32::from_ne_bytes(number(axis))))
    }

    fn cell(value: &Signature) -> Self::Cell {
        value.bounds()
    }

    fn place(value: &Signature) -> Placed {
        let rotated = Rotated::of(value);
        Placed { signature: *value, coordinates: rotated.coordinates.map(|at| at as f32) }
    }

    fn at(placed: &Placed, axis: usize) -> f32 {
        placed.coordinates[axis]
    }

    fn placed(placed: &Placed) -> Signature {
        placed.signature
    }

    fn query(value: &Signature) -> Query {
        let cell = value.bounds();
        let [below, above] = cell.corners();
        Query { signature: *value, below: *below, above: *above }
    }

    fn distance(query: &Query, value: &Signature) -> f64 {
        query.signature.distance(value)
    }

    /// In single precision, which overflows at worst to a sum that is above `f32::MAX`.
    #[inline(always)]
    fn bounds(query: &Query, boxes: &[u8; ROOM], count: usize, out: &mut kind::Bounds) {
        let blocks = blocks::<{ 2 * 4 * SIGNATURE_LEN * BLOCK }>(boxes);
        let outs = out.distances.as_chunks_mut::<BLOCK>().0;
        for (block, out) in blocks.iter().zip(outs).take(count.div_ceil(BLOCK)) {
            let mut sums = [0.0_f32; BLOCK];
            let sides = columns(block).as_chunks::<2>().0;
            for ([low, high], (&below, &above)) in
                sides.iter().zip(query.below.iter().zip(&query.above))
            {
                for i in 0..BLOCK {
                    let short = f32::from_ne_bytes(low[i]) - above;
                    let over = below - f32::from_ne_bytes(high[i]);
                    let out = outside(short, over);
                    sums[i] += out * out;
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = bound(sum);
            }
        }
    }

    /// In single precision first, where no row that is near enough fails. The first look leaves
    /// nothing out.
    #[inline(always)]
    fn nearer(query: &Query, rows: &[u8; ROOM], count: usize, near: Near, hits: &mut Hits) {
        for_each_within(query.signature.values(), rows, count, near, |place| {
            let distance = query.signature.distance(&leaf::row::<Signatures>(rows, place));
            if distance <= near.most {
                hits.push(place, distance);
            }
        });
    }

    #[inline(always)]
    fn blocks(rows: &[u8; ROOM], count: usize, out: &mut Blocks) {
        let blocks = blocks::<{ 4 * SIGNATURE_LEN * BLOCK }>(rows).iter().enumerate();
        for (number, block) in blocks.take(BLOCKS.min(count.div_ceil(BLOCK))) {
            for (sides, column) in out.iter_mut().zip(columns(block)) {
                let [low, high] = sides;
                (low[number], high[number]) = (f32::INFINITY, f32::NEG_INFINITY);
                for at in column.iter().take(count - number * BLOCK) {
                    let at = f32::from_ne_bytes(*at);
                    low[number] = low[number].min(at);
                    high[number] = high[number].max(at);
                }
            }
        }
    }

    /// In single precision, as above.
    #[inline(always)]
    fn beside(query: &Query, blocks: &Blocks, most: f64) -> u32 {
        let limit = largest_sum(most);
        let mut sums = [0.0_f32; BLOCKS];
        for ([low, high], &at) in blocks.iter().zip(query.signature.values()) {
            for i in 0..BLOCKS {
                let out = outside(low[i] - at, at - high[i]);
                sums[i] += out * out;
            }
        }
        sums.iter().rev().fold(0, |within, &sum| within << 1 | u32::from(sum <= limit))
    }
}
