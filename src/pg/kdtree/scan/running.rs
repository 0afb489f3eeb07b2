//! A scan in progress: which parts its keys ask for, and one after the other.

use super::bitmap;
use super::by_distance::ByDistance;
use super::unordered::Unordered;
use super::without_value::WithoutValue;
use super::{Given, Hand};
use crate::index::kdtree::TreeError;
use crate::index::kdtree::leaf;
use crate::index::kdtree::page::Role;
use crate::index::kdtree::search::{Found, Within};
use crate::pg::kdtree::pages::{Held, Lock, check_layout};
use crate::pg::kdtree::rows::Rows;
use crate::pg::kdtree::{DISTANCE, SPHERE};
use pgrx::pg_sys::{self, IndexScanDesc, Relation, ScanKeyData, TIDBitmap};
use std::ffi::c_int;

/// A scan of whatever kind of rows.
pub(super) trait Running {
    /// The next row, its distance if it has one, and for an index-only scan its tuple.
    ///
    /// # Safety
    /// The scan's index is open.
    unsafe fn next(&mut self, index: Relation) -> Result<Option<Given>, TreeError>;

    /// Enters all rows into a bitmap; gives how many.
    ///
    /// # Safety
    /// As above.
    unsafe fn bitmap(&mut self, index: Relation, map: *mut TIDBitmap) -> Result<i64, TreeError>;

    /// Notes on their pages that rows are dead.
    ///
    /// # Safety
    /// As above.
    unsafe fn note_dead(&self, index: Relation, rows: &[Found]) -> Result<(), TreeError>;

    /// Leaves the pages in hand to Postgres.
    fn forget_pages(&mut self);
}

/// One of a kind of rows.
struct Of<K: Rows> {
    by_distance: Option<ByDistance<K>>,
    unordered: Option<Unordered<K>>,
    /// Those without a value come behind.
    without_value: Option<WithoutValue>,
    hand: Hand,
}

/// # Safety
/// A scan of ours of this kind, with its keys.
pub(super) unsafe fn start<K: Rows>(scan: IndexScanDesc) -> Result<Box<dyn Running>, TreeError> {
    // SAFETY: as promised by the caller; Postgres has checked the types of the arguments
    // against the operator class.
    unsafe {
        check_layout((*scan).indexRelation, K::NUMBER);
        let keys = keys_of((*scan).keyData, (*scan).numberOfKeys);
        let orders = keys_of((*scan).orderByData, (*scan).numberOfOrderBys);
        let (mut values, mut nulls) = (true, true);
        let mut spheres: Vec<Within<K>> = Vec::new();
        for key in keys {
            let flags = key.sk_flags as u32;
            if flags & pg_sys::SK_SEARCHNULL != 0 {
                values = false;
            } else if flags & pg_sys::SK_SEARCHNOTNULL != 0 {
                nulls = false;
            } else if flags & pg_sys::SK_ISNULL != 0 || key.sk_strategy != SPHERE {
                (values, nulls) = (false, false);
            } else {
                nulls = false;
                spheres.try_reserve(1)?;
                spheres.push(K::sphere(key.sk_argument));
            }
        }
        let is_known = |key: &ScanKeyData| {
            key.sk_flags as u32 & pg_sys::SK_ISNULL == 0 && key.sk_strategy == DISTANCE
        };
        let query = match orders.first() {
            Some(key) if is_known(key) => Some(K::query(&K::of_datum(key.sk_argument))),
            // Nobody asked for an order, or no row has a distance to null: any will do.
            _ => None,
        };
        let (skip_dead, with_values) = ((*scan).ignore_killed_tuples, (*scan).xs_want_itup);
        let (mut by_distance, mut unordered) = (None, None);
        if values {
            match query {
                Some(query) => {
                    by_distance = Some(ByDistance::of(query, spheres, skip_dead, with_values)?);
                }
                None => unordered = Some(Unordered::of(spheres, skip_dead, with_values)?),
            }
        }
        let without_value = nulls.then(|| WithoutValue::of(skip_dead, with_values));
        Ok(Box::new(Of { by_distance, unordered, without_value, hand: Hand::default() }))
    }
}

/// # Safety
/// As many keys as that.
unsafe fn keys_of<'a>(keys: *const ScanKeyData, count: c_int) -> &'a [ScanKeyData] {
    if keys.is_null() || count <= 0 {
        return &[];
    }
    // SAFETY: as promised by the caller.
    unsafe { std::slice::from_raw_parts(keys, count as usize) }
}

impl<K: Rows> Running for Of<K> {
    unsafe fn next(&mut self, index: Relation) -> Result<Option<Given>, TreeError> {
        let hand = &mut self.hand;
        // SAFETY: as promised by the caller.
        unsafe {
            if let Some(part) = self.by_distance.as_mut()
                && let Some(given) = part.next(index, hand)?
            {
                return Ok(Some(given));
            }
            if let Some(part) = self.unordered.as_mut() {
                if let Some(given) = part.next(index, hand)? {
                    return Ok(Some(given));
                }
                // Asked again it would let go of the page that rows without a value are on.
                self.unordered = None;
            }
            match self.without_value.as_mut() {
                Some(part) => part.next::<K>(index, hand),
                None => Ok(None),
            }
        }
    }

    unsafe fn bitmap(&mut self, index: Relation, map: *mut TIDBitmap) -> Result<i64, TreeError> {
        let (unordered, without_value) = (self.unordered.as_mut(), self.without_value.as_mut());
        // SAFETY: as promised by the caller.
        unsafe { bitmap::enter(index, unordered, without_value, &mut self.hand, map) }
    }

    unsafe fn note_dead(&self, index: Relation, rows: &[Found]) -> Result<(), TreeError> {
        for rows in rows.chunk_by(|a, b| a.block == b.block) {
            let Some(first) = rows.first() else { continue };
            // SAFETY: as promised by the caller.
            let mut held = unsafe { Held::read(index, first.block, Lock::Shared) };
            match held.page().check(first.block, K::NUMBER)? {
                Role::Node if held.page().level() > 0 => continue,
                Role::Node | Role::Nulls => leaf::check::<K>(held.page(), first.block)?,
                _ => continue,
            }
            held.hint(|page| {
                for row in rows {
                    // Where rows were taken off since, the same pointer may be another row's.
                    let place = usize::from(row.place);
                    let same = leaf::pointer::<K>(page, place) == row.pointer;
                    if page.removals() == row.removals && place < page.count() && same {
                        leaf::set_dead(page, place, true);
                    }
                }
            });
        }
        Ok(())
    }

    fn forget_pages(&mut self) {
        self.hand.forget();
    }
}
