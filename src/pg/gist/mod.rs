//! GiST support functions of `gist_signature_ops`: what Postgres calls; the
//! arithmetic is in [`crate::index::geometry`].
//!
//! A leaf's key is the signature itself, an inner key a box. Both are read
//! where they lie on the page. The functions in a search's or an insertion's
//! inner loop use the plain V1 calling convention: no guard, no allocation, and
//! nothing that can panic.

mod build;

use crate::index::geometry::{Bounds, INNER_CAPACITY, LEAF_CAPACITY, MOST_BOXES, choose, split};
use crate::index::rotation::Rotated;
use crate::index::sphere::Sphere;
use crate::pg::call::{argument, v1};
use crate::pg::datum::{Stored, Varlena};
use crate::pg::{memory, report};
use crate::signature::{SIGNATURE_LEN, Signature};
use crate::text::{self, Digits};
use pgrx::pg_sys::{Datum, FunctionCallInfo, GISTENTRY, OffsetNumber};
use pgrx::{pg_extern, pg_guard, pg_sys, varsize_4b};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};

v1!(
    pg_finfo_signature_consistent,
    pg_finfo_signature_union,
    pg_finfo_signature_compress,
    pg_finfo_signature_penalty,
    pg_finfo_signature_picksplit,
    pg_finfo_signature_same,
    pg_finfo_signature_gist_distance,
    pg_finfo_signature_fetch,
    pg_finfo_signature_sortsupport,
    pg_finfo_signature_box_out
);

/// A key of the index, read where it lies.
enum Key<'a> {
    /// On a leaf: the signature itself.
    Point(&'a Signature),
    /// Above: the box around all below.
    Box(&'a Bounds),
}

impl Key<'_> {
    fn bounds(&self) -> Bounds {
        match self {
            Key::Point(signature) => Bounds::of(&Rotated::of(signature)),
            Key::Box(bounds) => **bounds,
        }
    }
}

/// The key in a datum of type `signature_box` or, on a leaf, `signature`.
///
/// # Safety
/// The datum is such a key and lives as long as `'a`.
#[inline(always)]
unsafe fn key<'a>(datum: Datum) -> Key<'a> {
    let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
    // SAFETY: both types are plain varlenas; which one, the size tells.
    unsafe {
        if varsize_4b(pointer) == Signature::SIZE {
            Key::Point(&(*pointer.cast::<Varlena<Signature>>()).value)
        } else {
            Key::Box(&(*pointer.cast::<Varlena<Bounds>>()).value)
        }
    }
}

/// The key of a GISTENTRY.
///
/// # Safety
/// The datum points to an entry of this operator class.
#[inline(always)]
unsafe fn entry_key<'a>(entry: Datum) -> Key<'a> {
    // SAFETY: as promised by the caller.
    unsafe { key((*entry.cast_mut_ptr::<GISTENTRY>()).key) }
}

/// The keys of an entry vector, from offset `first` on.
///
/// # Safety
/// The pointer is to a GistEntryVector of this operator class.
unsafe fn keys<'a>(
    vector: *const pg_sys::GistEntryVector,
    first: usize,
) -> impl ExactSizeIterator<Item = Key<'a>> {
    // SAFETY: `n` entries follow the vector's header.
    let entries = unsafe { (*vector).vector.as_slice((*vector).n.max(0) as usize) };
    // SAFETY: as promised by the caller, their keys are of this operator class.
    entries.iter().skip(first).map(|entry| unsafe { key(entry.key) })
}

thread_local! {
    /// The last query and where it lies on the axes: a search asks for the same
    /// one at every box.
    static QUERY: RefCell<(Signature, Rotated)> = const {
        RefCell::new((
            Signature::from_values([0.0; SIGNATURE_LEN]),
            Rotated { coordinates: [0.0; SIGNATURE_LEN], error: 0.0 },
        ))
    };

    /// Where the last insertion goes on a page: the page, the new key, and the
    /// offset of the entry to descend by.
    static CHOICE: Cell<(usize, usize, OffsetNumber)> = const { Cell::new((0, 0, 0)) };
}

/// The distance from a query to a box.
#[inline]
fn box_distance(bounds: &Bounds, query: &Signature) -> f64 {
    QUERY.with_borrow_mut(|(last, rotated)| {
        if last.values() != query.values() {
            (*last, *rotated) = (*query, Rotated::of(query));
        }
        bounds.distance(rotated)
    })
}

/// Distance from the query to an entry: exact on a leaf, a lower bound above.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_gist_distance(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: entry and query are what GiST says they are; a signature is
    // never toasted, so it is read in place. `recheck` is false already.
    let (key, query) = unsafe {
        let query = argument(fcinfo, 1).cast_mut_ptr::<Varlena<Signature>>();
        (entry_key(argument(fcinfo, 0)), &(*query).value)
    };
    let distance = match key {
        Key::Point(signature) => signature.distance(query),
        Key::Box(bounds) => box_distance(bounds, query),
    };
    Datum::from(distance.to_bits())
}

