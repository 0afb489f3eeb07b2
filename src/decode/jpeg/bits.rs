//! The bits of a JPEG scan, and the Huffman codes and numbers made of them.
//!
//! Where data end before they should, bits are 0, and [`Bits::missing`] says so: libjpeg does
//! the same, and what it makes of a damaged file is what people know.

use super::header::Codes;

/// The bits of a scan, without the zero bytes stuffed behind 0xff; they end at a marker.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// From the top: those that were taken of `rest`, then zeros.
    bits: u64,
    left: u32,
    missing: bool,
}

impl<'a> Bits<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Bits { rest, bits: 0, left: 0, missing: false }
    }

    /// Whether bits were asked for that are not there.
    pub fn missing(&self) -> bool {
        self.missing
    }

    /// What follows the bits that were taken: at the latest, the marker where they end.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn fill(&mut self) {
        while self.left <= 56 {
            let byte = match self.rest {
                [0xff, 0, rest @ ..] => {
                    self.rest = rest;
                    0xff
                }
                // Bytes that fill the place before a marker.
                [0xff, 0xff, ..] => {
                    self.rest = &self.rest[1..];
                    continue;
                }
                [0xff, ..] | [] => return,
                [byte, rest @ ..] => {
                    self.rest = rest;
                    *byte
                }
            };
            self.bits |= u64::from(byte) << (56 - self.left);
            self.left += 8;
        }
    }

    fn take(&mut self, count: u32) {
        match self.left.checked_sub(count) {
            Some(left) => (self.left, self.bits) = (left, self.bits << count),
            None => (self.left, self.bits, self.missing) = (0, 0, true),
        }
    }

    /// What the next code of a table stands for; 0 where it is none, which libjpeg knows by
    /// its 17th bit.
    pub fn symbol(&mut self, codes: &Codes) -> u8 {
        const LONGEST: u32 = 16;
        if self.left <= LONGEST {
            self.fill();
        }
        let ahead = (self.bits >> 48) as u32;
        let (symbol, length) = codes.short(ahead).unwrap_or_else(|| {
            for (length, &(first, count, index)) in (1..).zip(&codes.lengths) {
                let code = ahead >> (LONGEST - length);
                if let Some(offset) = code.checked_sub(first).filter(|&offset| offset < count) {
                    let symbol = codes.symbols.get(index + offset as usize);
                    return (symbol.copied().unwrap_or(0), length);
                }
            }
            (0, LONGEST + 1)
        });
        self.take(length);
        symbol
    }

    /// The next bits, up to 16 of them.
    pub fn bits(&mut self, count: u8) -> u32 {
        let count = u32::from(count.min(16));
        if self.left < count {
            self.fill();
        }
        let bits = (self.bits >> 48) as u32 >> (16 - count);
        self.take(count);
        bits
    }

    /// A number of `size` bits, up to 16: one that begins with 0 is negative.
    pub fn number(&mut self, size: u8) -> i32 {
        let bits = self.bits(size) as i32;
        let positive = size == 0 || bits >> (size - 1) != 0;
        if positive { bits } else { bits - (1 << size) + 1 }
    }

    /// Goes on behind the restart marker of this number, from 0 to 7. Where another stands in
    /// its place, as libjpeg does: one or two ahead says that what belongs before it is lost,
    /// so there are no bits until its turn comes; one that is behind comes a second time, and
    /// is passed over; one still farther is taken for the right one.
    pub fn restart(&mut self, wanted: u8) {
        (self.bits, self.left) = (0, 0);
        while let Some(at) = memchr::memchr(0xff, self.rest) {
            self.rest = &self.rest[at..];
            let Some(fill) = self.rest.iter().position(|&byte| byte != 0xff) else { break };
            let (marker, behind) = (self.rest[fill], &self.rest[fill + 1..]);
            match (marker, marker.wrapping_sub(wanted) & 7) {
                (0..0xc0, _) | (0xd0..=0xd7, 6 | 7) => self.rest = behind,
                (0xd0..=0xd7, 1 | 2) => return,
                (0xd0..=0xd7, _) => {
                    self.rest = behind;
                    self.missing = false;
                    return;
                }
                _ => return,
            }
        }
        self.rest = &[];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_standard_codes_them() {
        // F.1.2.1: of three bits, 000 is -7, 011 is -4, 100 is 4 and 111 is 7.
        let mut bits = Bits::new(&[0b0000_1110, 0b0111_0000]);
        assert_eq!([3; 4].map(|size| bits.number(size)), [-7, -4, 4, 7]);
        assert_eq!(bits.number(0), 0);
        assert_eq!(bits.bits(4), 0);
        assert!(!bits.missing());
        assert_eq!(bits.number(5), -31);
        assert!(bits.missing());
    }

    #[test]
    fn bits_end_at_a_marker_and_go_on_in_zeros() {
        let mut bits = Bits::new(b"\xff\0\xff\xff\xd0\x80");
        assert_eq!(bits.bits(8), 255);
        assert!(!bits.missing());
        assert_eq!(bits.bits(9), 0);
        assert!(bits.missing());
        bits.restart(0);
        assert!(!bits.missing());
        assert_eq!(bits.bits(8), 0x80);
    }

    #[test]
    fn a_restart_that_is_ahead_waits_for_its_turn() {
        let mut bits = Bits::new(b"\x11\xff\xd2\x22\xff\xd1\xff\xd3\x33\xff\xd9");
        bits.restart(1);
        assert_eq!(bits.bits(8), 0);
        assert!(bits.missing());
        bits.restart(2);
        assert_eq!(bits.bits(8), 0x22);
        // The first comes again.
        bits.restart(3);
        assert_eq!(bits.bits(8), 0x33);
        bits.restart(4);
        assert_eq!((bits.bits(8), bits.missing(), bits.rest()), (0, true, &b"\xff\xd9"[..]));
    }

    #[test]
    fn codes_of_any_length_are_read() {
        // One of a bit, one of two, one of 16.
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[15]) = (1, 1, 1);
        let codes = Codes::new(&counts, &[7, 8, 9]);
        let mut bits = Bits::new(&[0b0100_0000, 0b0000_0011, 0, 0, 0, 0, 0b1111_1111, 0, 0xff, 0]);
        let mut read = || bits.symbol(&codes);
        assert_eq!([read(), read()], [7, 8]);
        let mut bits = Bits::new(&[0b1100_0000, 0, 0b0100_0000]);
        assert_eq!([bits.symbol(&codes), bits.symbol(&codes)], [9, 7]);
        // No code: 17 bits are gone.
        let mut bits = Bits::new(&[0b1100_0000, 1, 0b1010_0000]);
        assert_eq!([bits.symbol(&codes), bits.symbol(&codes)], [0, 7]);
    }
}
