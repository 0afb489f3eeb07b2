//! Rows on a page: block by block of as many as are looked at in one go, and in a block each
//! number of all of them side by side; behind the blocks, where the rows are in the table. At the
//! end a bit for each marks those that are dead to everybody.

use crate::index::kdtree::TreeError;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::page::{LEAF_ROOM, MOST_MARKS, NULL_ROOM, Page, ROOM, Role};

/// A row's place in its table: block and place in the block, 48 bits. Larger is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(pub u64);

const POINTER: usize = 6;

fn read_pointer(bytes: &[u8]) -> Pointer {
    match bytes {
        &[a, b, c, d, e, f, ..] => {
            let block = u32::from_ne_bytes([a, b, c, d]);
            let place = u16::from_ne_bytes([e, f]);
            Pointer(u64::from(block) << 16 | u64::from(place))
        }
        _ => Pointer(0),
    }
}

fn write_pointer(bytes: &mut [u8], pointer: Pointer) {
    bytes[..4].copy_from_slice(&((pointer.0 >> 16) as u32).to_ne_bytes());
    bytes[4..POINTER].copy_from_slice(&(pointer.0 as u16).to_ne_bytes());
}

/// Where in the room a number of a row is.
fn number_at<K: Kind>(place: usize, axis: usize) -> usize {
    let (block, within) = (place / K::BLOCK, place % K::BLOCK);
    ((block * K::AXES + axis) * K::BLOCK + within) * K::WIDTH
}

/// Where a page's pointers begin in its room: after the numbers of a leaf's rows, or, where
/// there are no values, at once.
fn pointers<K: Kind>(page: &Page) -> usize {
    if page.role() == Some(Role::Node) { K::AXES * K::WIDTH * K::ROWS } else { 0 }
}

/// How many rows there is room for.
pub fn capacity<K: Kind>(page: &Page) -> usize {
    const {
        assert!(K::ROWS * (K::AXES * K::WIDTH + POINTER) <= LEAF_ROOM);
        assert!(NULL_ROOM / POINTER <= 8 * MOST_MARKS);
    }
    if page.role() == Some(Role::Node) { K::ROWS } else { NULL_ROOM / POINTER }
}

/// Whether the page's count is one that a page of rows can have.
///
/// # Errors
/// When there are more than fit.
pub fn check<K: Kind>(page: &Page, block: u32) -> Result<(), TreeError> {
    if page.count() > capacity::<K>(page) {
        return Err(TreeError::Corrupt { block, what: "has more rows than fit" });
    }
    Ok(())
}

/// Where a row is.
pub fn pointer<K: Kind>(page: &Page, place: usize) -> Pointer {
    let at = pointers::<K>(page) + place * POINTER;
    read_pointer(page.room().get(at..at + POINTER).unwrap_or(&[]))
}

/// Where on the page a row is.
pub fn place_of<K: Kind>(page: &Page, pointer: Pointer) -> Option<usize> {
    let count = page.count().min(capacity::<K>(page));
    (0..count).find(|&place| self::pointer::<K>(page, place) == pointer)
}

/// Whether a row is known to be dead to everybody.
pub fn is_dead(page: &Page, place: usize) -> bool {
    page.marks().get(place / 8).is_some_and(|marks| marks >> (place % 8) & 1 != 0)
}

/// Notes whether a row is.
pub fn set_dead(page: &mut Page, place: usize, dead: bool) {
    if let Some(marks) = page.marks_mut().get_mut(place / 8) {
        *marks = *marks & !(1 << (place % 8)) | u8::from(dead) << (place % 8);
    }
}

/// A row's value.
pub fn value<K: Kind>(page: &Page, place: usize) -> K::Value {
    row::<K>(page.room(), place)
}

/// The same, in a room.
pub fn row<K: Kind>(room: &[u8; ROOM], place: usize) -> K::Value {
    K::value(|axis| {
        let at = number_at::<K>(place, axis);
        let mut number = [0; 4];
        if let Some(bytes) = room.get(at..at + K::WIDTH) {
            number[..K::WIDTH].copy_from_slice(bytes);
        }
        number
    })
}

/// Adds a row; false where there is no room. A page of rows without values takes none.
pub fn push<K: Kind>(page: &mut Page, value: Option<&K::Value>, pointer: Pointer) -> bool {
    let place = page.count();
    if place >= capacity::<K>(page) {
        return false;
    }
    let at = pointers::<K>(page) + place * POINTER;
    let room = page.room_mut();
    if let Some(value) = value {
        for axis in 0..K::AXES {
            let at = number_at::<K>(place, axis);
            room[at..at + K::WIDTH].copy_from_slice(&K::number(value, axis)[..K::WIDTH]);
        }
    }
    write_pointer(&mut room[at..at + POINTER], pointer);
    set_dead(page, place, false);
    page.set_count(place + 1);
    true
}