/// Whether an entry may be inside the query, a sphere: exact on a leaf.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_consistent(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: entry and query are what GiST says they are; a sphere is never
    // toasted. The fifth argument points to a bool.
    let (key, sphere) = unsafe {
        *argument(fcinfo, 4).cast_mut_ptr::<bool>() = false;
        let sphere = argument(fcinfo, 1).cast_mut_ptr::<Varlena<Sphere>>();
        (entry_key(argument(fcinfo, 0)), &(*sphere).value)
    };
    Datum::from(match key {
        Key::Point(signature) => sphere.holds(signature),
        Key::Box(bounds) => box_distance(bounds, &sphere.center) < sphere.radius(),
    })
}

/// The leaf key is the signature itself: nothing to compress.
///
/// # Safety
/// Called by GiST with (entry).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_compress(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one argument.
    unsafe { argument(fcinfo, 0) }
}

/// The signature, for an index-only scan: the leaf key itself.
///
/// # Safety
/// Called by GiST with (entry).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_fetch(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one argument.
    unsafe { argument(fcinfo, 0) }
}

/// What it costs to put the new entry below the original one: 0 for the entry
/// of the page that [`choose`] picks, 1 for all others.
///
/// # Safety
/// Called by GiST with (original entry, new entry, result).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_penalty(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two entries and a pointer to a float4, which is returned too.
    unsafe {
        let original = argument(fcinfo, 0).cast_mut_ptr::<GISTENTRY>();
        let new = argument(fcinfo, 1).cast_mut_ptr::<GISTENTRY>();
        let offset = (*original).offset;
        // GiST asks for all entries of a page in turn: the first call decides.
        let place = ((*original).page as usize, (*new).key.value());
        let (page, key, mut chosen) = CHOICE.get();
        if offset <= pg_sys::FirstOffsetNumber as OffsetNumber || (page, key) != place {
            chosen = chosen_offset(original, new);
            CHOICE.set((place.0, place.1, chosen));
        }
        let penalty = match chosen {
            0 => {
                let new = entry_key(argument(fcinfo, 1)).bounds();
                entry_key(argument(fcinfo, 0)).bounds().growth(&new)
            }
            chosen if chosen == offset => 0.0,
            _ => 1.0,
        };
        let result = argument(fcinfo, 2);
        *result.cast_mut_ptr::<f32>() = penalty;
        result
    }
}

/// The offset of the entry on `original`'s page to put `new` below, or 0 where
/// that can't be told: away from a page, and beside keys that are no boxes.
///
/// # Safety
/// Both are entries of this operator class; `original` lies on its page.
#[pg_guard]
unsafe extern "C-unwind" fn chosen_offset(
    original: *mut GISTENTRY,
    new: *mut GISTENTRY,
) -> OffsetNumber {
    const NOWHERE: Bounds = Bounds::EMPTY;
    // SAFETY: as promised by the caller.
    let (page, offset, at, new) = unsafe {
        ((*original).page.cast::<u8>(), (*original).offset, (*original).key, key((*new).key))
    };
    if page.is_null() || offset == 0 {
        return 0;
    }
    let mut boxes = [&NOWHERE; MOST_BOXES];
    // SAFETY: the page is pinned and locked while GiST chooses; line pointers
    // fill it from the end of its header to pd_lower.
    let lines = unsafe {
        let header = page.cast::<pg_sys::PageHeaderData>();
        let lower = usize::from((*header).pd_lower);
        let first = std::mem::offset_of!(pg_sys::PageHeaderData, pd_linp);
        let count = lower.saturating_sub(first) / size_of::<pg_sys::ItemIdData>();
        std::slice::from_raw_parts(page.add(first).cast::<pg_sys::ItemIdData>(), count)
    };
    let (Some(boxes), Some(own)) =
        (boxes.get_mut(..lines.len()), lines.get(usize::from(offset) - 1))
    else {
        return 0;
    };
    // Tuples of one index, without nulls, have the key in the same place.
    let within = (at.value()).wrapping_sub(page as usize + own.lp_off() as usize);
    for (slot, line) in boxes.iter_mut().zip(lines) {
        let (from, length) = (line.lp_off() as usize, line.lp_len() as usize);
        if within < size_of::<pg_sys::IndexTupleData>() || within + Bounds::SIZE > length {
            return 0;
        }
        // SAFETY: the tuple is on the page, and the key inside the tuple.
        let sibling = unsafe {
            let tuple = page.add(from).cast::<pg_sys::IndexTupleData>();
            if u32::from((*tuple).t_info) & pg_sys::INDEX_NULL_MASK != 0 {
                return 0;
            }
            key(Datum::from(page.add(from + within)))
        };
        match sibling {
            Key::Box(bounds) => *slot = bounds,
            Key::Point(_) => return 0,
        }
    }
    choose(boxes, &new.bounds()).map_or(0, |place| place as OffsetNumber + 1)
}

