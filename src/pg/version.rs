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

/// Lets a vacuum that is to be slow wait, and one that is to end, end.
pub(super) fn vacuum_delay_point() {
    // SAFETY: called by a running vacuum without locks.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::vacuum_delay_point();
        #[cfg(feature = "pg18")]
        pg_sys::vacuum_delay_point(false);
    }
}

/// Counts a search of an index, in its statistics and, from 18 on, for EXPLAIN.
///
/// # Safety
/// The scan is open.
pub(super) unsafe fn count_scan(scan: pg_sys::IndexScanDesc) {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(feature = "pg18")]
        if let Some(instrument) = (*scan).instrument.as_mut() {
            instrument.nsearches += 1;
        }
        if let Some(statistics) = (*(*scan).indexRelation).pgstat_info.as_mut() {
            #[cfg(any(feature = "pg14", feature = "pg15"))]
            let count = &mut statistics.t_counts.t_numscans;
            #[cfg(not(any(feature = "pg14", feature = "pg15")))]
            let count = &mut statistics.counts.numscans;
            *count += 1;
        }
    }
}

/// Whether what is written to a relation has to go to the WAL: not for unlogged and
/// temporary ones, nor, at the least WAL level, for those made in the same transaction.
///
/// # Safety
/// The relation is open.
pub(super) unsafe fn needs_wal(relation: pg_sys::Relation) -> bool {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(any(feature = "pg14", feature = "pg15"))]
        let rewritten = (*relation).rd_firstRelfilenodeSubid;
        #[cfg(not(any(feature = "pg14", feature = "pg15")))]
        let rewritten = (*relation).rd_firstRelfilelocatorSubid;
        const NO: pg_sys::SubTransactionId = 0;
        let permanent = (*(*relation).rd_rel).relpersistence as u8 == b'p';
        let shipped = pg_sys::wal_level >= pg_sys::WalLevel::WAL_LEVEL_REPLICA as i32;
        permanent && (shipped || ((*relation).rd_createSubid == NO && rewritten == NO))
    }
}

/// Pins the page in a buffer where it was last time, if it still is there.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn is_in_buffer(
    index: pg_sys::Relation,
    block: u32,
    buffer: pg_sys::Buffer,
) -> bool {
    const MAIN: pg_sys::ForkNumber::Type = pg_sys::ForkNumber::MAIN_FORKNUM;
    // SAFETY: as promised by the caller. ReadRecentBuffer believes nothing, but looks at the
    // buffer.
    unsafe {
        #[cfg(any(feature = "pg14", feature = "pg15"))]
        let file = (*index).rd_node;
        #[cfg(not(any(feature = "pg14", feature = "pg15")))]
        let file = (*index).rd_locator;
        pg_sys::ReadRecentBuffer(file, MAIN, block, buffer)
    }
}
