//! Headers of BMP files that `image` refuses although what they say is plain.

use super::{DecodeError, foresee, reserve};

/// A file's header is this long, then comes the picture's, which begins with its length.
const FILE_HEADER: usize = 14;
/// The picture's header that every reader knows.
const INFO_HEADER: usize = 40;
/// OS/2's first, of 16 bits a side.
const CORE_HEADER: usize = 12;
/// The lengths that `image` knows.
const KNOWN: [usize; 6] = [CORE_HEADER, INFO_HEADER, 52, 56, 108, 124];

const DATA_OFFSET: usize = 10;
const HEIGHT: usize = 22;
const PLANES: usize = 26;
const PLANES_OF_CORE: usize = 22;
const COMPRESSION: usize = 30;

/// The same file with a header that `image` takes.
pub(super) struct Mended {
    pub file: Vec<u8>,
    /// Whether its rows now stand from bottom to top.
    pub upside_down: bool,
}

/// The mended file, if it needs that: a count of planes other than 1, which means nothing;
/// runs of pixels stored from the top down; the longer or shorter header of OS/2.
///
/// # Errors
/// Where there is no memory.
pub(super) fn mended(file: &[u8]) -> Result<Option<Mended>, DecodeError> {
    let Some(length) = number(file, FILE_HEADER).map(|length| length as usize) else {
        return Ok(None);
    };
    let planes = if length == CORE_HEADER { PLANES_OF_CORE } else { PLANES };
    let Some(&[one, zero]) = file.get(planes..planes + 2) else { return Ok(None) };
    let top_down = length > CORE_HEADER && number(file, HEIGHT).is_some_and(|n| (n as i32) < 0);
    let in_runs = length >= 20 && matches!(number(file, COMPRESSION), Some(1 | 2));
    let other_length = (16..=64).contains(&length) && !KNOWN.contains(&length);
    if [one, zero] == [1, 0] && !(top_down && in_runs) && !other_length {
        return Ok(None);
    }

    foresee(file.len())?;
    let mut mended = reserve(file.len() + INFO_HEADER)?;
    mended.extend_from_slice(file);
    mended[planes..planes + 2].copy_from_slice(&[1, 0]);
    if top_down && in_runs {
        let height = number(file, HEIGHT).map_or(0, |height| (height as i32).unsigned_abs());
        mended[HEIGHT..HEIGHT + 4].copy_from_slice(&height.to_le_bytes());
    }
    if other_length && mended.len() >= FILE_HEADER + length {
        let kept = FILE_HEADER + length.min(INFO_HEADER);
        let filled = std::iter::repeat_n(0, INFO_HEADER - length.min(INFO_HEADER));
        mended.splice(kept..FILE_HEADER + length, filled);
        mended[FILE_HEADER..FILE_HEADER + 4].copy_from_slice(&(INFO_HEADER as u32).to_le_bytes());
        let offset = number(file, DATA_OFFSET).unwrap_or(0);
        let offset = offset.wrapping_add(INFO_HEADER as u32).wrapping_sub(length as u32);
        mended[DATA_OFFSET..DATA_OFFSET + 4].copy_from_slice(&offset.to_le_bytes());
    }
    Ok(Some(Mended { file: mended, upside_down: top_down && in_runs }))
}

fn number(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u32, height: i32, planes: u16, compression: u32) -> Vec<u8> {
        let mut file = vec![0; FILE_HEADER + length as usize];
        file[..2].copy_from_slice(b"BM");
        file[DATA_OFFSET..14].copy_from_slice(&(14 + length).to_le_bytes());
        file[14..18].copy_from_slice(&length.to_le_bytes());
        file[HEIGHT..26].copy_from_slice(&height.to_le_bytes());
        file[PLANES..28].copy_from_slice(&planes.to_le_bytes());
        if length >= 20 {
            file[COMPRESSION..34].copy_from_slice(&compression.to_le_bytes());
        }
        file
    }

    fn mended_to(file: &[u8]) -> Option<Vec<u8>> {
        mended(file).expect("memory").map(|mended| mended.file)
    }

    #[test]
    fn what_image_takes_is_left_alone() {
        for file in
            [header(40, 3, 1, 0), header(40, -3, 1, 0), header(124, 3, 1, 1), b"BM".to_vec()]
        {
            assert_eq!(mended_to(&file), None);
        }
    }

    #[test]
    fn what_it_refuses_is_mended() {
        assert_eq!(mended_to(&header(40, 3, 0, 0)), Some(header(40, 3, 1, 0)));
        assert_eq!(mended_to(&header(40, -3, 1, 1)), Some(header(40, 3, 1, 1)));
        assert_eq!(mended_to(&header(64, 3, 1, 1)), Some(header(40, 3, 1, 1)));
        assert_eq!(mended_to(&header(16, 3, 1, 0)), Some(header(40, 3, 1, 0)));
    }

    #[test]
    fn a_header_cut_short_is_no_matter() {
        let whole = header(64, -3, 0, 1);
        for length in 0..whole.len() {
            let _verdict = mended(&whole[..length]);
        }
    }
}
