//! Where the versions of PostgreSQL differ, in what this extension asks of them.
//! Nothing else in the source asks which version it is built for.

use crate::index::build_order::Packing;
use pgrx::pg_sys;
use std::ffi::CStr;

/// How a build of the index packs its sorted rows, with so many on a full leaf, and so many
/// boxes on a full page above.
pub(super) const fn packing(leaf: usize, inner: usize) -> Packing {
    if cfg!(feature = "pg14") { Packing::pages(leaf, inner) } else { Packing::windows(leaf, inner) }
}

/// Has a misspelt setting of ours refused (from 15 on) or warned of.
///
/// # Safety
/// Called when the library is loaded.
pub(super) unsafe fn reserve_settings(prefix: &'static CStr) {
    // SAFETY: the name lives as long as the library.
    unsafe {
        #[cfg(feature = "pg14")]
        pg_sys::EmitWarningsOnPlaceholders(prefix.as_ptr());
        #[cfg(not(feature = "pg14"))]
        pg_sys::MarkGUCPrefixReserved(prefix.as_ptr());
    }
}

/// Keeps an error for a caller that asked for that, and says whether it did: no one
/// can before 16.
///
/// # Safety
/// `fcinfo` is that of the running function.
#[cfg(any(feature = "pg14", feature = "pg15"))]
pub(super) unsafe fn keep_error(_: pg_sys::FunctionCallInfo, _: impl FnOnce()) -> bool {
    false
}

/// Keeps an error for a caller that asked for that, and says whether it did. `fields`
/// sets the error's fields: called where PostgreSQL takes them.
///
/// # Safety
/// `fcinfo` is that of the running function.
#[cfg(not(any(feature = "pg14", feature = "pg15")))]
pub(super) unsafe fn keep_error(fcinfo: pg_sys::FunctionCallInfo, fields: impl FnOnce()) -> bool {
    // SAFETY: the context of a function call is null or a node, and every node begins
    // with its tag. errsave_start and errsave_finish enclose the fields, as the errsave
    // macro does.
    unsafe {
        let context = (*fcinfo).context;
        let asked = !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_ErrorSaveContext;
        if asked && pg_sys::errsave_start(context, std::ptr::null()) {
            fields();
            pg_sys::errsave_finish(context, c"version.rs".as_ptr(), 0, c"".as_ptr());
        }
        asked
    }
}
