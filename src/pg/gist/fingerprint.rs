//! `gist_fingerprint_ops`: keys are varlenas, so that a leaf's, a fingerprint, can be
//! shorter than a box.

use super::{Class, support_functions};
use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint};
use crate::index::geometry::{Bounds, Point};
use crate::pg::call::{argument, v1};
use crate::pg::datum::{Stored, Varlena, varlena};
use crate::pg::report;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, GISTENTRY, OffsetNumber};
use pgrx::{pg_extern, pg_guard};
use std::ffi::CStr;

v1!(
    pg_finfo_fingerprint_consistent,
    pg_finfo_fingerprint_union,
    pg_finfo_fingerprint_compress,
    pg_finfo_fingerprint_penalty,
    pg_finfo_fingerprint_picksplit,
    pg_finfo_fingerprint_same,
    pg_finfo_fingerprint_gist_distance,
    pg_finfo_fingerprint_fetch,
    pg_finfo_fingerprint_sortsupport,
    pg_finfo_fingerprint_box_out
);

support_functions!(
    Fingerprint, u8, FINGERPRINT_LEN;
    functions fingerprint_consistent fingerprint_gist_distance fingerprint_union
    fingerprint_penalty fingerprint_picksplit fingerprint_same fingerprint_sortsupport
);

impl Class<u8, FINGERPRINT_LEN> for Fingerprint {
    #[inline]
    fn box_distance(bounds: &Bounds<u8, FINGERPRINT_LEN>, query: &Fingerprint) -> f64 {
        Fingerprint::bound(query, bounds)
    }
}

/// A copy of an entry with another key.
///
/// # Safety
/// The datum points to a GISTENTRY.
unsafe fn with_key(entry: Datum, key: Datum) -> Datum {
    // SAFETY: as promised by the caller; palloc raises an error rather than fail.
    unsafe {
        let copy = pg_sys::palloc(size_of::<GISTENTRY>()).cast::<GISTENTRY>();
        copy.copy_from_nonoverlapping(entry.cast_mut_ptr::<GISTENTRY>(), 1);
        (*copy).key = key;
        Datum::from(copy)
    }
}

/// A leaf's key: the fingerprint behind a header.
///
/// # Safety
/// Called by GiST with (entry).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fingerprint_compress(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one argument, an entry whose key is a fingerprint on a leaf, and above a box.
    unsafe {
        let entry = argument(fcinfo, 0);
        let GISTENTRY { key, leafkey, .. } = *entry.cast_mut_ptr::<GISTENTRY>();
        if !leafkey {
            return entry;
        }
        with_key(entry, varlena(*Fingerprint::in_place(key)))
    }
}

/// The fingerprint, for an index-only scan: behind the header.
///
/// # Safety
/// Called by GiST with (entry).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fingerprint_fetch(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one argument, a leaf's entry.
    unsafe {
        let entry = argument(fcinfo, 0);
        let key = (*entry.cast_mut_ptr::<GISTENTRY>()).key;
        let value = &raw mut (*key.cast_mut_ptr::<Varlena<Fingerprint>>()).value;
        with_key(entry, Datum::from(value))
    }
}

#[pg_extern(sql = false)]
fn fingerprint_box_in(_input: &CStr) -> pgrx::Internal {
    report::not_for_users("fingerprint_box").raise()
}

/// For `pageinspect`: the two corners.
///
/// # Safety
/// Called by Postgres with (fingerprint_box).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn fingerprint_box_out(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: as promised by the caller.
    unsafe {
        super::box_out::<Fingerprint, u8, FINGERPRINT_LEN>(fcinfo, |out, corner| {
            out.push_str(&Fingerprint::from_values(*corner).to_hex());
        })
    }
}
