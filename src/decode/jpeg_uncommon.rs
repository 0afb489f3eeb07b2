//! Sequential JPEG files that `zune-jpeg` makes noise of, read plainly and slowly:
//! components of any sampling, scans of their own, and restart markers out of order.
//!
//! The crate `jpeg-decoder` reads the first two, but starts threads, which a server's
//! process must not have; and it refuses the third.

use super::jpeg_bits::Bits;
use super::jpeg_header::{Codes, Component, Header};
use super::jpeg_segments::{self, marker};
use super::{DecodeError, Format, Watch, allocate};
use rustdct::{DctPlanner, TransformType2And3};
use std::sync::Arc;

/// Samples along each side of a block.
const BLOCK: usize = 8;
/// What a component is where its data are missing.
const MID_GREY: u8 = 128;

/// Where the coefficients of a block stand, in the order in which they are stored.
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Whether restart markers of a scan do not count on as they should: data are lost.
pub(super) fn restarts_are_out_of_order(header: &Header, scan: &[u8]) -> bool {
    let scan = &scan[..jpeg_segments::scan_length(scan)];
    header.restart_interval > 0
        && Restarts(scan)
            .zip(0_usize..)
            .any(|((number, _), wanted)| usize::from(number) != wanted & 7)
}

/// The samples of a component, in whole units.
pub(super) struct Plane {
    samples: Vec<u8>,
    stride: usize,
    /// How many samples there are for `most` of the largest component: `(here, most)`.
    across: (usize, usize),
    down: (usize, usize),
}

impl Plane {
    /// The sample under a pixel.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        let (x, y) = (x * self.across.0 / self.across.1, y * self.down.0 / self.down.1);
        self.samples.get(y * self.stride + x).copied().unwrap_or(MID_GREY)
    }

    /// Bytes that [`decode`] allocates.
    pub fn bytes(header: &Header) -> usize {
        let grid = Grid::of(header);
        header
            .components
            .iter()
            .map(|component| grid.stride(component) * grid.rows(component))
            .sum()
    }
}

/// How a picture is divided in units.
#[derive(Clone, Copy)]
struct Grid {
    /// Blocks of the largest component in a unit.
    across: usize,
    down: usize,
    units_across: usize,
    units_down: usize,
}

impl Grid {
    fn of(header: &Header) -> Self {
        let across = header.components.iter().map(|component| component.across).max().unwrap_or(1);
        let down = header.components.iter().map(|component| component.down).max().unwrap_or(1);
        Grid {
            across,
            down,
            units_across: header.width.div_ceil(BLOCK * across),
            units_down: header.height.div_ceil(BLOCK * down),
        }
    }

    fn stride(self, component: &Component) -> usize {
        self.units_across * component.across * BLOCK
    }

    fn rows(self, component: &Component) -> usize {
        self.units_down * component.down * BLOCK
    }
}

/// The planes of all components.
///
/// # Errors
/// Where tables are missing, or there is no memory.
pub(super) fn decode(
    mut header: Header,
    mut scan: &[u8],
    watch: &Watch,
) -> Result<Vec<Plane>, DecodeError> {
    let broken = || DecodeError::broken(Format::Jpeg, "a part of it makes no sense");
    let grid = Grid::of(&header);
    let mut planes = Vec::new();
    for component in &header.components {
        let stride = grid.stride(component);
        let mut samples = allocate(stride * grid.rows(component))?;
        samples.fill(MID_GREY);
        let (across, down) = ((component.across, grid.across), (component.down, grid.down));
        planes.push(Plane { samples, stride, across, down });
    }
    let transform = Transform::new();
    loop {
        let end = jpeg_segments::scan_length(scan);
        decode_scan(&header, grid, &scan[..end], &transform, watch, &mut planes)
            .ok_or_else(broken)?;
        if watch.stopped() {
            return Err(DecodeError::Interrupted);
        }
        let mut rest = &scan[end..];
        loop {
            let Some(segment) = jpeg_segments::next(rest) else { return Ok(planes) };
            rest = segment.rest;
            match segment.marker {
                marker::END_OF_IMAGE => return Ok(planes),
                marker::START_OF_SCAN => {
                    header.read_scan(segment.content).ok_or_else(broken)?;
                    break;
                }
                other => header.read_setting(other, segment.content).ok_or_else(broken)?,
            }
        }
        scan = rest;
    }
}

/// A scan's data between restart markers: the marker's number, and what follows it.
struct Restarts<'a>(&'a [u8]);

impl<'a> Iterator for Restarts<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let at = restart(self.0)?;
        let number = self.0[at + 1] & 7;
        self.0 = &self.0[at + 2..];
        Some((number, &self.0[..restart(self.0).unwrap_or(self.0.len())]))
    }
}

fn restart(data: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xff, data).find(|&at| matches!(data.get(at + 1), Some(0xd0..=0xd7)))
}

/// What a scan says of a component: its place, its numbers of blocks, its tables.
struct Scanned<'a> {
    place: usize,
    across: usize,
    down: usize,
    dc: &'a Codes,
    ac: &'a Codes,
    quantisation: &'a [u16; 64],
}

