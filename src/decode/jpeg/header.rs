//! What a JPEG file says of itself before its first scan.

use super::super::{DecodeError, Format};
use super::segments::{self, marker};
use super::standard_tables::STANDARD_TABLES;
use crate::picture::orientation::Orientation;

/// A component of the frame, as the first scan codes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    /// What scans call it.
    pub id: u8,
    /// Blocks in a minimum coded unit, from left to right: 1 to 4.
    pub across: usize,
    /// The same from top to bottom.
    pub down: usize,
    /// Where its quantisation table is.
    pub quantisation: u8,
    /// Where its Huffman table for DC differences is.
    pub dc: usize,
    /// Where its Huffman table for AC values is.
    pub ac: usize,
}

/// What a scan of a progressive file brings: which coefficients, as they are stored, and which
/// of their bits. Of a sequential file it says nothing, whatever stands there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progression {
    pub first: u8,
    pub last: u8,
    /// The lowest bit that was there before; 0 for none.
    pub before: u8,
    /// The lowest bit that it brings.
    pub shift: u8,
}

impl Progression {
    /// Whether libjpeg takes it, in a scan of one component or of several.
    pub fn makes_sense(self, alone: bool) -> bool {
        const HIGHEST_BIT: u8 = 13;
        let spectrum = match self.first {
            0 => self.last == 0,
            first => alone && first <= self.last && self.last < 64,
        };
        spectrum && self.shift <= HIGHEST_BIT && (self.before == 0 || self.shift == self.before - 1)
    }
}

/// What the samples of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Colours {
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

impl Colours {
    /// Components of a frame.
    pub fn count(self) -> usize {
        match self {
            Colours::Grey => 1,
            Colours::YCbCr | Colours::Rgb => 3,
            Colours::Cmyk | Colours::Ycck => 4,
        }
    }
}

/// All that stands before the first scan's data.
#[derive(Default)]
pub(super) struct Header {
    /// The frame's marker, which names the process.
    pub process: u8,
    /// Bits a sample.
    pub precision: u8,
    /// What the metadata say, if there are any.
    pub orientation: Orientation,
    jfif: bool,
    /// The transform that Adobe's marker names, if that is there.
    transform: Option<u8>,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The frame's components.
    pub components: Vec<Component>,
    /// Which of them the scan holds, in its order.
    pub scanned: Vec<usize>,
    /// What the scan brings, in a progressive file.
    pub progression: Progression,
    /// Quantisation tables, as they are stored: in zigzag order.
    pub quantisation: [Option<[u16; 64]>; 4],
    /// Huffman tables by destination: DC, then AC.
    pub tables: [[Option<Codes>; 4]; 2],
    /// Whether the first scan names Huffman tables that the file does not have.
    pub without_tables: bool,
    /// Units between restart markers, 0 for none.
    pub restart_interval: usize,
}

