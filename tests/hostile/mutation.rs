//! Files changed at random, the same for the same seed.

use super::File;
use crate::data::Random;

/// `count` changes of `files`, one after another.
pub struct Mutations<'a> {
    files: &'a [File],
    random: Random,
    left: usize,
}

impl<'a> Mutations<'a> {
    pub fn new(files: &'a [File], seed: u64, count: usize) -> Self {
        Mutations { files, random: Random(seed), left: count }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random.bits() % bound.max(1) as u64) as usize
    }

    /// A place: as often among the first 64, 512 and 4096 bytes as anywhere.
    fn place(&mut self, length: usize) -> usize {
        let bound = [64, 512, 4096, length][self.below(4)];
        self.below(bound.min(length))
    }

    fn stretch(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.place(length);
        from..(from + 1 + self.below(length / 4 + 1)).min(length)
    }
}

impl Iterator for Mutations<'_> {
    type Item = File;

    fn next(&mut self) -> Option<File> {
        self.left = self.left.checked_sub(1)?;
        let files = self.files;
        let (name, original) = &files[self.below(files.len())];
        let mut file = original.clone();
        let length = file.len();
        let how = match self.left % 10 {
            0 => {
                let flips = 1 << self.below(7);
                for _ in 0..flips {
                    let at = self.place(length);
                    file[at] ^= 1 << self.below(8);
                }
                format!("{flips} bits flipped")
            }
            1 => {
                let at = self.stretch(length);
                let fill = [0, 0xff, 0x80, self.random.bits() as u8][self.below(4)];
                file[at.clone()].fill(fill);
                format!("{at:?} filled with {fill:#x}")
            }
            2 => {
                // Every power of two, and whatever lies between.
                let most =
                    length >> self.below(usize::BITS as usize - length.leading_zeros() as usize);
                file.truncate(self.below(most + 1));
                format!("cut to {}", file.len())
            }
            3 => {
                let (other, body) = &files[self.below(files.len())];
                let header = self.place(length);
                let rest = self.place(body.len());
                file.truncate(header);
                file.extend(&body[rest..]);
                format!("{header} bytes before {other} from {rest}")
            }
            4 | 5 => {
                let wide = self.below(2) == 0;
                let value =
                    [0, 1, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000, self.random.bits() as u32]
                        [self.below(6)];
                let bytes = if wide {
                    value.to_be_bytes().to_vec()
                } else {
                    vec![(value >> 24) as u8, value as u8]
                };
                let at = self.place(length.saturating_sub(bytes.len()));
                let end = (at + bytes.len()).min(length);
                file[at..end].copy_from_slice(&bytes[..end - at]);
                format!("{bytes:x?} at {at}")
            }
            6 => {
                let at = self.stretch(length);
                let block = file[at.clone()].to_vec();
                let times = 1 + self.below(8);
                file.splice(at.end..at.end, block.repeat(times));
                format!("{at:?} {times} times more")
            }
            7 => {
                let (a, b) = (self.stretch(length), self.stretch(length));
                let at = self.place(length);
                file.truncate(at);
                file.extend([&original[b], &original[a], &original[at..]].concat());
                format!("parts swapped at {at}")
            }
            8 => {
                let at = self.stretch(length);
                file.drain(at.clone());
                format!("{at:?} removed")
            }
            _ => {
                let at = self.stretch(length);
                for byte in &mut file[at.clone()] {
                    *byte = self.random.bits() as u8;
                }
                format!("noise at {at:?}")
            }
        };
        Some((format!("{name}, {how}"), file))
    }
}
