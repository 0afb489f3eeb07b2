//! Files that are known for what they are, and not read here.

use memchr::memmem;
use std::fmt;

/// What a file is that is no picture of a format read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// A photograph of an iPhone's, mostly.
    Heic,
    /// AVIF.
    Avif,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// Photoshop's own format.
    Photoshop,
    /// A drawing in SVG.
    Svg,
    /// A PDF document.
    Pdf,
    /// A video.
    Video,
    /// The inside of a BMP file, without the header of one.
    HeadlessBitmap,
    /// A web page.
    Html,
    /// The bytes of a file, written in base64.
    Base64,
    /// The bytes of a file, written in hexadecimal digits.
    Hexadecimal,
}

/// How many bytes of a text are looked at.
const BEGINNING: usize = 1024;

impl Foreign {
    /// What `file` begins like, if like any of these.
    pub fn of(file: &[u8]) -> Option<Foreign> {
        match *file {
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(Foreign::JpegXl),
            [0xff, 0x4f, 0xff, 0x51, ..] | [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] => {
                Some(Foreign::Jpeg2000)
            }
            [b'8', b'B', b'P', b'S', ..] => Some(Foreign::Photoshop),
            [b'%', b'P', b'D', b'F', ..] => Some(Foreign::Pdf),
            _ if is_headless_bitmap(file) => Some(Foreign::HeadlessBitmap),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::of_brands(file)),
            _ => Self::of_text(&file[..file.len().min(BEGINNING)]),
        }
    }

    /// Of a file in the container that began as QuickTime's, by the brands it names.
    fn of_brands(file: &[u8]) -> Foreign {
        let length = file.first_chunk().map_or(0, |&bytes| u32::from_be_bytes(bytes) as usize);
        let brands = file.get(8..length.min(BEGINNING)).unwrap_or_default().as_chunks::<4>().0;
        let any = |known: &[&[u8; 4]]| brands.iter().any(|brand| known.contains(&brand));
        if any(&[b"avif", b"avis"]) {
            Foreign::Avif
        } else if any(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
            Foreign::Heic
        } else {
            Foreign::Video
        }
    }

    fn of_text(text: &[u8]) -> Option<Foreign> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
        let begins =
            |tag: &[u8]| text.len() >= tag.len() && { text[..tag.len()].eq_ignore_ascii_case(tag) };
        let is_xml = begins(b"<?xml") || begins(b"<!--") || begins(b"<!DOCTYPE svg");
        if begins(b"<svg") || is_xml && memmem::find(text, b"<svg").is_some() {
            return Some(Foreign::Svg);
        }
        if begins(b"<!doctype html") || begins(b"<html") {
            return Some(Foreign::Html);
        }
        if begins(b"data:image/") {
            return Some(Foreign::Base64);
        }
        // How JPEG, PNG, GIF, WebP, TIFF and BMP files begin in either.
        let base64: [&[u8]; 7] =
            [b"/9j/", b"iVBORw", b"R0lGOD", b"UklGR", b"SUkq", b"TU0AK", b"Qk"];
        let is_base64 = |byte: &u8| {
            byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=-_".contains(byte)
        };
        if base64.iter().any(|beginning| text.starts_with(beginning)) && text.iter().all(is_base64)
        {
            return Some(Foreign::Base64);
        }
        let digits = text.strip_prefix(b"\\x").or(text.strip_prefix(b"0x")).unwrap_or(text);
        let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace();
        (digits.len() >= 16 && digits.iter().all(is_digit)).then_some(Foreign::Hexadecimal)
    }

    /// Whether it is a picture, only of another format.
    pub fn is_picture(self) -> bool {
        !matches!(self, Foreign::Html | Foreign::Base64 | Foreign::Hexadecimal)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::Heic => "a HEIC photograph, a format that is not supported here",
            Foreign::Avif => "an AVIF picture, a format that is not supported here",
            Foreign::JpegXl => "a JPEG XL picture, a format that is not supported here",
            Foreign::Jpeg2000 => "a JPEG 2000 picture, a format that is not supported here",
            Foreign::Photoshop => "a Photoshop document, a format that is not supported here",
            Foreign::Svg => "an SVG drawing, a format that is not supported here",
            Foreign::Pdf => "a PDF document, a format that is not supported here",
            Foreign::Video => "a video, a format that is not supported here",
            Foreign::HeadlessBitmap => "a bitmap without the header of a BMP file",
            Foreign::Html => "a web page, not a picture",
            Foreign::Base64 => "text in base64, not the picture's own bytes",
            Foreign::Hexadecimal => "text in hexadecimal digits, not the picture's own bytes",
        })
    }
}

/// Whether this is a bitmap's header without the file's own: a length that such headers have, a width
/// and a height, one plane, and bits that a pixel can have.
fn is_headless_bitmap(file: &[u8]) -> bool {
    match *file {
        [40 | 52 | 56 | 108 | 124, 0, 0, 0, ref rest @ ..] => {
            matches!(rest, [_, _, _, _, _, _, _, _, 1, 0, 1 | 4 | 8 | 16 | 24 | 32, 0, ..])
        }
        [12, 0, 0, 0, _, _, _, _, 1, 0, 1 | 4 | 8 | 24, 0, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_kinds_are_told_apart() {
        let files: [(&[u8], Foreign); 15] = [
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Foreign::Heic),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", Foreign::Avif),
            (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", Foreign::Video),
            (b"\xff\x0a\0\0", Foreign::JpegXl),
            (b"\0\0\0\x0cjP  \r\n\x87\n", Foreign::Jpeg2000),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", Foreign::Svg),
            (b"\xef\xbb\xbf <?xml version=\"1.0\"?>\n<!-- x -->\n<svg>", Foreign::Svg),
            (b"<!DOCTYPE HTML><html>", Foreign::Html),
            (b"data:image/png;base64,iVBORw0KGgo=", Foreign::Base64),
            (b"/9j/4AAQSkZJRgABAQAA\nSkZJ", Foreign::Base64),
            (b"\\xffd8ffe000104a464946", Foreign::Hexadecimal),
            (b"89504e470d0a1a0a0000", Foreign::Hexadecimal),
            (b"%PDF-1.7", Foreign::Pdf),
            (b"8BPS\0\x01", Foreign::Photoshop),
            (b"(\0\0\0\x2d\x01\0\0\xcb\0\0\0\x01\0\x18\0", Foreign::HeadlessBitmap),
        ];
        for (file, kind) in files {
            assert_eq!(Foreign::of(file), Some(kind), "{:?}", String::from_utf8_lossy(file));
        }
        for file in [&b""[..], b"plain words", b"<?xml version=\"1.0\"?><a/>", b"\0\0\0\0\0\0\0\0"]
        {
            assert_eq!(Foreign::of(file), None);
        }
    }
}
