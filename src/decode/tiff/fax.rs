//! Pages as fax machines code them, ITU-T T.4 and T.6, by the code tables of the crate
//! `fax`; its own decoder of T.4 knows neither rows without end marks nor rows told by
//! the row above.

use super::super::{DecodeError, Watch};
use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};
use std::convert::Infallible;

/// How rows are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// By runs, each row from a whole byte on.
    Runs,
    /// By runs, with end marks.
    Group3,
    /// The same, or by the row above, as a bit behind each end mark says.
    Group3ByRowAbove,
    /// By the row above.
    Group4,
}

/// Unpacks rows of `width` pixels to `out`, a bit a pixel, 1 where black. Rows that are not
/// there stay white.
///
/// # Errors
/// Where there is no memory, or somebody said to stop.
pub(super) fn unpack(
    coding: Coding,
    data: &[u8],
    width: u16,
    out: &mut [u8],
    watch: &Watch,
) -> Result<(), DecodeError> {
    out.fill(0);
    // The tables look ahead.
    let padded = data.iter().copied().chain([0; 4]).map(Ok::<u8, Infallible>);
    let Ok(mut bits) = ByteReader::new(padded);
    // Where colours change, from white on.
    let (mut above, mut row) = (changes(width)?, changes(width)?);
    for line in out.chunks_exact_mut(usize::from(width).div_ceil(8)) {
        if watch.ask() {
            return Err(DecodeError::Interrupted);
        }
        row.clear();
        let read = match coding {
            Coding::Runs => {
                let read = by_runs(&mut bits, width, &mut row);
                let rest = bits.bits_to_byte_boundary();
                read.filter(|()| rest % 8 == 0 || bits.consume(rest).is_ok())
            }
            Coding::Group3 => {
                skip_end_mark(&mut bits).and_then(|_| by_runs(&mut bits, width, &mut row))
            }
            Coding::Group3ByRowAbove => {
                skip_end_mark(&mut bits).and_then(|_| match take(&mut bits)? {
                    1 => by_runs(&mut bits, width, &mut row),
                    _ => by_row_above(&mut bits, width, &above, &mut row),
                })
            }
            Coding::Group4 => by_row_above(&mut bits, width, &above, &mut row),
        };
        for run in row.chunks(2) {
            match *run {
                [from, to] => blacken(line, from, to),
                // Black to the end; of a row that broke off there, nobody knows how far.
                [from] if read.is_some() => blacken(line, from, width),
                _ => {}
            }
        }
        if read.is_none() {
            // A damaged row of Group 3 ends at the next mark; nothing tells where others do.
            let goes_on = matches!(coding, Coding::Group3 | Coding::Group3ByRowAbove)
                && skip_to_end_mark(&mut bits).is_some();
            if !goes_on {
                break;
            }
        }
        std::mem::swap(&mut above, &mut row);
    }
    Ok(())
}

/// Room for all changes of a row: one at each pixel, and at either end.
fn changes(width: u16) -> Result<Vec<u16>, DecodeError> {
    let count = usize::from(width) + 2;
    let mut changes = Vec::new();
    let out_of_memory = |_| DecodeError::OutOfMemory { bytes: 2 * count as u64 };
    changes.try_reserve_exact(count).map_err(out_of_memory)?;
    Ok(changes)
}

/// Adds a change to a row. `None` where it has more than pixels: runs of no length, which
/// would make it as long as the file.
fn push(row: &mut Vec<u16>, change: u16) -> Option<()> {
    if row.len() == row.capacity() {
        return None;
    }
    row.push(change);
    Some(())
}

fn blacken(line: &mut [u8], from: u16, to: u16) {
    for x in from..to {
        line[usize::from(x / 8)] |= 0x80 >> (x % 8);
    }
}

fn take(bits: &mut impl BitReader) -> Option<u16> {
    let bit = bits.peek(1)?;
    bits.consume(1).ok()?;
    Some(bit)
}

/// Past an end mark, eleven zeros or more and a one, if that is next.
fn skip_end_mark(bits: &mut impl BitReader) -> Option<()> {
    if bits.peek(11)? == 0 { skip_to_one(bits) } else { Some(()) }
}

fn skip_to_one(bits: &mut impl BitReader) -> Option<()> {
    while take(bits)? == 0 {}
    Some(())
}

/// Before the next end mark.
fn skip_to_end_mark(bits: &mut impl BitReader) -> Option<()> {
    while bits.peek(11)? != 0 {
        bits.consume(1).ok()?;
    }
    Some(())
}

fn run(bits: &mut impl BitReader, is_black: bool) -> Option<u16> {
    let mut length = 0_u16;
    loop {
        let part = if is_black { black::decode(bits) } else { white::decode(bits) }?;
        length = length.checked_add(part)?;
        if part < 64 {
            return Some(length);
        }
    }
}

