//! GiST support functions of our operator classes: what Postgres calls; the
//! arithmetic is in [`crate::index::geometry`]. Each is written once for all that an index
//! can hold; [`signature`] and [`fingerprint`] give them their SQL names.
//!
//! A leaf's key is the point itself, an inner key a box. Both are read where they
//! lie on the page. The functions in a search's or an insertion's inner loop use the plain
//! V1 calling convention: no guard, no allocation, and nothing that can panic.

mod build;
mod fingerprint;
mod signature;

use crate::index::geometry::{Bounds, Coordinate, MOST_BOXES, Point, choose, split};
use crate::index::sphere::Sphere;
use crate::pg::call::argument;
use crate::pg::datum::{Stored, Varlena, varlena};
use crate::pg::memory;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, GISTENTRY, OffsetNumber};
use pgrx::varsize_4b;
use std::cell::Cell;
use std::ffi::CString;

/// What the operator class of a type needs beside its geometry.
trait Class<C: Coordinate, const N: usize>: Point<C, N> + Stored {
    /// At most the distance from `query` to any point in the box: [`Point::bound`].
    fn box_distance(bounds: &Bounds<C, N>, query: &Self) -> f64;
}

/// A key of an index, read where it lies.
enum Key<'a, P, C, const N: usize> {
    /// On a leaf: the point itself.
    Point(&'a P),
    /// Above: the box around all below.
    Box(&'a Bounds<C, N>),
}

impl<P: Point<C, N>, C: Coordinate, const N: usize> Key<'_, P, C, N> {
    fn bounds(&self) -> Bounds<C, N> {
        match self {
            Key::Point(point) => point.bounds(),
            Key::Box(bounds) => **bounds,
        }
    }
}

/// The key in a datum: a box or, on a leaf, a point, behind a varlena header.
///
/// # Safety
/// The datum is such a key and lives as long as `'a`.
#[inline(always)]
unsafe fn key<'a, P, C, const N: usize>(datum: Datum) -> Key<'a, P, C, N> {
    let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
    // SAFETY: both are plain varlenas; which one, the size tells.
    unsafe {
        if varsize_4b(pointer) == size_of::<Varlena<P>>() {
            Key::Point(&(*pointer.cast::<Varlena<P>>()).value)
        } else {
            Key::Box(&(*pointer.cast::<Varlena<Bounds<C, N>>>()).value)
        }
    }
}

/// The key of a GISTENTRY.
///
/// # Safety
/// The datum points to an entry of this operator class.
#[inline(always)]
unsafe fn entry_key<'a, P, C, const N: usize>(entry: Datum) -> Key<'a, P, C, N> {
    // SAFETY: as promised by the caller.
    unsafe { key((*entry.cast_mut_ptr::<GISTENTRY>()).key) }
}

/// The keys of an entry vector, from offset `first` on.
///
/// # Safety
/// The pointer is to a GistEntryVector of this operator class.
unsafe fn keys<'a, P: 'a, C: 'a, const N: usize>(
    vector: *const pg_sys::GistEntryVector,
    first: usize,
) -> impl ExactSizeIterator<Item = Key<'a, P, C, N>> {
    // SAFETY: `n` entries follow the vector's header.
    let entries = unsafe { (*vector).vector.as_slice((*vector).n.max(0) as usize) };
    // SAFETY: as promised by the caller, their keys are of this operator class.
    entries.iter().skip(first).map(|entry| unsafe { key(entry.key) })
}

thread_local! {
    /// Where the last insertion goes on a page: the page, the new key, and the
    /// offset of the entry to descend by.
    static CHOICE: Cell<(usize, usize, OffsetNumber)> = const { Cell::new((0, 0, 0)) };
}

/// Distance from the query to an entry: exact on a leaf, a lower bound above.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[inline(always)]
unsafe fn distance<P: Class<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
) -> Datum {
    // SAFETY: entry and query are what GiST says they are; a query is never toasted, so it
    // is read in place. `recheck` is false already.
    let (key, query) =
        unsafe { (entry_key(argument(fcinfo, 0)), P::in_place(argument(fcinfo, 1))) };
    let distance = match key {
        Key::Point(point) => P::distance(query, point),
        Key::Box(bounds) => P::box_distance(bounds, query),
    };
    Datum::from(distance.to_bits())
}

