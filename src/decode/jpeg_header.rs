//! What a JPEG file says of itself before its first scan: the parts of it that
//! `zune-jpeg` keeps to itself.

use crate::picture::orientation::Orientation;

const SEQUENTIAL_FRAMES: std::ops::RangeInclusive<u8> = 0xc0..=0xc1;
const HUFFMAN_TABLES: u8 = 0xc4;
const ARITHMETIC_TABLES: u8 = 0xcc;
const FRAMES: std::ops::RangeInclusive<u8> = 0xc0..=0xcf;
const START_OF_SCAN: u8 = 0xda;
const RESTART_INTERVAL: u8 = 0xdd;
const EXIF: u8 = 0xe1;
const ADOBE: u8 = 0xee;

/// How each part of XMP metadata too long for one segment begins.
const PART_OF_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";

/// How often [`PART_OF_XMP`] stands in a file, wherever it is.
pub(super) fn parts_of_xmp(file: &[u8]) -> usize {
    memchr::memmem::find_iter(file, PART_OF_XMP).count()
}

/// A component of the frame, as the first scan codes it.
#[derive(Clone, Default)]
pub(super) struct Component {
    id: u8,
    /// Blocks in a minimum coded unit, from left to right: 1 to 4.
    pub across: usize,
    /// The same from top to bottom.
    pub down: usize,
    /// Where its Huffman table for DC differences is.
    pub dc: usize,
    /// Where its Huffman table for AC values is.
    pub ac: usize,
}

/// All that stands before the first scan's data.
#[derive(Default)]
pub(super) struct Header {
    /// Neither progressive nor lossless nor hierarchical.
    pub sequential: bool,
    /// Bits a sample.
    pub precision: u8,
    /// What the EXIF data say, if there are any.
    pub orientation: Orientation,
    /// Whether Adobe's marker is there: then CMYK values are stored inverted.
    pub adobe: bool,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The frame's components.
    pub components: Vec<Component>,
    /// How many of them the first scan holds.
    pub scanned: usize,
    /// Huffman tables by destination: DC, then AC.
    pub tables: [[Option<Codes>; 4]; 2],
    /// Units between restart markers, 0 for none.
    pub restart_interval: usize,
}

impl Header {
    /// Reads all segments up to the first scan; returns the scan's data too.
    /// `None` where the structure is broken: the decoder will say how.
    pub fn read(data: &[u8]) -> Option<(Header, &[u8])> {
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
                ARITHMETIC_TABLES => {}
                EXIF => {
                    if let Some(exif) = segment.strip_prefix(b"Exif\0\0") {
                        header.orientation = Orientation::of_metadata(Some(exif));
                    }
                }
                ADOBE => header.adobe |= segment.starts_with(b"Adobe"),
                HUFFMAN_TABLES => header.read_tables(segment)?,
                RESTART_INTERVAL => {
                    header.restart_interval = u16::from_be_bytes(*segment.first_chunk()?).into();
                }
                START_OF_SCAN => {
                    header.read_scan(segment)?;
                    return Some((header, rest));
                }
                marker if FRAMES.contains(&marker) => {
                    header.sequential = SEQUENTIAL_FRAMES.contains(&marker);
                    header.read_frame(segment)?;
                }
                _ => {}
            }
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
            let &[id, sampling, _quantisation] = component else {
                return None;
            };
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return None;
            }
            self.components.push(Component { id, across, down, ..Component::default() });
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

    fn read_scan(&mut self, segment: &[u8]) -> Option<()> {
        let (&count, selectors) = segment.split_first()?;
        self.scanned = count.into();
        for selector in selectors.chunks_exact(2).take(count.into()) {
            let &[id, tables] = selector else { return None };
            let component = self.components.iter_mut().find(|component| component.id == id)?;
            component.dc = usize::from(tables >> 4);
            component.ac = usize::from(tables & 15);
        }
        Some(())
    }
}

/// A canonical Huffman table: for each code length, the first code, how many
/// there are, and where their symbols begin.
pub(super) struct Codes {
    pub lengths: [(u32, u32, usize); 16],
    pub symbols: Vec<u8>,
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
        Codes { lengths, symbols: symbols.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str) -> Header {
        let path = format!("{}/tests/fixtures/images/{name}", env!("CARGO_MANIFEST_DIR"));
        let data = std::fs::read(path).expect("fixture");
        Header::read(&data).expect("a header").0
    }

    #[test]
    fn reads_the_fixtures() {
        let baseline = header("baseline_420.jpg");
        assert!(baseline.sequential && !baseline.adobe);
        assert_eq!((baseline.width, baseline.height, baseline.scanned), (320, 240, 3));
        assert_eq!((baseline.components[0].across, baseline.components[1].down), (2, 1));
        assert!(!header("progressive.jpg").sequential);
        assert!(header("cmyk.jpg").adobe);
        assert!(header("restart_markers.jpg").restart_interval > 0);
    }

    #[test]
    fn parts_of_xmp_are_counted() {
        let mut file = b"\xff\xd8".to_vec();
        for _ in 0..3 {
            file.extend([b"\xff\xe1\0\x26", PART_OF_XMP].concat());
        }
        assert_eq!(parts_of_xmp(&file), 3);
        assert_eq!(parts_of_xmp(&file[..file.len() - 1]), 2);
        assert_eq!(parts_of_xmp(b""), 0);
    }

    #[test]
    fn broken_structures_have_no_header() {
        for data in [&b""[..], b"\xff\xd8", b"\xff\xd8\xff\xda\0\0", b"\xff\xd8\xff\xc4\0\x03\x99"]
        {
            assert!(Header::read(data).is_none());
        }
    }
}