impl Header {
    /// Reads all segments up to the first scan; returns the scan's data too.
    ///
    /// # Errors
    /// Where the structure is broken.
    pub fn read(data: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
        let broken = |reason| DecodeError::broken(Format::Jpeg, reason);
        let no_scan = || broken("its parts do not lead to a picture");
        let mut header = Header::default();
        let (mut exif, mut xmp) = (None, None);
        let mut rest = data;
        loop {
            let segment = segments::next(rest).ok_or_else(no_scan)?;
            let content = segment.content;
            rest = segment.rest;
            let understood = match segment.marker {
                marker::START_OF_IMAGE => Some(()),
                marker::END_OF_IMAGE => None,
                marker::EXIF_OR_XMP => {
                    if let Some(packet) = content.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                        xmp.get_or_insert(packet);
                    } else if [&b"Exif\0\0"[..], b"II*\0", b"MM\0*"]
                        .iter()
                        .any(|beginning| content.starts_with(beginning))
                    {
                        exif.get_or_insert(content);
                    }
                    Some(())
                }
                marker::JFIF => {
                    header.jfif |= content.starts_with(b"JFIF\0");
                    Some(())
                }
                marker::ADOBE => {
                    if content.starts_with(b"Adobe") {
                        header.transform = Some(content.get(11).copied().unwrap_or(0));
                    }
                    Some(())
                }
                marker::HUFFMAN_TABLES | marker::QUANTISATION_TABLES | marker::RESTART_INTERVAL => {
                    header.read_setting(segment.marker, content)
                }
                marker::START_OF_SCAN => {
                    header.read_scan(content).ok_or_else(no_scan)?;
                    header.orientation = Orientation::of_metadata(exif, xmp);
                    return Ok((header, rest));
                }
                marker::ARITHMETIC_TABLES | marker::JPEG_EXTENSION => Some(()),
                process @ (0xc0..=0xcf | marker::NEAR_LOSSLESS_FRAME) => {
                    if header.process != 0 {
                        return Err(broken("it describes its picture twice"));
                    }
                    header.process = process;
                    header.read_frame(content)
                }
                _ => Some(()),
            };
            understood.ok_or_else(|| broken("a part of its beginning makes no sense"))?;
        }
    }

    /// Neither progressive nor lossless nor hierarchical, and by Huffman codes.
    pub fn sequential(&self) -> bool {
        matches!(self.process, 0xc0 | 0xc1)
    }

    /// Sequential, and one scan holds everything.
    pub fn one_scan(&self) -> bool {
        self.sequential() && self.scanned.len() == self.components.len()
    }

    /// Whether Adobe's marker is there: then CMYK values are stored inverted.
    pub fn adobe(&self) -> bool {
        self.transform.is_some()
    }

    /// What the samples are, told as libjpeg tells it.
    ///
    /// # Errors
    /// For two components, or more than four.
    pub fn colours(&self) -> Result<Colours, DecodeError> {
        let ids = || self.components.iter().map(|component| component.id);
        match (self.components.len(), self.transform) {
            (1, _) => Ok(Colours::Grey),
            (3, _) if self.jfif => Ok(Colours::YCbCr),
            (3, Some(0)) => Ok(Colours::Rgb),
            (3, None) if ids().eq(*b"RGB") => Ok(Colours::Rgb),
            (3, _) => Ok(Colours::YCbCr),
            (4, None | Some(0)) => Ok(Colours::Cmyk),
            (4, _) => Ok(Colours::Ycck),
            _ => {
                let reason = "it has two channels, or more than four";
                Err(DecodeError::not_supported(Format::Jpeg, reason))
            }
        }
    }

    /// Refuses the kinds of JPEG that are not read here.
    ///
    /// # Errors
    /// With the kind, in plain words.
    pub fn check_kind(&self) -> Result<(), DecodeError> {
        let reason = match (self.process, self.precision) {
            (0xc0..=0xc2, 8) => return Ok(()),
            (0xc3, _) => "it is compressed without loss, as medical devices do",
            (0xc9 | 0xca | 0xcb | 0xcd..=0xcf, _) => "it is compressed by arithmetic coding",
            (marker::NEAR_LOSSLESS_FRAME, _) => "it is a JPEG-LS file",
            (0xc0..=0xc2, 12) => "it has 12 bits a colour, and only 8 are read",
            (0xc0..=0xc2, _) => {
                return Err(DecodeError::broken(
                    Format::Jpeg,
                    "its number of bits a colour makes no sense",
                ));
            }
            (0, _) => {
                return Err(DecodeError::broken(Format::Jpeg, "it does not say how large it is"));
            }
            _ => "it holds several sizes of its picture in one",
        };
        Err(DecodeError::not_supported(Format::Jpeg, reason))
    }

    /// What may be set anew before each scan: tables, and the restart interval.
    pub fn read_setting(&mut self, marker: u8, content: &[u8]) -> Option<()> {
        match marker {
            marker::HUFFMAN_TABLES => self.read_tables(content),
            marker::QUANTISATION_TABLES => self.read_quantisation(content),
            marker::RESTART_INTERVAL => {
                self.restart_interval = u16::from_be_bytes(*content.first_chunk()?).into();
                Some(())
            }
            _ => Some(()),
        }
    }

    fn read_frame(&mut self, segment: &[u8]) -> Option<()> {
        let &[precision, h1, h0, w1, w0, count, ref components @ ..] = segment else {
            return None;
        };
        self.precision = precision;
        self.height = u16::from_be_bytes([h1, h0]).into();
        self.width = u16::from_be_bytes([w1, w0]).into();
        self.components.clear();
        for component in components.chunks_exact(3).take(count.into()) {
            let &[id, sampling, quantisation] = component else {
                return None;
            };
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return None;
            }
            let (dc, ac) = (0, 0);
            self.components.push(Component { id, across, down, quantisation, dc, ac });
        }
        Some(())
    }

    fn read_quantisation(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&destination, rest)) = segment.split_first() {
            let table = self.quantisation.get_mut(usize::from(destination & 15))?;
            let wide = destination >> 4 != 0;
            let (bytes, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            let value = |at: usize| match wide {
                true => u16::from_be_bytes([bytes[2 * at], bytes[2 * at + 1]]),
                false => bytes[at].into(),
            };
            *table = Some(std::array::from_fn(value));
            segment = rest;
        }
        Some(())
    }

    fn read_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&destination, rest)) = segment.split_first() {
            let counts: &[u8; 16] = rest.first_chunk()?;
            let total = counts.iter().map(|&count| usize::from(count)).sum::<usize>();
            let symbols = rest.get(16..16 + total)?;
            let class = self.tables.get_mut(usize::from(destination >> 4))?;
            *class.get_mut(usize::from(destination & 15))? = Some(Codes::new(counts, symbols));
            segment = &rest[16 + total..];
        }
        Some(())
    }

    /// The header of a scan: what it holds, coded by which tables.
    pub fn read_scan(&mut self, segment: &[u8]) -> Option<()> {
        let (&count, selectors) = segment.split_first()?;
        self.scanned.clear();
        if let Some(&[first, last, bits, ..]) = selectors.get(2 * usize::from(count)..) {
            self.progression = Progression { first, last, before: bits >> 4, shift: bits & 15 };
        }
        let mut missing = false;
        for selector in selectors.as_chunks().0.iter().take(count.into()) {
            let &[id, tables] = selector;
            let at = self.components.iter().position(|component| component.id == id)?;
            self.scanned.push(at);
            let component = self.components.get_mut(at)?;
            component.dc = usize::from(tables >> 4);
            component.ac = usize::from(tables & 15);
            let there = |class: &[Option<Codes>; 4], at| class.get(at).is_some_and(Option::is_some);
            let [dc, ac] = &self.tables;
            missing |= !there(dc, component.dc) || !there(ac, component.ac);
        }
        if missing && self.sequential() {
            self.without_tables = true;
            let own = std::mem::take(&mut self.tables);
            self.read_tables(&STANDARD_TABLES)?;
            for (table, own) in self.tables.iter_mut().flatten().zip(own.into_iter().flatten()) {
                *table = own.or_else(|| table.take());
            }
        }
        Some(())
    }
}

