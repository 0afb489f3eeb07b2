//! All rows into a bitmap, page after page.

use super::Hand;
use super::unordered::Unordered;
use super::without_value::WithoutValue;
use crate::index::kdtree::TreeError;
use crate::index::kdtree::leaf::Pointer;
use crate::pg::kdtree::rows::{Rows, item_pointer};
use pgrx::check_for_interrupts;
use pgrx::pg_sys::{self, Relation, TIDBitmap};

/// So many rows are entered at once.
const AT_ONCE: usize = 256;

/// Enters the rows of both; gives how many.
///
/// # Safety
/// The index is open and of this kind, and the bitmap is one.
pub(super) unsafe fn enter<K: Rows>(
    index: Relation,
    unordered: Option<&mut Unordered<K>>,
    without_value: Option<&mut WithoutValue>,
    hand: &mut Hand,
    map: *mut TIDBitmap,
) -> Result<i64, TreeError> {
    let mut count = 0;
    let mut items = [pg_sys::ItemPointerData::default(); AT_ONCE];
    let mut add = |rows: &mut dyn Iterator<Item = Pointer>| {
        loop {
            let mut filled = 0;
            for (slot, row) in items.iter_mut().zip(&mut *rows) {
                *slot = item_pointer(row);
                filled += 1;
            }
            if filled == 0 {
                break;
            }
            // SAFETY: so many are there.
            unsafe { pg_sys::tbm_add_tuples(map, items.as_mut_ptr(), filled, false) };
            count += i64::from(filled);
        }
    };
    // SAFETY: as promised by the caller.
    unsafe {
        if let Some(unordered) = unordered {
            while let Some(held) = unordered.read(index, hand)? {
                drop(held);
                add(&mut unordered.drain());
            }
        }
        if let Some(without_value) = without_value {
            while let Some(held) = without_value.read::<K>(index)? {
                drop(held);
                check_for_interrupts!();
                add(&mut without_value.drain());
            }
        }
    }
    Ok(count)
}
