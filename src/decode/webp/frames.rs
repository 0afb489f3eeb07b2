//! How large the frames of a WebP file say they are.
//!
//! `image-webp` allocates what a lossy frame's own header claims, and compares
//! that with the file's header after: here it is compared before.

use super::super::{DecodeError, Format};

/// A chunk's name and its bytes, up to where the file ends.
type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

/// Refuses a file with a lossy frame beyond `width` × `height`.
pub(super) fn check(file: &[u8], width: u32, height: u32) -> Result<(), DecodeError> {
    let fits = |frame: &[u8]| {
        let &[_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = frame else {
            return true;
        };
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
        side(w0, w1) <= width && side(h0, h1) <= height
    };
    // Behind "RIFF", a length and "WEBP".
    for (name, data) in Chunks(file.get(12..).unwrap_or_default()) {
        // A frame of an animation: 16 bytes of its own, then its chunks. Whatever
        // follows an alpha channel is taken for a lossy frame.
        let inner = if name == b"ANMF" { data.get(16..).unwrap_or_default() } else { &[] };
        let frames = Chunks(inner).map(|(_, data)| data);
        if !frames.chain([data]).all(fits) {
            let reason = "a frame is larger than the picture";
            return Err(DecodeError::broken(Format::WebP, reason));
        }
    }
    Ok(())
}

/// Whether the file's chunks are there to their ends, and a picture among them.
pub(in crate::decode) fn is_whole(file: &[u8]) -> bool {
    let mut rest = file.get(12..).unwrap_or_default();
    let mut picture = false;
    while let [n0, n1, n2, n3, l0, l1, l2, l3, data @ ..] = rest {
        picture |= matches!(&[*n0, *n1, *n2, *n3], b"VP8 " | b"VP8L" | b"ANMF");
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
        let Some(behind) = data.get(length..) else { return false };
        // An odd length is followed by a byte of nothing, which some leave out at the end.
        rest = behind.get(length % 2..).unwrap_or_default();
    }
    picture && rest.is_empty()
}

/// The chunks of a file, one after another.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (name, rest) = self.0.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        // An odd length is followed by a byte of nothing.
        self.0 = rest.get(length.next_multiple_of(2)..).unwrap_or_default();
        // A chunk may say that it is shorter than what is read of it.
        Some((name, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    #[test]
    fn a_frame_beyond_the_canvas_is_refused() {
        for (name, width, height) in [("lossy.webp", 200, 150), ("animated.webp", 200, 150)] {
            let file = fixture(&format!("formats/{name}"));
            assert_eq!(check(&file, width, height), Ok(()), "{name}");
            assert!(check(&file, width - 1, height).is_err(), "{name}");
            assert!(check(&file, width, height - 1).is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_is_whole_where_its_chunks_are() {
        for name in ["lossy.webp", "animated.webp", "lossless.webp"] {
            let file = fixture(&format!("formats/{name}"));
            assert!(is_whole(&file), "{name}");
            assert!(!is_whole(&file[..file.len() - 2]), "{name}");
            assert!(!is_whole(&file[..20]), "{name}");
        }
    }

    #[test]
    fn lengths_that_lie_end_the_walk() {
        let file = b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff\0\0";
        assert_eq!(check(file, 1, 1), Ok(()));
        assert_eq!(check(&file[..13], 1, 1), Ok(()));
    }
}
