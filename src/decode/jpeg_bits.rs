//! The bits of a JPEG scan, and the Huffman codes and numbers made of them.

use super::jpeg_header::Codes;

/// The bits of a scan, without the zero bytes stuffed behind 0xff; they end at a marker.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    byte: u8,
    left: u8,
}

impl<'a> Bits<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Bits { rest, byte: 0, left: 0 }
    }

    fn next(&mut self) -> Option<u32> {
        if self.left == 0 {
            (self.byte, self.rest) = match self.rest {
                [0xff, 0, rest @ ..] => (0xff, rest),
                [0xff, ..] | [] => return None,
                [byte, rest @ ..] => (*byte, rest),
            };
            self.left = 8;
        }
        self.left -= 1;
        Some(u32::from(self.byte >> self.left & 1))
    }

    pub fn skip(&mut self, count: u8) -> Option<()> {
        (0..count).try_for_each(|_| self.next().map(|_| ()))
    }

    /// What the next code of a table stands for.
    pub fn symbol(&mut self, codes: &Codes) -> Option<u8> {
        let mut code = 0;
        for (first, count, index) in codes.lengths {
            code = code << 1 | self.next()?;
            if let Some(offset) = code.checked_sub(first).filter(|&offset| offset < count) {
                return codes.symbols.get(index + offset as usize).copied();
            }
        }
        None
    }

    /// A number of `size` bits, up to 16: one that begins with 0 is negative.
    pub fn number(&mut self, size: u8) -> Option<i32> {
        let bits = (0..size).try_fold(0_i32, |bits, _| Some(bits << 1 | self.next()? as i32))?;
        let positive = size == 0 || bits >> (size - 1) != 0;
        Some(if positive { bits } else { bits - (1 << size) + 1 })
    }

    /// Past a restart marker, which stands at the next whole byte.
    pub fn skip_marker(&mut self) {
        self.left = 0;
        if let [0xff, 0xd0..=0xd7, rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_standard_codes_them() {
        // F.1.2.1: of three bits, 000 is -7, 011 is -4, 100 is 4 and 111 is 7.
        let mut bits = Bits::new(&[0b0000_1110, 0b0111_0000]);
        assert_eq!([3; 4].map(|size| bits.number(size)), [Some(-7), Some(-4), Some(4), Some(7)]);
        assert_eq!(bits.number(0), Some(0));
        assert_eq!(bits.number(5), None);
    }

    #[test]
    fn bits_end_at_a_marker() {
        let mut bits = Bits::new(b"\xff\0\xff\xd0\x80");
        assert_eq!(bits.number(8), Some(255));
        assert_eq!(bits.number(1), None);
        bits.skip_marker();
        assert_eq!(bits.number(1), Some(1));
    }
}
