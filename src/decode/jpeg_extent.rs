//! How much of a cut-off JPEG file's picture is there.
//!
//! libjpeg, and so the C extension, shows what a truncated baseline file holds
//! and makes the rest mid grey. `zune-jpeg` does so but for the row of units in
//! which the data ends: there, what is missing keeps the pixels of the row above.
//! To mend that row one has to know where the data ends, and that takes a walk
//! through the Huffman codes, without computing a single coefficient.

use super::jpeg_bits::Bits;
use super::jpeg_header::{Codes, Component, Header};

/// The part of a baseline picture whose data is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Width of a minimum coded unit in pixels.
    pub unit_width: usize,
    /// Its height in pixels.
    pub unit_height: usize,
    /// Units in a row.
    pub units_across: usize,
    /// Units that have data, or would be the next to have some: all that are
    /// there from their first bit to their last, and one more.
    pub units: usize,
}

/// The extent of a sequential Huffman-coded file of one scan, `scan`, that has
/// no end marker; `None` for a file that has one, and for any other kind.
pub(super) fn of_truncated(header: &Header, scan: &[u8]) -> Option<Extent> {
    // From the back, where it is if anywhere.
    let ended = || scan.windows(2).rev().any(|pair| pair == END_OF_IMAGE);
    if header.one_scan() && !ended() { walk(header, scan) } else { None }
}

const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

fn walk(header: &Header, scan: &[u8]) -> Option<Extent> {
    let largest = |side: fn(&Component) -> usize| header.components.iter().map(side).max();
    // A component by itself is coded block by block, whatever its sampling.
    let alone = header.components.len() == 1;
    let across = if alone { 1 } else { largest(|component| component.across)? };
    let down = if alone { 1 } else { largest(|component| component.down)? };
    let (unit_width, unit_height) = (8 * across, 8 * down);
    let units_across = header.width.div_ceil(unit_width);
    let units = units_across * header.height.div_ceil(unit_height);
    if units == 0 {
        return None;
    }

    let mut bits = Bits::new(scan);
    let mut whole = 0;
    while whole < units && skip_unit(header, &mut bits, alone).is_some() {
        whole += 1;
        if header.restart_interval > 0 && whole.is_multiple_of(header.restart_interval) {
            bits.skip_marker();
        }
    }
    let units = units.min(whole + 1);
    Some(Extent { unit_width, unit_height, units_across, units })
}

fn skip_unit(header: &Header, bits: &mut Bits, alone: bool) -> Option<()> {
    let [dc_tables, ac_tables] = &header.tables;
    for component in &header.components {
        let dc = dc_tables.get(component.dc)?.as_ref()?;
        let ac = ac_tables.get(component.ac)?.as_ref()?;
        let blocks = if alone { 1 } else { component.across * component.down };
        for _ in 0..blocks {
            skip_block(bits, dc, ac)?;
        }
    }
    Some(())
}

/// One block: a DC difference, then runs of zeros and AC values up to the 63rd.
fn skip_block(bits: &mut Bits, dc: &Codes, ac: &Codes) -> Option<()> {
    let size = bits.symbol(dc)?;
    bits.skip(size)?;
    let mut at = 1;
    while at < 64 {
        let symbol = bits.symbol(ac)?;
        match (symbol >> 4, symbol & 15) {
            (15, 0) => at += 16,
            (_, 0) => break,
            (run, size) => {
                bits.skip(size)?;
                at += usize::from(run) + 1;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    fn extent(data: &[u8]) -> Option<Extent> {
        let (header, scan) = Header::read(data).ok()?;
        of_truncated(&header, scan)
    }

    #[test]
    fn a_complete_file_has_no_extent() {
        for name in ["baseline_420.jpg", "gray.jpg", "restart_markers.jpg", "progressive.jpg"] {
            assert_eq!(extent(&fixture(&format!("images/{name}"))), None, "{name}");
        }
    }

    #[test]
    fn only_the_end_marker_missing_is_nothing_missing() {
        for (name, side) in [
            ("baseline_420.jpg", (16, 16)),
            ("baseline_422.jpg", (16, 8)),
            ("baseline_444.jpg", (8, 8)),
            ("gray.jpg", (8, 8)),
            ("cmyk.jpg", (8, 8)),
            ("restart_markers.jpg", (16, 16)),
        ] {
            let data = fixture(&format!("images/{name}"));
            let extent = extent(&data[..data.len() - 2]).expect(name);
            assert_eq!((extent.unit_width, extent.unit_height), side, "{name}");
            let rows = 240_usize.div_ceil(extent.unit_height);
            assert_eq!(extent.units, rows * extent.units_across, "{name}");
        }
    }

    #[test]
    fn the_more_data_the_more_units() {
        let data = fixture("images/baseline_420.jpg");
        let mut last = 0;
        for length in (800..data.len() - 2).step_by(97) {
            let extent = extent(&data[..length]).expect("baseline");
            assert!(extent.units >= last);
            last = extent.units;
        }
        assert!(last > 250);
    }

    #[test]
    fn a_progressive_file_has_no_extent() {
        assert_eq!(extent(&fixture("images/progressive.jpg")[..9000]), None);
    }
}