/// How many bits are looked at once for a code.
const SHORT: u32 = 9;

/// A canonical Huffman table: for each code length, the first code, how many
/// there are, and where their symbols begin.
pub(super) struct Codes {
    pub lengths: [(u32, u32, usize); 16],
    pub symbols: Vec<u8>,
    /// The symbol, and the length, of the code that so many bits begin with; 0 for a longer one.
    short: [(u8, u8); 1 << SHORT],
}

impl Codes {
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Self {
        let (mut code, mut index) = (0_u32, 0);
        let lengths = counts.map(|count| {
            let length = (code, u32::from(count), index);
            index += usize::from(count);
            code = (code + u32::from(count)) << 1;
            length
        });
        let mut short = [(0, 0); 1 << SHORT];
        for (length, &(first, count, index)) in (1..=SHORT).zip(&lengths) {
            for (code, &symbol) in (first..first + count).zip(&symbols[index..]) {
                let begin = (code as usize) << (SHORT - length);
                let end = (code as usize + 1) << (SHORT - length);
                if let Some(entries) = short.get_mut(begin..end) {
                    entries.fill((symbol, length as u8));
                }
            }
        }
        Codes { lengths, symbols: symbols.to_vec(), short }
    }

    /// The symbol of the code that these 16 bits begin with, and its length, if it is short.
    pub fn short(&self, bits: u32) -> Option<(u8, u32)> {
        let (symbol, length) = self.short[(bits >> (16 - SHORT)) as usize & ((1 << SHORT) - 1)];
        (length > 0).then_some((symbol, length.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    fn header(name: &str) -> Header {
        Header::read(&fixture(&format!("images/{name}"))).expect("a header").0
    }

    #[test]
    fn reads_the_fixtures() {
        let baseline = header("baseline_420.jpg");
        assert!(baseline.one_scan() && !baseline.adobe() && !baseline.without_tables);
        assert_eq!((baseline.width, baseline.height, baseline.scanned.len()), (320, 240, 3));
        assert_eq!((baseline.components[0].across, baseline.components[1].down), (2, 1));
        assert_eq!(baseline.colours(), Ok(Colours::YCbCr));
        assert!(!header("progressive.jpg").sequential());
        assert!(header("cmyk.jpg").adobe());
        assert!(header("restart_markers.jpg").restart_interval > 0);
    }

    #[test]
    fn the_standards_tables_are_taken_where_a_frame_has_none() {
        let mut header = Header { process: 0xc0, ..Header::default() };
        header.components = vec![Component { id: 1, ..Component::default() }];
        header.read_scan(&[1, 1, 0, 0, 63, 0]).expect("a scan");
        assert!(header.without_tables);
        let [dc, ac] = &header.tables;
        assert_eq!(dc[0].as_ref().map(|codes| codes.symbols.len()), Some(12));
        assert_eq!(ac[1].as_ref().map(|codes| codes.symbols.len()), Some(162));
    }

    #[test]
    fn broken_structures_have_no_header() {
        for data in [&b""[..], b"\xff\xd8", b"\xff\xd8\xff\xda\0\0", b"\xff\xd8\xff\xc4\0\x03\x99"]
        {
            assert!(Header::read(data).is_err());
        }
    }
}
