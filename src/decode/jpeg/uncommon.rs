//! What `zune-jpeg` makes noise of, read plainly and slowly, as libjpeg reads it: files whose
//! data end early, whatever stands behind them, or are damaged; components of any sampling,
//! scans of their own, and restart markers out of order.
//!
//! The unit in which data end goes on in bits of 0, and those behind it are mid grey, up to
//! the next restart marker or scan. The crate `jpeg-decoder` refuses many of these, and starts
//! threads, which a server's process must not have.

use super::super::{DecodeError, Format, Watch};
use super::bits::Bits;
use super::grid::{BLOCK, Grid};
use super::header::{Codes, Header, Progression};
use super::plane::{Block, Plane, Transform};
use super::segments::{self, marker};

/// Where the coefficients of a block stand, in the order in which they are stored.
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The last of a block's coefficients.
const LAST: usize = BLOCK * BLOCK - 1;

/// Scans that are read of a file: more than any program writes, as each may cost the time of
/// a whole picture.
const MOST_SCANS: usize = 100;

/// Whether restart markers of the first scan do not count on as they should, or there are too
/// few of them: data are lost.
pub(super) fn restarts_are_out_of_order(header: &Header, scan: &[u8]) -> bool {
    if header.restart_interval == 0 {
        return false;
    }
    let scan = &scan[..segments::scan_length(scan, true)];
    let mut count = 0;
    for ((number, _), wanted) in segments::restarts(scan).zip(0_usize..) {
        if usize::from(number) != wanted & 7 {
            return true;
        }
        count += 1;
    }
    let (across, down) = Grid::of(header).units(header);
    header.one_scan() && (count + 1) * header.restart_interval < across * down
}

/// What is to become of the samples.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// The picture.
    Samples,
    /// Nothing: only whether they are there.
    Presence,
}

/// Bytes that [`decode`] allocates.
pub(super) fn bytes(header: &Header, want: Want) -> usize {
    let grid = Grid::of(header);
    let blocks = |component| grid.blocks_across(component) * grid.blocks_down(component);
    let of_coefficients = if header.sequential() { 0 } else { size_of::<Block>() };
    let of_samples = if want == Want::Samples { BLOCK * BLOCK } else { 0 };
    header.components.iter().map(blocks).sum::<usize>() * (of_coefficients + of_samples)
}

/// What was read of a file.
pub(super) struct Read {
    /// The planes of all components, without samples where none were wanted.
    pub planes: Vec<Plane>,
    /// Whether the data went on to the picture's end.
    pub complete: bool,
}

/// Reads all scans.
///
/// # Errors
/// Where tables are missing, or there is no memory.
pub(super) fn decode(
    mut header: Header,
    scan: &[u8],
    want: Want,
    watch: &Watch,
) -> Result<Read, DecodeError> {
    let broken = || DecodeError::broken(Format::Jpeg, "a part of it makes no sense");
    let grid = Grid::of(&header);
    let sequential = header.sequential();
    let mut planes = Vec::new();
    for component in &header.components {
        let size = grid.size(&header, component);
        let blocks = (grid.blocks_across(component), grid.blocks_down(component));
        let mut plane = Plane::new(component, grid, size, blocks);
        if want == Want::Samples {
            plane.make_samples()?;
        }
        if !sequential {
            plane.make_coefficients()?;
        }
        planes.push(plane);
    }
    let transform = Transform::new();
    let mut complete = true;
    let mut rest = scan;
    let one_scan = header.one_scan();
    'scans: for _ in 0..MOST_SCANS {
        let mut reader = Scan::of(&header, grid, rest, &mut planes).ok_or_else(broken)?;
        reader.read(&transform, watch);
        complete &= reader.complete;
        rest = reader.bits.rest();
        if watch.stopped() {
            return Err(DecodeError::Interrupted);
        }
        if one_scan {
            break;
        }
        loop {
            let Some(segment) = segments::next(rest) else { break 'scans };
            rest = segment.rest;
            match segment.marker {
                marker::END_OF_IMAGE => break 'scans,
                marker::START_OF_SCAN => {
                    header.read_scan(segment.content).ok_or_else(broken)?;
                    break;
                }
                other => header.read_setting(other, segment.content).ok_or_else(broken)?,
            }
        }
    }
    complete &= planes.iter().all(Plane::is_complete);
    for plane in &mut planes {
        plane.transform(&transform, watch)?;
    }
    Ok(Read { planes, complete })
}

