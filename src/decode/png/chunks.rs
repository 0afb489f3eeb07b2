//! The chunks of a PNG file, wherever they are: what `png` looks for before the picture
//! only, or takes on trust.

use super::super::{DecodeError, Format};
use crate::picture::orientation::Orientation;

/// A chunk's name and its bytes, up to where the file ends.
type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

/// How text of XMP begins: its key, and that it is plain.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0";

/// Refuses what no program but the one that wrote it reads.
///
/// # Errors
/// For a file of iOS' own, and a palette that is cut in a colour.
pub(super) fn check(file: &[u8]) -> Result<(), DecodeError> {
    for (name, data) in Chunks::of(file) {
        match name {
            b"CgBI" => {
                let reason = "Xcode rewrote it for iOS, which alone reads it";
                return Err(DecodeError::not_supported(Format::Png, reason));
            }
            b"PLTE" if !data.len().is_multiple_of(3) || data.is_empty() => {
                return Err(DecodeError::broken(Format::Png, "its palette ends within a colour"));
            }
            b"IDAT" => break,
            _ => {}
        }
    }
    Ok(())
}

/// What the metadata say, before the picture or behind it.
pub(super) fn orientation(file: &[u8]) -> Orientation {
    let (mut exif, mut xmp) = (None, None);
    for (name, data) in Chunks::of(file) {
        match name {
            b"eXIf" => exif = exif.or(Some(data)),
            b"iTXt" => xmp = xmp.or_else(|| packet(data)),
            _ => {}
        }
    }
    Orientation::of_metadata(exif, xmp)
}

/// Whether the picture's chunks are there to their ends, and another behind them.
pub(in crate::decode) fn is_whole(file: &[u8]) -> bool {
    let mut chunks = Chunks::of(file).map(|(name, _)| name == b"IDAT");
    chunks.any(|of_picture| of_picture) && chunks.any(|of_picture| !of_picture)
}

/// The XMP packet of a text, behind a language and a translated key.
fn packet(text: &[u8]) -> Option<&[u8]> {
    let mut parts = text.strip_prefix(XMP)?.splitn(3, |&byte| byte == 0);
    parts.nth(2)
}

/// The chunks of a file, one after another.
struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    fn of(file: &'a [u8]) -> Self {
        const SIGNATURE: usize = 8;
        Chunks(file.get(SIGNATURE..).unwrap_or_default())
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        const CHECKSUM: usize = 4;
        let (length, rest) = self.0.split_first_chunk()?;
        let (name, rest) = rest.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        let data = &rest[..length.min(rest.len())];
        self.0 = rest.get(length.saturating_add(CHECKSUM)..).unwrap_or_default();
        Some((name, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        [&(data.len() as u32).to_be_bytes(), &name[..], data, b"crc."].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks.concat()].concat()
    }

    #[test]
    fn metadata_are_found_behind_the_picture() {
        let packet = b"tiff:Orientation=\"8\"";
        let text = [XMP, b"en\0key\0", packet].concat();
        let with_xmp = file(&[chunk(b"IDAT", b"x"), chunk(b"iTXt", &text)]);
        assert_eq!(orientation(&with_xmp).number(), 8);
        assert_eq!(orientation(&with_xmp[..with_xmp.len() - 30]).number(), 1);
        assert_eq!(orientation(&file(&[chunk(b"iTXt", XMP)])).number(), 1);
    }

    #[test]
    fn a_picture_is_whole_where_something_follows() {
        let whole = file(&[chunk(b"IHDR", b"x"), chunk(b"IDAT", b"xyz"), chunk(b"IEND", b"")]);
        assert!(is_whole(&whole));
        for length in 0..whole.len() - 8 {
            // Of the last chunk its length and name are wanted, and 4 bytes follow them.
            assert_eq!(is_whole(&whole[..length]), length >= whole.len() - 4, "{length}");
        }
    }

    #[test]
    fn a_palette_is_whole_colours() {
        assert_eq!(check(&file(&[chunk(b"PLTE", b"rgbrgb")])), Ok(()));
        assert!(check(&file(&[chunk(b"PLTE", b"rgbrg")])).is_err());
        assert!(check(&file(&[chunk(b"PLTE", b"")])).is_err());
        // Lengths that lie end the walk.
        assert_eq!(check(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR"), Ok(()));
    }
}