fn by_runs(bits: &mut impl BitReader, width: u16, row: &mut Vec<u16>) -> Option<()> {
    let (mut at, mut is_black) = (0_u16, false);
    while at < width {
        at = at.checked_add(run(bits, is_black)?)?;
        push(row, at.min(width))?;
        is_black = !is_black;
    }
    Some(())
}

fn by_row_above(
    bits: &mut impl BitReader,
    width: u16,
    above: &[u16],
    row: &mut Vec<u16>,
) -> Option<()> {
    // The pixel before the first is white.
    let (mut at, mut is_black) = (None::<u16>, false);
    // The first change above that is behind `at`: neither goes back.
    let mut ahead = 0;
    while at.unwrap_or(0) < width {
        // The next change above to the other colour, and the one after that.
        while above.get(ahead).is_some_and(|&change| at.is_some_and(|at| change <= at)) {
            ahead += 1;
        }
        let place = ahead + usize::from(ahead % 2 != usize::from(is_black));
        let first = above.get(place).copied().unwrap_or(width);
        match mode::decode(bits)? {
            Mode::Pass => {
                let behind = above.iter().skip(place).find(|&&change| change > first);
                at = Some(behind.copied().unwrap_or(width));
            }
            Mode::Vertical(by) => {
                let change = (i32::from(first) + i32::from(by)).clamp(0, width.into()) as u16;
                if at.is_some_and(|at| change < at) {
                    return None;
                }
                push(row, change)?;
                is_black = !is_black;
                at = Some(change);
            }
            Mode::Horizontal => {
                for is_black in [is_black, !is_black] {
                    let end = at.unwrap_or(0).checked_add(run(bits, is_black)?)?;
                    push(row, end.min(width))?;
                    at = Some(end.min(width));
                }
            }
            Mode::Extension | Mode::EOF => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(coding: Coding, bits: &str, width: u16, rows: usize) -> Vec<u8> {
        let bits: Vec<u8> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
        let data: Vec<u8> = bits
            .chunks(8)
            .map(|bits| bits.iter().chain(&[0; 8]).take(8).fold(0, |byte, bit| byte << 1 | bit))
            .collect();
        let mut out = vec![7; usize::from(width).div_ceil(8) * rows];
        unpack(coding, &data, width, &mut out, &Watch::new(|| false)).expect("memory");
        out
    }

    // T.4: 2 white is 0111, 3 black is 10, 3 white is 1000, 8 white is 10011.
    const ROW: &str = "0111 10 1000";

    #[test]
    fn runs_make_rows() {
        let marked = format!("000000000001 {ROW} 0000000000000001 {ROW}");
        assert_eq!(unpacked(Coding::Group3, &marked, 8, 2), [0b0011_1000; 2]);
        let unmarked = format!("{ROW} 000000 {ROW}");
        assert_eq!(unpacked(Coding::Runs, &unmarked, 8, 2), [0b0011_1000; 2]);
    }

    #[test]
    fn the_row_above_makes_rows() {
        // Horizontal is 001, one to the right 011, straight down 1, passing 0001.
        let by_above = format!("001 {ROW} 1  1 011 1");
        let rows = unpacked(Coding::Group4, &by_above, 8, 2);
        assert_eq!(rows[0], 0b0011_1000);
        let mixed = format!("000000000001 1 {ROW} 000000000001 0 1 011 1");
        let rows = unpacked(Coding::Group3ByRowAbove, &mixed, 8, 2);
        assert_eq!(rows, [0b0011_1000, 0b0011_1100]);
    }

    #[test]
    fn runs_of_no_length_end_a_row() {
        // 0 white is 00110101, 0 black 0000110111.
        let nothing = "00110101 0000110111".repeat(10_000);
        for coding in [Coding::Runs, Coding::Group3] {
            assert_eq!(unpacked(coding, &nothing, 9, 2), [0; 4]);
        }
        let told = "001 00110101 0000110111".repeat(10_000);
        assert_eq!(unpacked(Coding::Group4, &told, 9, 2), [0; 4]);
    }

    #[test]
    fn a_stop_ends_a_page() {
        let watch = Watch::new(|| true);
        let verdict = unpack(Coding::Group4, b"", 8, &mut [0; 3], &watch);
        assert_eq!(verdict, Err(DecodeError::Interrupted));
    }

    #[test]
    fn what_is_not_there_is_white() {
        for coding in [Coding::Runs, Coding::Group3, Coding::Group3ByRowAbove, Coding::Group4] {
            assert_eq!(unpacked(coding, "", 9, 3), [0; 6]);
        }
    }
}
