//! What pgvector's HNSW compares signatures by, for the extension
//! `imgsmlr_rs_hnsw`: its inner loop, so in the plain V1 calling convention.

use crate::pg::call::{argument, v1};
use crate::pg::datum::Varlena;
use crate::signature::Signature;
use pgrx::IntoDatum as _;
use pgrx::pg_sys::{Datum, FunctionCallInfo};

v1!(pg_finfo_signature_squared_distance);

/// The square of the distance, which sorts as the distance does and needs no root.
///
/// # Safety
/// Called by Postgres with (signature, signature), not null.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_squared_distance(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two arguments, which STRICT keeps from being null; a signature is a
    // plain varlena, never toasted.
    let [a, b] = [0, 1]
        .map(|n| unsafe { &(*argument(fcinfo, n).cast_mut_ptr::<Varlena<Signature>>()).value });
    f64::from(a.squared_distance(b)).into_datum().unwrap_or(Datum::null())
}