/// Whether two keys are the same.
///
/// # Safety
/// Called by GiST with (key, key, result).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_same(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two keys and a pointer to a bool, which is returned too.
    unsafe {
        let same = key(argument(fcinfo, 0)).bounds() == key(argument(fcinfo, 1)).bounds();
        let result = argument(fcinfo, 2);
        *result.cast_mut_ptr::<bool>() = same;
        result
    }
}

/// The box around all entries of a vector.
///
/// # Safety
/// Called by GiST with (entry vector, size).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_union(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: a vector of entries and a pointer to the result's size.
    unsafe {
        let keys = keys(argument(fcinfo, 0).cast_mut_ptr(), 0);
        *argument(fcinfo, 1).cast_mut_ptr::<i32>() = Bounds::SIZE as i32;
        bounds_datum(keys.map(|key| key.bounds()))
    }
}

/// Parts the entries of an overfull page in two.
///
/// # Safety
/// Called by GiST with (entry vector, split vector).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_picksplit(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: entries begin at offset 1; the split vector is ours to fill.
    unsafe {
        let vector = argument(fcinfo, 0).cast_mut_ptr();
        let mut keys = keys(vector, pg_sys::FirstOffsetNumber as usize).peekable();
        let capacity = match keys.peek() {
            Some(Key::Point(_)) => LEAF_CAPACITY,
            _ => INNER_CAPACITY,
        };
        // The boxes, and less than as much again to put them in order.
        memory::foresee(2 * keys.len() * size_of::<Bounds>());
        let boxes: Vec<Bounds> = keys.map(|key| key.bounds()).collect();
        let (order, left_len) =
            split(&boxes.iter().collect::<Vec<_>>(), capacity, fill_factor(vector));
        let (left, right) = order.split_at(left_len);

        let result = argument(fcinfo, 1);
        let halves = &mut *result.cast_mut_ptr::<pg_sys::GIST_SPLITVEC>();
        (halves.spl_left, halves.spl_nleft) = offsets(left);
        (halves.spl_right, halves.spl_nright) = offsets(right);
        halves.spl_ldatum = bounds_datum(left.iter().map(|&index| boxes[index]));
        halves.spl_rdatum = bounds_datum(right.iter().map(|&index| boxes[index]));
        result
    }
}

/// The index's fill factor, which a sorted build leaves to us from PostgreSQL 15
/// on; 90 where nothing is set.
///
/// # Safety
/// The pointer is to a GistEntryVector of this operator class.
unsafe fn fill_factor(vector: *const pg_sys::GistEntryVector) -> usize {
    const DEFAULT: usize = 90;
    // SAFETY: entries begin at offset 1 and belong to an open index; its
    // options begin as those of a table do, with the fill factor.
    unsafe {
        let entries = (*vector).vector.as_slice((*vector).n.max(0) as usize);
        let relation = entries.get(pg_sys::FirstOffsetNumber as usize).map(|entry| entry.rel);
        match relation {
            Some(relation) if !relation.is_null() && !(*relation).rd_options.is_null() => {
                let options = (*relation).rd_options.cast::<pg_sys::StdRdOptions>();
                usize::try_from((*options).fillfactor).unwrap_or(DEFAULT)
            }
            _ => DEFAULT,
        }
    }
}

/// Indices of a split as palloc'd offset numbers, and their count.
fn offsets(indices: &[usize]) -> (*mut OffsetNumber, i32) {
    // SAFETY: palloc gives room for as many numbers as are written.
    unsafe {
        let bytes = size_of_val(indices).max(size_of::<OffsetNumber>());
        let offsets = pg_sys::palloc(bytes).cast::<OffsetNumber>();
        for (n, &index) in indices.iter().enumerate() {
            *offsets.add(n) = index as OffsetNumber + pg_sys::FirstOffsetNumber as OffsetNumber;
        }
        (offsets, indices.len() as i32)
    }
}

/// The box around `boxes` as a datum; of none, which GiST never asks, null.
fn bounds_datum(boxes: impl IntoIterator<Item = Bounds>) -> Datum {
    Bounds::around(boxes).map_or(Datum::null(), Stored::into_datum)
}

#[pg_extern(sql = false)]
fn signature_box_in(_input: &CStr) -> pgrx::Internal {
    report::not_for_users(Bounds::TYPE_NAME).raise()
}

/// For `pageinspect`: the two corners, along the principal axes.
///
/// # Safety
/// Called by Postgres with (signature_box).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_box_out(fcinfo: FunctionCallInfo) -> Datum {
    let mut out = String::new();
    // SAFETY: the argument is a key.
    let key = unsafe { key(argument(fcinfo, 0)) };
    let bounds = key.bounds();
    for (index, corner) in bounds.corners().into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        text::write_row(&mut out, corner, Digits::SixDecimals);
    }
    CString::new(out).ok().and_then(pgrx::IntoDatum::into_datum).unwrap_or(Datum::null())
}
