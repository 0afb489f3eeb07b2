//! `gist_signature_ops`: a leaf's key is the signature as it is, so there is nothing to
//! compress; boxes lie along the principal axes.

use super::{Class, support_functions};
use crate::index::geometry::{Bounds, Point as _};
use crate::index::rotation::Rotated;
use crate::pg::call::{argument, v1};
use crate::pg::report;
use crate::signature::{SIGNATURE_LEN, Signature};
use crate::text::{self, Digits};
use pgrx::pg_sys::{Datum, FunctionCallInfo, GISTENTRY, OffsetNumber};
use pgrx::{pg_extern, pg_guard};
use std::cell::RefCell;
use std::ffi::CStr;

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

support_functions!(
    Signature, f32, SIGNATURE_LEN;
    functions signature_consistent signature_gist_distance signature_union signature_penalty
    signature_picksplit signature_same signature_sortsupport
);

thread_local! {
    /// The last query and where it lies on the axes: a search asks for the same
    /// one at every box.
    static QUERY: RefCell<(Signature, Rotated)> = const {
        RefCell::new((
            Signature::from_values([0.0; SIGNATURE_LEN]),
            Rotated { coordinates: [0.0; SIGNATURE_LEN], error: 0.0 },
        ))
    };
}

impl Class<f32, SIGNATURE_LEN> for Signature {
    #[inline]
    fn box_distance(bounds: &Bounds<f32, SIGNATURE_LEN>, query: &Signature) -> f64 {
        QUERY.with_borrow_mut(|(last, rotated)| {
            if last.values() != query.values() {
                (*last, *rotated) = (*query, query.query());
            }
            rotated.bound(bounds)
        })
    }
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

#[pg_extern(sql = false)]
fn signature_box_in(_input: &CStr) -> pgrx::Internal {
    report::not_for_users("signature_box").raise()
}

/// For `pageinspect`: the two corners, along the principal axes.
///
/// # Safety
/// Called by Postgres with (signature_box).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_box_out(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: as promised by the caller.
    unsafe {
        super::box_out::<Signature, f32, SIGNATURE_LEN>(fcinfo, |out, corner| {
            text::write_row(out, corner, Digits::SixDecimals);
        })
    }
}