/// Whether an entry may be inside the query, a sphere: exact on a leaf.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[inline(always)]
unsafe fn consistent<P: Class<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
) -> Datum
where
    Sphere<P>: Stored,
{
    // SAFETY: entry and query are what GiST says they are; a sphere is never
    // toasted. The fifth argument points to a bool.
    let (key, sphere) = unsafe {
        *argument(fcinfo, 4).cast_mut_ptr::<bool>() = false;
        (entry_key(argument(fcinfo, 0)), Sphere::<P>::in_place(argument(fcinfo, 1)))
    };
    Datum::from(match key {
        Key::Point(point) => sphere.holds(point),
        Key::Box(bounds) => P::box_distance(bounds, &sphere.center) < sphere.radius(),
    })
}

/// What it costs to put the new entry below the original one: 0 for the entry
/// of the page that [`choose`] picks, 1 for all others.
///
/// # Safety
/// Called by GiST with (original entry, new entry, result).
unsafe fn penalty<P: Class<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
    chosen_offset: unsafe extern "C-unwind" fn(*mut GISTENTRY, *mut GISTENTRY) -> OffsetNumber,
) -> Datum {
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
                let new = entry_key::<P, C, N>(argument(fcinfo, 1)).bounds();
                entry_key::<P, C, N>(argument(fcinfo, 0)).bounds().growth(&new)
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
unsafe fn chosen_offset<P: Class<C, N>, C: Coordinate, const N: usize>(
    original: *mut GISTENTRY,
    new: *mut GISTENTRY,
) -> OffsetNumber {
    let nowhere = Bounds::EMPTY;
    // SAFETY: as promised by the caller.
    let (page, offset, at, new) = unsafe {
        (
            (*original).page.cast::<u8>(),
            (*original).offset,
            (*original).key,
            key::<P, C, N>((*new).key),
        )
    };
    if page.is_null() || offset == 0 {
        return 0;
    }
    let mut boxes = [&nowhere; MOST_BOXES];
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
        if within < size_of::<pg_sys::IndexTupleData>()
            || within + size_of::<Varlena<Bounds<C, N>>>() > length
        {
            return 0;
        }
        // SAFETY: the tuple is on the page, and the key inside the tuple.
        let sibling = unsafe {
            let tuple = page.add(from).cast::<pg_sys::IndexTupleData>();
            if u32::from((*tuple).t_info) & pg_sys::INDEX_NULL_MASK != 0 {
                return 0;
            }
            key::<P, C, N>(Datum::from(page.add(from + within)))
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
unsafe fn same<P: Class<C, N>, C: Coordinate, const N: usize>(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two keys and a pointer to a bool, which is returned too.
    unsafe {
        let [a, b] = [0, 1].map(|n| key::<P, C, N>(argument(fcinfo, n)).bounds());
        let result = argument(fcinfo, 2);
        *result.cast_mut_ptr::<bool>() = a == b;
        result
    }
}

/// The box around all entries of a vector.
///
/// # Safety
/// Called by GiST with (entry vector, size).
unsafe fn union<P: Class<C, N>, C: Coordinate, const N: usize>(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: a vector of entries and a pointer to the result's size.
    unsafe {
        let keys = keys::<P, C, N>(argument(fcinfo, 0).cast_mut_ptr(), 0);
        *argument(fcinfo, 1).cast_mut_ptr::<i32>() = size_of::<Varlena<Bounds<C, N>>>() as i32;
        bounds_datum(keys.map(|key| key.bounds()))
    }
}

/// Parts the entries of an overfull page in two.
///
/// # Safety
/// Called by GiST with (entry vector, split vector).
unsafe fn picksplit<P: Class<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
) -> Datum {
    // SAFETY: entries begin at offset 1; the split vector is ours to fill.
    unsafe {
        let vector = argument(fcinfo, 0).cast_mut_ptr();
        let mut keys = keys::<P, C, N>(vector, pg_sys::FirstOffsetNumber as usize).peekable();
        let capacity = match keys.peek() {
            Some(Key::Point(_)) => P::LEAF_CAPACITY,
            _ => P::INNER_CAPACITY,
        };
        // The boxes, and less than as much again to put them in order.
        memory::foresee(2 * keys.len() * size_of::<Bounds<C, N>>());
        let boxes: Vec<Bounds<C, N>> = keys.map(|key| key.bounds()).collect();
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
fn bounds_datum<C: Coordinate, const N: usize>(
    boxes: impl IntoIterator<Item = Bounds<C, N>>,
) -> Datum {
    Bounds::around(boxes).map_or(Datum::null(), varlena)
}

/// A key as text, for `pageinspect`: the two corners of its box.
///
/// # Safety
/// Called by Postgres with (key).
unsafe fn box_out<P: Class<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
    write: impl Fn(&mut String, &[C; N]),
) -> Datum {
    let mut out = String::new();
    // SAFETY: the argument is a key.
    let bounds = unsafe { key::<P, C, N>(argument(fcinfo, 0)) }.bounds();
    for (index, corner) in bounds.corners().into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(&mut out, corner);
    }
    CString::new(out).ok().and_then(pgrx::IntoDatum::into_datum).unwrap_or(Datum::null())
}

/// The functions that every class has, under their SQL names.
macro_rules! support_functions {
    (
        $point:ty, $coordinate:ty, $n:expr;
        $module:ident $consistent:ident $distance:ident $union:ident $penalty:ident
        $picksplit:ident $same:ident $sortsupport:ident
    ) => {
        mod $module {
            use super::*;
            use crate::pg::gist;

            /// Whether an entry may be inside a sphere.
            ///
            /// # Safety
            /// Called by GiST with (entry, query, strategy, subtype, recheck).
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $consistent(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::consistent::<$point, $coordinate, $n>(fcinfo) }
            }

            /// Distance from the query to an entry.
            ///
            /// # Safety
            /// Called by GiST with (entry, query, strategy, subtype, recheck).
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $distance(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::distance::<$point, $coordinate, $n>(fcinfo) }
            }

            /// The box around all entries of a vector.
            ///
            /// # Safety
            /// Called by GiST with (entry vector, size).
            #[pg_guard]
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $union(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::union::<$point, $coordinate, $n>(fcinfo) }
            }

            #[pg_guard]
            unsafe extern "C-unwind" fn chosen_offset(
                original: *mut GISTENTRY,
                new: *mut GISTENTRY,
            ) -> OffsetNumber {
                // SAFETY: as promised by the caller.
                unsafe { gist::chosen_offset::<$point, $coordinate, $n>(original, new) }
            }

            /// What it costs to put the new entry below the original one.
            ///
            /// # Safety
            /// Called by GiST with (original entry, new entry, result).
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $penalty(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::penalty::<$point, $coordinate, $n>(fcinfo, chosen_offset) }
            }

            /// Parts the entries of an overfull page in two.
            ///
            /// # Safety
            /// Called by GiST with (entry vector, split vector).
            #[pg_guard]
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $picksplit(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::picksplit::<$point, $coordinate, $n>(fcinfo) }
            }

            /// Whether two keys are the same.
            ///
            /// # Safety
            /// Called by GiST with (key, key, result).
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $same(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::same::<$point, $coordinate, $n>(fcinfo) }
            }

            /// Sets up the sort of a build.
            ///
            /// # Safety
            /// Called by GiST with (SortSupport).
            #[pg_guard]
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $sortsupport(fcinfo: FunctionCallInfo) -> Datum {
                // SAFETY: as promised by the caller.
                unsafe { gist::build::sortsupport::<$point, $coordinate, $n>(fcinfo) }
            }
        }
    };
}
use support_functions;
