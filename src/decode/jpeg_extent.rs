//! How much of a cut-off JPEG file's picture is there.
//!
//! libjpeg, and so the C extension, shows what a truncated baseline file holds
//! and makes the rest mid grey. `zune-jpeg` does so but for the row of units in
//! which the data ends: there, what is missing keeps the pixels of the row above.
//! To mend that row one has to know where the data ends, and that takes a walk
//! through the Huffman codes, without computing a single coefficient.

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

/// The extent of a sequential Huffman-coded file of one scan that has no end
/// marker; `None` for a file that has one, and for any other kind of file.
pub(super) fn of_truncated(data: &[u8]) -> Option<Extent> {
    let (header, scan) = Header::read(data)?;
    if scan.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]) {
        return None;
    }
    header.walk(scan)
}

const START_OF_FRAME: std::ops::RangeInclusive<u8> = 0xc0..=0xc1;
const OTHER_FRAMES: std::ops::RangeInclusive<u8> = 0xc2..=0xcf;
const HUFFMAN_TABLES: u8 = 0xc4;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const RESTART_INTERVAL: u8 = 0xdd;

#[derive(Clone, Default)]
struct Component {
    id: u8,
    across: usize,
    down: usize,
    dc: usize,
    ac: usize,
}

#[derive(Default)]
struct Header {
    width: usize,
    height: usize,
    components: Vec<Component>,
    /// Huffman tables by destination: DC, then AC.
    tables: [[Option<Codes>; 4]; 2],
    restart_interval: usize,
}

impl Header {
    /// Reads all segments up to the first scan; returns the scan's data too.
    fn read(data: &[u8]) -> Option<(Header, &[u8])> {
        let mut header = Header::default();
        let mut rest = data.get(2..)?;
        loop {
            // Fill bytes may stand before a marker.
            let start = rest.iter().position(|&byte| byte != 0xff)?;
            let marker = *rest.get(start)?;
            if start == 0 {
                return None;
            }
            rest = rest.get(start + 1..)?;
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            let segment = rest.get(2..length)?;
            rest = rest.get(length..)?;
            match marker {
                HUFFMAN_TABLES => header.read_tables(segment)?,
                RESTART_INTERVAL => {
                    header.restart_interval = u16::from_be_bytes(*segment.first_chunk()?).into();
                }
                START_OF_SCAN => {
                    header.read_scan(segment)?;
                    return Some((header, rest));
                }
                marker if START_OF_FRAME.contains(&marker) => header.read_frame(segment)?,
                marker if OTHER_FRAMES.contains(&marker) => return None,
                _ => {}
            }
        }
    }

    fn read_frame(&mut self, segment: &[u8]) -> Option<()> {
        let &[_precision, h1, h0, w1, w0, count, ref components @ ..] = segment else {
            return None;
        };
        self.height = u16::from_be_bytes([h1, h0]).into();
        self.width = u16::from_be_bytes([w1, w0]).into();
        self.components.clear();
        for component in components.chunks_exact(3).take(count.into()) {
            let &[id, sampling, _quantisation] = component else {
                return None;
            };
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return None;
            }
            self.components.push(Component {
                id,
                across,
                down,
                ..Component::default()
            });
        }
        Some(())
    }

    fn read_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&destination, rest)) = segment.split_first() {
            let counts: &[u8; 16] = rest.first_chunk()?;
            let total = counts
                .iter()
                .map(|&count| usize::from(count))
                .sum::<usize>();
            let symbols = rest.get(16..16 + total)?;
            let class = self.tables.get_mut(usize::from(destination >> 4))?;
            *class.get_mut(usize::from(destination & 15))? = Some(Codes::new(counts, symbols));
            segment = &rest[16 + total..];
        }
        Some(())
    }

    /// Only a scan of all components of the frame is walked.
    fn read_scan(&mut self, segment: &[u8]) -> Option<()> {
        let (&count, selectors) = segment.split_first()?;
        if usize::from(count) != self.components.len() {
            return None;
        }
        for selector in selectors.chunks_exact(2).take(count.into()) {
            let &[id, tables] = selector else { return None };
            let component = self
                .components
                .iter_mut()
                .find(|component| component.id == id)?;
            component.dc = usize::from(tables >> 4);
            component.ac = usize::from(tables & 15);
        }
        Some(())
    }

    fn walk(&self, scan: &[u8]) -> Option<Extent> {
        let largest = |side: fn(&Component) -> usize| self.components.iter().map(side).max();
        // A component by itself is coded block by block, whatever its sampling.
        let alone = self.components.len() == 1;
        let across = if alone {
            1
        } else {
            largest(|component| component.across)?
        };
        let down = if alone {
            1
        } else {
            largest(|component| component.down)?
        };
        let (unit_width, unit_height) = (8 * across, 8 * down);
        let units_across = self.width.div_ceil(unit_width);
        let units = units_across * self.height.div_ceil(unit_height);
        if units == 0 {
            return None;
        }

        let mut bits = Bits::new(scan);
        let mut whole = 0;
        while whole < units && self.skip_unit(&mut bits, alone).is_some() {
            whole += 1;
            if self.restart_interval > 0 && whole.is_multiple_of(self.restart_interval) {
                bits.skip_marker();
            }
        }
        let units = units.min(whole + 1);
        Some(Extent {
            unit_width,
            unit_height,
            units_across,
            units,
        })
    }

    fn skip_unit(&self, bits: &mut Bits, alone: bool) -> Option<()> {
        let [dc_tables, ac_tables] = &self.tables;
        for component in &self.components {
            let dc = dc_tables.get(component.dc)?.as_ref()?;
            let ac = ac_tables.get(component.ac)?.as_ref()?;
            let blocks = if alone {
                1
            } else {
                component.across * component.down
            };
            for _ in 0..blocks {
                skip_block(bits, dc, ac)?;
            }
        }
        Some(())
    }
}

