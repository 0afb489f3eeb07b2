//! Functions in the plain V1 calling convention, where `#[pg_extern]`'s guards
//! and conversions would cost too much or know too little.

use pgrx::pg_sys::{Datum, FunctionCallInfo};

/// Tells Postgres that functions follow the V1 calling convention.
macro_rules! v1 {
    ($($info:ident),* $(,)?) => {$(
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub extern "C" fn $info() -> &'static pgrx::pg_sys::Pg_finfo_record {
            static V1: pgrx::pg_sys::Pg_finfo_record =
                pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }
    )*};
}
pub(super) use v1;

/// Argument `n` of a call.
///
/// # Safety
/// The function has more than `n` arguments.
#[inline(always)]
pub(super) unsafe fn argument(fcinfo: FunctionCallInfo, n: usize) -> Datum {
    // SAFETY: fcinfo ends in an array of as many arguments as the call has.
    unsafe { (*(*fcinfo).args.as_ptr().add(n)).value }
}

/// Whether argument `n` of a call is null.
///
/// # Safety
/// The function has more than `n` arguments.
pub(super) unsafe fn is_null(fcinfo: FunctionCallInfo, n: usize) -> bool {
    // SAFETY: as above.
    unsafe { (*(*fcinfo).args.as_ptr().add(n)).isnull }
}

/// A null result.
///
/// # Safety
/// `fcinfo` is of a call that is about to return.
pub(super) unsafe fn null(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: as promised by the caller.
    unsafe { (*fcinfo).isnull = true };
    Datum::null()
}