/// What a scan says of a component: its place, its numbers of blocks, its tables.
struct Scanned {
    place: usize,
    across: usize,
    down: usize,
    dc: usize,
    ac: usize,
}

/// A scan, as it is read.
struct Scan<'a, 'd> {
    bits: Bits<'d>,
    tables: &'a [[Option<Codes>; 4]; 2],
    planes: &'a mut [Plane],
    scanned: Vec<Scanned>,
    sequential: bool,
    progression: Progression,
    units: (usize, usize),
    interval: usize,
    complete: bool,
}

/// What is remembered from one unit to the next.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// The last DC value of each component.
    predicted: [i32; 4],
    /// Blocks that have nothing more.
    ended: u32,
}

impl<'a, 'd> Scan<'a, 'd> {
    /// `None` where its tables or parameters make no sense.
    fn of(header: &'a Header, grid: Grid, data: &'d [u8], planes: &'a mut [Plane]) -> Option<Self> {
        let [dc_tables, ac_tables] = &header.tables;
        let there = |class: &[Option<Codes>; 4], at| class.get(at).is_some_and(Option::is_some);
        let sequential = header.sequential();
        let progression = header.progression;
        // A component by itself is coded block by block, whatever its sampling.
        let alone = header.scanned.len() == 1;
        if !sequential && !progression.makes_sense(alone) || header.scanned.is_empty() {
            return None;
        }
        let (wants_dc, wants_ac) = match sequential {
            true => (true, true),
            false => (progression.first == 0 && progression.before == 0, progression.first > 0),
        };
        let mut scanned = Vec::new();
        for &place in header.scanned.iter().take(MOST_COMPONENTS) {
            let component = header.components.get(place)?;
            let fits = (!wants_dc || there(dc_tables, component.dc))
                && (!wants_ac || there(ac_tables, component.ac));
            if !fits {
                return None;
            }
            planes.get_mut(place)?.begin_scan(header, component, progression)?;
            scanned.push(Scanned {
                place,
                across: if alone { 1 } else { component.across },
                down: if alone { 1 } else { component.down },
                dc: component.dc,
                ac: component.ac,
            });
        }
        let units = grid.units(header);
        let interval = header.restart_interval;
        Some(Scan {
            bits: Bits::new(data),
            tables: &header.tables,
            planes,
            scanned,
            sequential,
            progression,
            units,
            interval,
            complete: true,
        })
    }

    fn read(&mut self, transform: &Transform, watch: &Watch) {
        let mut memory = Memory::default();
        let (mut until_restart, mut restarts) = (self.interval, 0_u8);
        for y in 0..self.units.1 {
            if watch.ask() {
                return;
            }
            for x in 0..self.units.0 {
                if self.interval > 0 {
                    if until_restart == 0 {
                        self.bits.restart(restarts & 7);
                        memory = Memory::default();
                        until_restart = self.interval;
                        restarts = restarts.wrapping_add(1);
                    }
                    until_restart -= 1;
                }
                // What is not there leaves the blocks as they are.
                if !self.bits.missing() {
                    self.read_unit(x, y, &mut memory, transform);
                }
                self.complete &= !self.bits.missing();
            }
        }
    }

    fn read_unit(&mut self, x: usize, y: usize, memory: &mut Memory, transform: &Transform) {
        let [dc_tables, ac_tables] = self.tables;
        for (component, predicted) in self.scanned.iter().zip(&mut memory.predicted) {
            let tables = (
                dc_tables.get(component.dc).and_then(Option::as_ref),
                ac_tables.get(component.ac).and_then(Option::as_ref),
            );
            let Some(plane) = self.planes.get_mut(component.place) else { return };
            for block in 0..component.across * component.down {
                let x = x * component.across + block % component.across;
                let y = y * component.down + block / component.across;
                match (self.sequential, tables) {
                    (true, (Some(dc), Some(ac))) => {
                        let mut block = [0; 64];
                        read_block(&mut self.bits, dc, ac, predicted, &mut block);
                        plane.put(transform, &block, x, y);
                    }
                    (true, _) => return,
                    (false, tables) => {
                        let Some(block) = plane.coefficients(x, y) else { return };
                        let (bits, ended) = (&mut self.bits, &mut memory.ended);
                        match (self.progression, tables) {
                            (Progression { first: 0, before: 0, shift, .. }, (Some(dc), _)) => {
                                read_dc(bits, dc, predicted);
                                block[0] = (*predicted << shift) as i16;
                            }
                            (Progression { first: 0, shift, .. }, _) => {
                                block[0] |= (bits.bits(1) as i16) << shift;
                            }
                            (of @ Progression { before: 0, .. }, (_, Some(ac))) => {
                                read_first(bits, ac, of, ended, block);
                            }
                            (of, (_, Some(ac))) => refine(bits, ac, of, ended, block),
                            _ => return,
                        }
                    }
                }
            }
        }
    }
}