fn decode_scan(
    header: &Header,
    grid: Grid,
    scan: &[u8],
    transform: &Transform,
    watch: &Watch,
    planes: &mut [Plane],
) -> Option<()> {
    let [dc_tables, ac_tables] = &header.tables;
    // A component by itself is coded block by block, whatever its sampling.
    let alone = header.scanned.len() == 1;
    let mut scanned = Vec::new();
    for &place in &header.scanned {
        let component = header.components.get(place)?;
        scanned.push(Scanned {
            place,
            across: if alone { 1 } else { component.across },
            down: if alone { 1 } else { component.down },
            dc: dc_tables.get(component.dc)?.as_ref()?,
            ac: ac_tables.get(component.ac)?.as_ref()?,
            quantisation: header.quantisation.get(usize::from(component.quantisation))?.as_ref()?,
        });
    }
    let first = header.components.get(*header.scanned.first()?)?;
    let blocks = |side: usize, here: usize, most: usize| (side * here).div_ceil(most * BLOCK);
    let (units_across, units_down) = match alone {
        true => (
            blocks(header.width, first.across, grid.across),
            blocks(header.height, first.down, grid.down),
        ),
        false => (grid.units_across, grid.units_down),
    };
    let units = units_across * units_down;
    let interval = if header.restart_interval > 0 { header.restart_interval } else { units };

    let mut decode_from = |unit: usize, data: &[u8]| {
        let mut bits = Bits::new(data);
        let mut predicted = [0; 4];
        for unit in unit..units.min(unit + interval) {
            let (x, y) = (unit % units_across, unit / units_across);
            if x == 0 && watch.ask() {
                return;
            }
            for (component, predicted) in scanned.iter().zip(&mut predicted) {
                for block in 0..component.across * component.down {
                    let Some(coefficients) = read_block(&mut bits, component, predicted) else {
                        return;
                    };
                    let x = x * component.across + block % component.across;
                    let y = y * component.down + block / component.across;
                    transform.put(coefficients, &mut planes[component.place], x, y);
                }
            }
        }
    };

    // As libjpeg does: a marker that is one or two ahead says that what belongs before
    // it is lost, and one that is behind, that it comes a second time.
    decode_from(0, &scan[..restart(scan).unwrap_or(scan.len())]);
    let mut unit = interval;
    for (number, data) in Restarts(scan) {
        let wanted = (unit / interval + 7) as u8 & 7;
        match number.wrapping_sub(wanted) & 7 {
            ahead @ 1..=2 => unit += usize::from(ahead) * interval,
            6..=7 => continue,
            _ => {}
        }
        if unit >= units || watch.stopped() {
            break;
        }
        decode_from(unit, data);
        unit += interval;
    }
    Some(())
}

/// The coefficients of a block, by rows: its DC difference, then runs of zeros and AC
/// values up to the 63rd.
fn read_block(bits: &mut Bits, component: &Scanned, predicted: &mut i32) -> Option<[f32; 64]> {
    let mut coefficients = [0.0; 64];
    let size = bits.symbol(component.dc)?;
    *predicted = predicted.wrapping_add(bits.number(size.min(16))?);
    coefficients[0] = *predicted as f32 * f32::from(component.quantisation[0]);
    let mut at = 1;
    while at < 64 {
        let symbol = bits.symbol(component.ac)?;
        match (usize::from(symbol >> 4), symbol & 15) {
            (15, 0) => at += 16,
            (_, 0) => break,
            (run, size) => {
                // Of a run too long, as damage makes it, libjpeg takes the number for the last.
                at = (BLOCK * BLOCK - 1).min(at + run);
                let value = bits.number(size)? as f32;
                let place = usize::from(ZIGZAG[at]);
                coefficients[place] = value * f32::from(component.quantisation[at]);
                at += 1;
            }
        }
    }
    Some(coefficients)
}

/// From a block's coefficients to its samples.
struct Transform(Arc<dyn TransformType2And3<f32>>);

impl Transform {
    fn new() -> Self {
        Transform(DctPlanner::new().plan_dct3(BLOCK))
    }

    /// Puts block `(x, y)` in its place.
    fn put(&self, mut block: [f32; 64], plane: &mut Plane, x: usize, y: usize) {
        let mut scratch = [0.0; 4 * BLOCK];
        // Along the rows, turned, and again: so along the columns.
        for _ in 0..2 {
            for line in block.as_chunks_mut::<BLOCK>().0 {
                line[0] *= std::f32::consts::SQRT_2;
                self.0.process_dct3_with_scratch(line, &mut scratch[..self.0.get_scratch_len()]);
                line.iter_mut().for_each(|value| *value *= 0.5);
            }
            let turned = block;
            block = std::array::from_fn(|at| turned[at % BLOCK * BLOCK + at / BLOCK]);
        }
        for (dy, line) in block.as_chunks::<BLOCK>().0.iter().enumerate() {
            let at = (y * BLOCK + dy) * plane.stride + x * BLOCK;
            if let Some(samples) = plane.samples.get_mut(at..at + BLOCK) {
                for (sample, value) in samples.iter_mut().zip(line) {
                    *sample = (value + f32::from(MID_GREY) + 0.5) as u8;
                }
            }
        }
    }
}