/// One block: a DC difference, then runs of zeros and AC values up to the 63rd.
fn skip_block(bits: &mut Bits, dc: &Codes, ac: &Codes) -> Option<()> {
    let size = dc.next(bits)?;
    bits.skip(size)?;
    let mut at = 1;
    while at < 64 {
        let symbol = ac.next(bits)?;
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

/// A canonical Huffman table: for each code length, the first code, how many
/// there are, and where their symbols begin.
struct Codes {
    lengths: [(u32, u32, usize); 16],
    symbols: Vec<u8>,
}

impl Codes {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Self {
        let (mut code, mut index) = (0_u32, 0);
        let lengths = counts.map(|count| {
            let length = (code, u32::from(count), index);
            index += usize::from(count);
            code = (code + u32::from(count)) << 1;
            length
        });
        Codes {
            lengths,
            symbols: symbols.to_vec(),
        }
    }

    fn next(&self, bits: &mut Bits) -> Option<u8> {
        let mut code = 0;
        for (first, count, index) in self.lengths {
            code = code << 1 | bits.next()?;
            if let Some(offset) = code.checked_sub(first).filter(|&offset| offset < count) {
                return self.symbols.get(index + offset as usize).copied();
            }
        }
        None
    }
}

/// The bits of a scan, without the zero bytes stuffed behind 0xff.
struct Bits<'a> {
    rest: &'a [u8],
    byte: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Bits {
            rest,
            byte: 0,
            left: 0,
        }
    }

    fn next(&mut self) -> Option<u32> {
        if self.left == 0 {
            (self.byte, self.rest) = match self.rest {
                [0xff, 0, rest @ ..] => (0xff, rest),
                [0xff, ..] | [] => return None,
                [byte, rest @ ..] => (*byte, rest),
            };
            self.left = 8;
        }
        self.left -= 1;
        Some(u32::from(self.byte >> self.left & 1))
    }

    fn skip(&mut self, count: u8) -> Option<()> {
        (0..count).try_for_each(|_| self.next().map(|_| ()))
    }

    /// Past a restart marker, which stands at the next whole byte.
    fn skip_marker(&mut self) {
        self.left = 0;
        if let [0xff, 0xd0..=0xd7, rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path = format!(
            "{}/tests/fixtures/images/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read(path).expect("fixture")
    }

    #[test]
    fn a_complete_file_has_no_extent() {
        for name in [
            "baseline_420.jpg",
            "gray.jpg",
            "restart_markers.jpg",
            "progressive.jpg",
        ] {
            assert_eq!(of_truncated(&fixture(name)), None, "{name}");
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
            let data = fixture(name);
            let extent = of_truncated(&data[..data.len() - 2]).expect(name);
            assert_eq!((extent.unit_width, extent.unit_height), side, "{name}");
            let rows = 240_usize.div_ceil(extent.unit_height);
            assert_eq!(extent.units, rows * extent.units_across, "{name}");
        }
    }

    #[test]
    fn the_more_data_the_more_units() {
        let data = fixture("baseline_420.jpg");
        let mut last = 0;
        for length in (800..data.len() - 2).step_by(97) {
            let extent = of_truncated(&data[..length]).expect("baseline");
            assert!(extent.units >= last);
            last = extent.units;
        }
        assert!(last > 250);
    }

    #[test]
    fn what_cannot_be_walked_has_no_extent() {
        for data in [
            &b""[..],
            b"\xff\xd8",
            b"\xff\xd8\xff\xda\0\0",
            b"\xff\xd8\xff\xc4\0\x03\x99",
        ] {
            assert_eq!(of_truncated(data), None);
        }
        let progressive = fixture("progressive.jpg");
        assert_eq!(of_truncated(&progressive[..9000]), None);
    }
}
