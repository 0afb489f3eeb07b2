//! A JPEG file's picture in a plain file: its tables, its frame and its scans, without
//! what `zune-jpeg` stumbles over or holds in memory. That is metadata of any length, a
//! second beginning, colours whose kind it guesses from other signs than libjpeg does,
//! missing Huffman tables, and a second statement of the height behind the scan.

use super::jpeg_header::{Colours, Header};
use super::jpeg_segments::{self, marker};
use super::jpeg_standard_tables::STANDARD_TABLES;
use super::{DecodeError, reserve};
use memchr::memmem;

/// Zero bytes enough for any minimum coded unit: ten blocks of 64 codes.
pub(super) const LONGEST_UNIT: usize = 4096;
/// What is written besides parts of the file.
const BESIDES: usize = 1024;

/// The redundant statement: a marker, a length of 4, and two bytes.
const NUMBER_OF_LINES: &[u8] = &[0xff, marker::NUMBER_OF_LINES, 0, 4];

/// The plain file, with room for [`LONGEST_UNIT`] bytes more. `header` and `scan` are what
/// was read of `file`.
///
/// # Errors
/// Where there is no memory.
pub(super) fn plain(
    file: &[u8],
    header: &Header,
    colours: Colours,
    scan: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let mut out = reserve(file.len() + BESIDES + LONGEST_UNIT)?;
    out.extend([0xff, marker::START_OF_IMAGE]);
    if header.without_tables {
        put(&mut out, marker::HUFFMAN_TABLES, &STANDARD_TABLES);
    }
    let mut segments = &file[..file.len() - scan.len()];
    while let Some(segment) = jpeg_segments::next(segments) {
        segments = segment.rest;
        match segment.marker {
            kept @ (marker::QUANTISATION_TABLES
            | marker::HUFFMAN_TABLES
            | marker::RESTART_INTERVAL) => put(&mut out, kept, segment.content),
            marker::START_OF_SCAN => {
                put_colours(&mut out, colours);
                put_frame(&mut out, header, colours);
                let mut content = segment.content.to_vec();
                rename(&mut content, header, colours);
                put(&mut out, marker::START_OF_SCAN, &content);
            }
            _ => {}
        }
    }
    let (first, mut rest) = (out.len(), scan);
    while let Some(at) = memmem::find(rest, NUMBER_OF_LINES) {
        out.extend_from_slice(&rest[..at]);
        rest = rest.get(at + 6..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    rename_later_scans(&mut out[first..], header, colours);
    Ok(out)
}

fn put(out: &mut Vec<u8>, marker: u8, content: &[u8]) {
    out.extend([0xff, marker]);
    out.extend((content.len() as u16 + 2).to_be_bytes());
    out.extend_from_slice(content);
}

/// Adobe's marker, where there are four colours.
fn put_colours(out: &mut Vec<u8>, colours: Colours) {
    let transform = match colours {
        Colours::Ycck => 2,
        Colours::Cmyk => 0,
        _ => return,
    };
    put(out, marker::ADOBE, &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat());
}

/// What `zune-jpeg` knows the kind of colours by.
fn names(colours: Colours) -> [u8; 4] {
    if colours == Colours::Rgb { *b"RGB\x04" } else { [1, 2, 3, 4] }
}

fn put_frame(out: &mut Vec<u8>, header: &Header, colours: Colours) {
    let mut frame = vec![header.precision];
    frame.extend((header.height as u16).to_be_bytes());
    frame.extend((header.width as u16).to_be_bytes());
    frame.push(header.components.len() as u8);
    for (component, name) in header.components.iter().zip(names(colours)) {
        // A component by itself is coded block by block, whatever its sampling.
        let sampling = match header.components.len() {
            1 => 0x11,
            _ => (component.across << 4 | component.down) as u8,
        };
        frame.extend([name, sampling, component.quantisation]);
    }
    put(out, header.process, &frame);
}

/// Gives the components in a scan's header their new names.
fn rename(content: &mut [u8], header: &Header, colours: Colours) {
    if let [count, selectors @ ..] = content {
        for [id, _] in selectors.as_chunks_mut().0.iter_mut().take((*count).into()) {
            let place = header.components.iter().position(|component| component.id == *id);
            if let Some(name) = place.and_then(|place| names(colours).get(place).copied()) {
                *id = name;
            }
        }
    }
}

/// The same for all scans behind the first, where they have other names.
fn rename_later_scans(rest: &mut [u8], header: &Header, colours: Colours) {
    let ids = header.components.iter().map(|component| component.id);
    if ids.zip(names(colours)).all(|(id, name)| id == name) {
        return;
    }
    let mut at = jpeg_segments::scan_length(rest);
    while let Some(segment) = jpeg_segments::next(&rest[at..]) {
        let end = rest.len() - segment.rest.len();
        let (kind, begin) = (segment.marker, end - segment.content.len());
        at = end;
        if kind == marker::START_OF_SCAN {
            rename(&mut rest[begin..end], header, colours);
            at += jpeg_segments::scan_length(&rest[end..]);
        } else if kind == marker::END_OF_IMAGE {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    fn plain_of(file: &[u8]) -> Vec<u8> {
        let (header, scan) = Header::read(file).expect("a header");
        plain(file, &header, header.colours().expect("colours"), scan).expect("memory")
    }

    #[test]
    fn a_plain_file_is_plain() {
        for name in ["baseline_420.jpg", "progressive.jpg", "cmyk.jpg", "gray.jpg"] {
            let once = plain_of(&fixture(&format!("images/{name}")));
            assert_eq!(plain_of(&once), once, "{name}");
        }
    }

    #[test]
    fn metadata_are_left_out() {
        let file = fixture("images/baseline_420.jpg");
        let profile = [b"\xff\xe2\xff\xff".as_slice(), &[7; 65_533]].concat();
        let with_profile = [&file[..2], &profile, &file[2..]].concat();
        assert_eq!(plain_of(&with_profile), plain_of(&file));
    }

    #[test]
    fn components_have_new_names_in_every_scan() {
        let file = fixture("images/progressive.jpg");
        let mut other = plain_of(&file);
        let (mut header, _) = Header::read(&other).expect("a header");
        // As if they had been 1, 2, 3 and were to be R, G, B.
        let first = other.len();
        rename_later_scans(&mut other, &header, Colours::Rgb);
        assert_eq!(other.len(), first);
        header.components.iter_mut().zip(*b"RGB").for_each(|(component, id)| component.id = id);
        rename_later_scans(&mut other, &header, Colours::YCbCr);
        assert_eq!(other, plain_of(&file));
    }

    #[test]
    fn a_redundant_height_is_left_out() {
        let file = fixture("images/baseline_420.jpg");
        let (end, dnl) = (file.len() - 2, b"\xff\xdc\0\x04\0\xf0");
        let with_height = [&file[..end], dnl, &file[end..]].concat();
        assert_eq!(plain_of(&with_height), plain_of(&file));
    }
}
