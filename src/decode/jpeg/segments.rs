//! The segments of a JPEG file, one after another.

/// Markers, by the names that the standard gives them.
pub(super) mod marker {
    pub const START_OF_IMAGE: u8 = 0xd8;
    pub const END_OF_IMAGE: u8 = 0xd9;
    pub const START_OF_SCAN: u8 = 0xda;
    pub const QUANTISATION_TABLES: u8 = 0xdb;
    pub const HUFFMAN_TABLES: u8 = 0xc4;
    pub const ARITHMETIC_TABLES: u8 = 0xcc;
    pub const JPEG_EXTENSION: u8 = 0xc8;
    pub const RESTART_INTERVAL: u8 = 0xdd;
    pub const JFIF: u8 = 0xe0;
    pub const EXIF_OR_XMP: u8 = 0xe1;
    pub const ADOBE: u8 = 0xee;
    /// Of JPEG-LS, a format of its own.
    pub const NEAR_LOSSLESS_FRAME: u8 = 0xf7;

    /// Whether a marker stands by itself, without a length and content.
    pub fn is_alone(marker: u8) -> bool {
        matches!(marker, 0x01 | 0xd0..=0xd9)
    }
}

/// A marker, and what follows it: content, and where the file goes on.
pub(super) struct Segment<'a> {
    pub marker: u8,
    pub content: &'a [u8],
    pub rest: &'a [u8],
}

/// The next segment in `data`. Whatever stands before its marker is passed over,
/// as libjpeg does: fill bytes, and what other programs left there. `None` where
/// there is no more, or it is longer than the file.
pub(super) fn next(mut data: &[u8]) -> Option<Segment<'_>> {
    loop {
        data = &data[memchr::memchr(0xff, data)?..];
        let fill = data.iter().position(|&byte| byte != 0xff)?;
        let (&marker, rest) = data[fill..].split_first()?;
        data = rest;
        if marker == 0 {
            continue;
        }
        if marker::is_alone(marker) {
            return Some(Segment { marker, content: &[], rest });
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        return Some(Segment { marker, content: rest.get(2..length)?, rest: &rest[length..] });
    }
}

/// Where the data of a scan ends: at the first marker; in a file that has restart markers, at
/// the first other one.
pub(super) fn scan_length(scan: &[u8], restarts: bool) -> usize {
    let ends = |&at: &usize| match scan.get(at + 1) {
        None | Some(0 | 0xff) => false,
        Some(0xd0..=0xd7) => !restarts,
        Some(_) => true,
    };
    memchr::memchr_iter(0xff, scan).find(ends).unwrap_or(scan.len())
}

/// The restart markers in the data of a scan: their numbers, from 0 to 7, and their places.
pub(super) fn restarts(scan: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    memchr::memchr_iter(0xff, scan).filter_map(|at| match scan.get(at + 1) {
        Some(marker @ 0xd0..=0xd7) => Some((marker & 7, at)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_segments_is_passed_over() {
        let data = b"junk\xff\0\xff\xff\xff\xdd\0\x04\x01\x02more\xff\xd9";
        let interval = next(data).expect("a segment");
        assert_eq!(
            (interval.marker, interval.content),
            (marker::RESTART_INTERVAL, &b"\x01\x02"[..])
        );
        let end = next(interval.rest).expect("the end");
        assert_eq!((end.marker, end.content, end.rest), (marker::END_OF_IMAGE, &b""[..], &b""[..]));
        assert!(next(b"\xff\xdd\0\x05\x01\x02").is_none());
        assert!(next(b"\xff\xdd\0\x01\x01\x02").is_none());
        assert!(next(b"\xff\xff").is_none());
    }

    #[test]
    fn a_scan_ends_at_a_marker_that_is_no_restart() {
        assert_eq!(scan_length(b"ab\xff\0cd\xff\xd3ef\xff\xdc", true), 10);
        assert_eq!(scan_length(b"ab\xff\0cd\xff\xd3ef\xff\xdc", false), 6);
        assert_eq!(scan_length(b"ab\xff", true), 3);
    }
}