/// What a frame can have at most.
const MOST_COMPONENTS: usize = 4;

fn read_dc(bits: &mut Bits, dc: &Codes, predicted: &mut i32) {
    let size = bits.symbol(dc).min(16);
    *predicted = predicted.wrapping_add(bits.number(size));
}

/// The coefficients of a block, by rows: its DC difference, then runs of zeros and AC
/// values up to the 63rd.
fn read_block(bits: &mut Bits, dc: &Codes, ac: &Codes, predicted: &mut i32, block: &mut Block) {
    read_dc(bits, dc, predicted);
    block[0] = *predicted as i16;
    let mut at = 1;
    while at <= LAST {
        let symbol = bits.symbol(ac);
        match (usize::from(symbol >> 4), symbol & 15) {
            (15, 0) => at += 16,
            (_, 0) => break,
            (run, size) => {
                // Of a run too long, as damage makes it, libjpeg takes the number for the last.
                at = LAST.min(at + run);
                block[usize::from(ZIGZAG[at])] = bits.number(size) as i16;
                at += 1;
            }
        }
    }
}

/// A progressive scan's first bits of AC values (G.1.2.2).
fn read_first(bits: &mut Bits, ac: &Codes, of: Progression, ended: &mut u32, block: &mut Block) {
    if *ended > 0 {
        *ended -= 1;
        return;
    }
    let (mut at, last) = (usize::from(of.first), usize::from(of.last));
    while at <= last {
        let symbol = bits.symbol(ac);
        match (usize::from(symbol >> 4), symbol & 15) {
            (15, 0) => at += 16,
            (run, 0) => {
                *ended = (1 << run) + bits.bits(run as u8) - 1;
                return;
            }
            (run, size) => {
                at = LAST.min(at + run);
                block[usize::from(ZIGZAG[at])] = (bits.number(size) << of.shift) as i16;
                at += 1;
            }
        }
    }
}

/// One more bit of AC values (G.1.2.3): of those that are not zero yet as they come by, and
/// new ones between them.
fn refine(bits: &mut Bits, ac: &Codes, of: Progression, ended: &mut u32, block: &mut Block) {
    let bit = 1_i16 << of.shift;
    let (mut at, last) = (usize::from(of.first), usize::from(of.last));
    let add_bit = |bits: &mut Bits, value: &mut i16| {
        if bits.bits(1) != 0 && *value & bit == 0 {
            *value = value.wrapping_add(if *value < 0 { -bit } else { bit });
        }
    };
    if *ended == 0 {
        while at <= last {
            let symbol = bits.symbol(ac);
            let mut run = symbol >> 4;
            let new = match symbol & 15 {
                0 if run < 15 => {
                    *ended = (1 << run) + bits.bits(run);
                    break;
                }
                0 => 0,
                _ if bits.bits(1) != 0 => bit,
                _ => -bit,
            };
            while at <= last {
                let value = &mut block[usize::from(ZIGZAG[at])];
                if *value != 0 {
                    add_bit(bits, value);
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                at += 1;
            }
            if new != 0 {
                block[usize::from(ZIGZAG[at.min(LAST)])] = new;
            }
            at += 1;
        }
    }
    if *ended > 0 {
        for &place in ZIGZAG.get(at..=last).unwrap_or_default() {
            let value = &mut block[usize::from(place)];
            if *value != 0 {
                add_bit(bits, value);
            }
        }
        *ended -= 1;
    }
}
