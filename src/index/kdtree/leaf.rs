//! Rows on a page: block by block of as many as are looked at in one go, and in a block each
//! number of all of them side by side. The numbers of a first look come first, of all blocks, then
//! the others, then where the rows are in the table. At the end a bit for each marks those that are
//! dead to everybody.

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
    let (before, axes, axis) = match axis.checked_sub(K::FIRST_LOOK) {
        None => (0, K::FIRST_LOOK, axis),
        Some(axis) => (K::ROWS * K::FIRST_LOOK, K::AXES - K::FIRST_LOOK, axis),
    };
    (before + (block * axes + axis) * K::BLOCK + within) * K::WIDTH
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
