//! GiST support functions of `gist_signature_ops`: what Postgres calls; the
//! arithmetic is in [`crate::geometry`].
//!
//! A leaf's key is the signature itself, an inner key a box. Both are read
//! where they lie on the page. The functions in a search's or an insertion's
//! inner loop use the plain V1 calling convention: no guard, no allocation, and
//! nothing that can panic.

use crate::geometry::{Bounds, Key, split};
use crate::pg::datum::{Stored, Varlena};
use crate::pg::report;
use crate::signature::Signature;
use crate::text::{self, Digits};
use pgrx::pg_sys::{Datum, FunctionCallInfo, GISTENTRY, OffsetNumber};
use pgrx::{pg_extern, pg_guard, pg_sys, varsize_4b};
use std::ffi::{CStr, CString};

/// Tells Postgres that these functions follow the V1 calling convention.
macro_rules! v1 {
    ($($info:ident),*) => {$(
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub extern "C" fn $info() -> &'static pg_sys::Pg_finfo_record {
            static V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }
    )*};
}

v1!(
    pg_finfo_signature_consistent,
    pg_finfo_signature_union,
    pg_finfo_signature_compress,
    pg_finfo_signature_penalty,
    pg_finfo_signature_picksplit,
    pg_finfo_signature_same,
    pg_finfo_signature_gist_distance,
    pg_finfo_signature_fetch,
    pg_finfo_signature_box_out
);

/// Argument `n` of a call.
///
/// # Safety
/// The function has more than `n` arguments.
#[inline(always)]
unsafe fn argument(fcinfo: FunctionCallInfo, n: usize) -> Datum {
    // SAFETY: fcinfo ends in an array of as many arguments as the call has.
    unsafe { (*(*fcinfo).args.as_ptr().add(n)).value }
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
            Key::from(&(*pointer.cast::<Varlena<Signature>>()).value)
        } else {
            Key::from(&(*pointer.cast::<Varlena<Bounds>>()).value)
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
unsafe fn keys<'a>(vector: *const pg_sys::GistEntryVector, first: usize) -> Vec<Key<'a>> {
    // SAFETY: `n` entries follow the vector's header.
    unsafe {
        let entries = (*vector).vector.as_slice((*vector).n.max(0) as usize);
        entries.iter().skip(first).map(|entry| key(entry.key)).collect()
    }
}

/// Distance from the query to an entry: exact on a leaf, a lower bound above.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_gist_distance(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: entry and query are what GiST says they are; a signature is
    // never toasted, so it is read in place. `recheck` is false already.
    unsafe {
        let query = argument(fcinfo, 1).cast_mut_ptr::<Varlena<Signature>>();
        let distance = entry_key(argument(fcinfo, 0)).distance(&(*query).value);
        Datum::from(distance.to_bits())
    }
}

/// Whether an entry may satisfy a boolean operator. The class has none, so
/// nothing asks; "perhaps, check the row" is true of any.
///
/// # Safety
/// Called by GiST with (entry, query, strategy, subtype, recheck).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_consistent(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: the fifth argument points to a bool.
    unsafe { *argument(fcinfo, 4).cast_mut_ptr::<bool>() = true };
    Datum::from(true)
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

/// What it costs to put the new entry below the original one.
///
/// # Safety
/// Called by GiST with (original entry, new entry, result).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_penalty(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two entries and a pointer to a float4, which is returned too.
    unsafe {
        let penalty = entry_key(argument(fcinfo, 0)).growth(&entry_key(argument(fcinfo, 1)));
        let result = argument(fcinfo, 2);
        *result.cast_mut_ptr::<f32>() = penalty;
        result
    }
}

/// Whether two keys are the same.
///
/// # Safety
/// Called by GiST with (key, key, result).
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_same(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two keys and a pointer to a bool, which is returned too.
    unsafe {
        let same = key(argument(fcinfo, 0)).same(&key(argument(fcinfo, 1)));
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
        bounds_datum(keys.into_iter())
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
        let keys = keys(argument(fcinfo, 0).cast_mut_ptr(), pg_sys::FirstOffsetNumber as usize);
        let (order, left_len) = split(&keys);
        let (left, right) = order.split_at(left_len);

        let result = argument(fcinfo, 1);
        let halves = &mut *result.cast_mut_ptr::<pg_sys::GIST_SPLITVEC>();
        (halves.spl_left, halves.spl_nleft) = offsets(left);
        (halves.spl_right, halves.spl_nright) = offsets(right);
        halves.spl_ldatum = bounds_datum(left.iter().map(|&index| keys[index]));
        halves.spl_rdatum = bounds_datum(right.iter().map(|&index| keys[index]));
        result
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

/// The box around `keys` as a datum; of no keys, which GiST never asks, null.
fn bounds_datum<'a>(keys: impl Iterator<Item = Key<'a>>) -> Datum {
    Bounds::around(keys).map_or(Datum::null(), Stored::into_datum)
}

#[pg_extern(sql = false)]
fn signature_box_in(_input: &CStr) -> pgrx::Internal {
    report::not_for_users(Bounds::TYPE_NAME).raise()
}

/// For `pageinspect`: the two corners of an inner key, or a leaf's point.
///
/// # Safety
/// Called by Postgres with (signature_box).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_box_out(fcinfo: FunctionCallInfo) -> Datum {
    let mut out = String::new();
    // SAFETY: the argument is a key.
    let key = unsafe { key(argument(fcinfo, 0)) };
    for (index, corner) in key.corners().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        text::write_row(&mut out, corner, Digits::SixDecimals);
    }
    CString::new(out).ok().and_then(pgrx::IntoDatum::into_datum).unwrap_or(Datum::null())
}