/// Takes out the rows that `gone` names, the last ones coming to their places. Gives how
/// many they were.
pub fn remove<K: Kind>(page: &mut Page, mut gone: impl FnMut(Pointer) -> bool) -> usize {
    let before = page.count();
    let mut place = 0;
    while place < page.count() {
        if !gone(pointer::<K>(page, place)) {
            place += 1;
            continue;
        }
        let last = page.count() - 1;
        let (moved, dead) = (pointer::<K>(page, last), is_dead(page, last));
        set_dead(page, last, false);
        if page.role() == Some(Role::Node) {
            let value = value::<K>(page, last);
            page.set_count(place);
            push::<K>(page, Some(&value), moved);
        } else {
            page.set_count(place);
            push::<K>(page, None, moved);
        }
        // The row that is gone may have been the last.
        set_dead(page, place, dead && place < last);
        page.set_count(last);
    }
    before - page.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::kdtree::fingerprints::Fingerprints;
    use crate::index::kdtree::signatures::Signatures;
    use proptest::prelude::*;

    /// Rows come, are marked and go; the page has what a list has. Nothing but marks is where
    /// Postgres looks for no data.
    fn keeps_rows_and_marks<K: Kind>(mut page: Page, changes: &[(u8, u16)]) {
        let value =
            (page.role() == Some(Role::Node)).then(|| K::value(|axis| [axis as u8, 0, 0, 0]));
        let mut rows: Vec<(Pointer, bool)> = Vec::new();
        let mut next = 0;
        for &(change, number) in changes {
            let place = usize::from(number).checked_rem(rows.len()).unwrap_or(0);
            match change {
                0..6 => {
                    let pointer = Pointer(0xabcd_ef01_8000 + next);
                    let room = rows.len() < capacity::<K>(&page);
                    assert_eq!(push::<K>(&mut page, value.as_ref(), pointer), room);
                    if room {
                        rows.push((pointer, false));
                        next += 1;
                    }
                }
                6..9 if !rows.is_empty() => {
                    let before = page.clone();
                    set_dead(&mut page, place, true);
                    rows[place].1 = true;
                    let marks = before.marks().len();
                    let end = ROOM - marks;
                    assert_eq!(page.room()[..end], before.room()[..end]);
                }
                _ => {
                    let every = u64::from(number % 7) + 2;
                    let gone = |pointer: Pointer| pointer.0 % every == 0;
                    let before = rows.len();
                    rows.retain(|row| !gone(row.0));
                    assert_eq!(remove::<K>(&mut page, gone), before - rows.len());
                }
            }
            let mut found: Vec<(Pointer, bool)> = (0..page.count())
                .map(|place| (pointer::<K>(&page, place), is_dead(&page, place)))
                .collect();
            // Rows change places where one is taken out.
            found.sort_unstable();
            rows.sort_unstable();
            assert_eq!(found, rows);
            let marked: u32 = page.marks().iter().map(|marks| marks.count_ones()).sum();
            assert_eq!(marked as usize, rows.iter().filter(|row| row.1).count());
            rows = (0..page.count())
                .map(|place| (pointer::<K>(&page, place), is_dead(&page, place)))
                .collect();
        }
        assert_eq!(page.check(1, K::NUMBER), Ok(page.role().expect("one")));
    }

    proptest! {
        #[test]
        fn marks_go_with_their_rows(
            changes in proptest::collection::vec((0_u8..11, any::<u16>()), 0..600),
        ) {
            for role in [Role::Node, Role::Nulls] {
                keeps_rows_and_marks::<Fingerprints>(Page::new(Fingerprints::NUMBER, role, 0), &changes);
                keeps_rows_and_marks::<Signatures>(Page::new(Signatures::NUMBER, role, 0), &changes);
            }
        }
    }

    #[test]
    fn a_full_page_keeps_its_marks_apart() {
        fn fill<K: Kind>(role: Role) {
            let mut page = Page::new(K::NUMBER, role, 0);
            let value = (role == Role::Node).then(|| K::value(|_| [0xff, 0xff, 0x7f, 0x7f]));
            let full = capacity::<K>(&page) as u64;
            for row in 0..full {
                assert!(push::<K>(
                    &mut page,
                    value.as_ref(),
                    Pointer(0xffff_ffff_ff00 | row & 0xff)
                ));
            }
            assert!(page.marks().iter().all(|&marks| marks == 0));
            assert!(8 * page.marks().len() as u64 >= full);
            (0..full as usize).for_each(|place| set_dead(&mut page, place, true));
            for (row, place) in (0..full).zip(0..) {
                assert_eq!(pointer::<K>(&page, place), Pointer(0xffff_ffff_ff00 | row & 0xff));
                assert!(is_dead(&page, place));
            }
            assert_eq!(page.check(1, K::NUMBER), Ok(role));
        }
        fill::<Fingerprints>(Role::Node);
        fill::<Fingerprints>(Role::Nulls);
        fill::<Signatures>(Role::Node);
        fill::<Signatures>(Role::Nulls);
    }
}
