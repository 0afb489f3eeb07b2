//! A JPEG file's picture in a plain file: its tables, its frame and its scans, without
//! what `zune-jpeg` stumbles over or holds in memory. That is metadata of any length, a
//! second beginning, colours whose kind it guesses from other signs than libjpeg does,
//! missing Huffman tables, and a second statement of the height behind the scan.
//!
//! And it is told where data end too early. Behind a scan `zune-jpeg` goes on in bits of 0, and
//! makes noise of them: so what stands behind a scan's data here are bits of 1, which no code
//! begins with, and then a marker that it does not know. A whole picture is read without them,
//! and in what is cut off it stumbles over the one or the other.

use super::super::{DecodeError, reserve};
use super::header::{Colours, Header};
use super::segments::{self, marker};
use super::standard_tables::STANDARD_TABLES;

/// What is written besides parts of the file: of standard tables 420 bytes, and what stands
/// behind scans.
const BESIDES: usize = 1024 + MOST_SCANS * (ONES.len() + UNKNOWN.len());
/// A file with restart markers may become longer by a part of its length: by half.
const ROOM: usize = 2;
/// Scans that `zune-jpeg` takes, and one that it does not.
const MOST_SCANS: usize = 101;

/// Bits of 1, more than are read ahead: 64.
const ONES: &[u8] = b"\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0\xff\0";
/// A marker that means nothing to `zune-jpeg`, and its length.
const UNKNOWN: &[u8] = b"\xff\xef\0\x02";
const END: &[u8] = &[0xff, marker::END_OF_IMAGE];

/// The plain file. `header` and `scan` are what was read of `file`.
///
/// # Errors
/// Where there is no memory.
pub(super) fn plain(
    file: &[u8],
    header: &Header,
    colours: Colours,
    scan: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let mut out = reserve(most_bytes(file.len()))?;
    out.extend([0xff, marker::START_OF_IMAGE]);
    if header.without_tables {
        put(&mut out, marker::HUFFMAN_TABLES, &STANDARD_TABLES);
    }
    let mut rest = &file[..file.len() - scan.len()];
    while let Some(segment) = segments::next(rest) {
        rest = segment.rest;
        match segment.marker {
            kept @ (marker::QUANTISATION_TABLES
            | marker::HUFFMAN_TABLES
            | marker::RESTART_INTERVAL) => put(&mut out, kept, segment.content),
            marker::START_OF_SCAN => {
                put_colours(&mut out, colours);
                put_frame(&mut out, header, colours);
                put_scan_header(&mut out, segment.content, header, colours);
            }
            _ => {}
        }
    }
    put_scans(&mut out, header, colours, scan);
    Ok(out)
}

/// The most bytes that a plain file takes.
pub(super) fn most_bytes(file_len: usize) -> usize {
    file_len + file_len / ROOM + BESIDES
}

/// The data of all scans, and what stands between them.
fn put_scans(out: &mut Vec<u8>, header: &Header, colours: Colours, mut rest: &[u8]) {
    for scan in 0..MOST_SCANS {
        let (data, behind) =
            rest.split_at(segments::scan_length(rest, header.restart_interval > 0));
        put_data(out, header, data);
        // `zune-jpeg` wants the first scan of several to end at a marker that it knows, and
        // the last of restart markers' intervals, too.
        if scan > 0 || header.one_scan() {
            out.extend_from_slice(ONES);
            if header.restart_interval == 0 {
                out.extend_from_slice(UNKNOWN);
            }
        }
        if header.one_scan() {
            break;
        }
        rest = behind;
        loop {
            let Some(segment) = segments::next(rest) else { return out.extend(END) };
            rest = segment.rest;
            match segment.marker {
                marker::END_OF_IMAGE => return out.extend(END),
                marker::START_OF_SCAN => {
                    put_scan_header(out, segment.content, header, colours);
                    break;
                }
                kept @ (marker::QUANTISATION_TABLES
                | marker::HUFFMAN_TABLES
                | marker::RESTART_INTERVAL) => put(out, kept, segment.content),
                _ => {}
            }
        }
    }
    out.extend(END);
}

/// A scan's data, with bits of 1 before each restart marker: there, too, data may be missing.
fn put_data(out: &mut Vec<u8>, header: &Header, data: &[u8]) {
    let mut written = 0;
    if header.restart_interval > 0 {
        let count = segments::restarts(data).count();
        if count * ONES.len() <= data.len() / ROOM {
            for (_, at) in segments::restarts(data) {
                out.extend_from_slice(&data[written..at]);
                out.extend_from_slice(ONES);
                written = at;
            }
        }
    }
    out.extend_from_slice(&data[written..]);
}

/// A scan's header, with the components' new names. What a sequential one says of coefficients
/// means nothing, and need not make sense.
fn put_scan_header(out: &mut Vec<u8>, content: &[u8], header: &Header, colours: Colours) {
    let mut content = content.to_vec();
    if let [count, selectors @ ..] = &mut content[..] {
        let (selectors, parameters) =
            selectors.split_at_mut(selectors.len().min(2 * usize::from(*count)));
        for [id, _] in selectors.as_chunks_mut().0 {
            let place = header.components.iter().position(|component| component.id == *id);
            if let Some(name) = place.and_then(|place| names(colours).get(place).copied()) {
                *id = name;
            }
        }
        if header.sequential()
            && let [first, last, bits, ..] = parameters
        {
            (*first, *last, *bits) = (0, 63, 0);
        }
    }
    put(out, marker::START_OF_SCAN, &content);
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
            // Up to where the first data end that something was put behind.
            let ends = once.windows(ONES.len()).position(|window| window == ONES);
            let kept = &once[..ends.expect("bits of 1")];
            assert!(plain_of(&once).starts_with(kept), "{name}");
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
        let other = plain_of(&fixture("images/progressive.jpg"));
        let (mut header, scan) = Header::read(&other).expect("a header");
        let mut rgb = Vec::new();
        put_scans(&mut rgb, &header, Colours::Rgb, scan);
        assert_ne!(rgb, scan);
        header.components.iter_mut().zip(*b"RGB").for_each(|(component, id)| component.id = id);
        let mut again = Vec::new();
        put_scans(&mut again, &header, Colours::YCbCr, &rgb);
        assert!(Header::read(&[&other[..other.len() - scan.len()], &again].concat()).is_ok());
        let ids = |data: &[u8]| -> Vec<u8> {
            let mut ids = Vec::new();
            let mut rest = data;
            while let Some(segment) = segments::next(rest) {
                rest = segment.rest;
                if segment.marker == marker::START_OF_SCAN {
                    ids.push(segment.content[1]);
                }
            }
            ids
        };
        assert_eq!(ids(&again), ids(scan));
        assert!(ids(&rgb).iter().all(|id| b"RGB".contains(id)));
    }

    #[test]
    fn a_redundant_height_is_left_out() {
        let file = fixture("images/baseline_420.jpg");
        let (end, dnl) = (file.len() - 2, b"\xff\xdc\0\x04\0\xf0");
        let with_height = [&file[..end], dnl, &file[end..]].concat();
        assert_eq!(plain_of(&with_height), plain_of(&file));
    }

    #[test]
    fn what_stands_behind_a_scans_data_is_no_code() {
        let file = fixture("images/restart_markers.jpg");
        let restarts = |file: &[u8]| segments::restarts(file).count();
        let plain = plain_of(&file);
        let ones = plain.windows(ONES.len()).filter(|window| *window == ONES).count();
        assert_eq!((restarts(&plain), ones), (restarts(&file), restarts(&file) + 1));
        assert!(plain.len() <= most_bytes(file.len()));
    }
}
