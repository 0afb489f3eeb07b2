//! Where the versions of PostgreSQL differ, in what this extension asks of them.
//! Nothing else in the source asks which version it is built for.

use crate::index::build_order::Packing;
use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, IndexAmRoutine, Oid, PlannerInfo, RelOptInfo};
use std::ffi::CStr;
use std::sync::OnceLock;

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
        #[cfg(not(any(feature = "pg18", feature = "pg19")))]
        pg_sys::vacuum_delay_point();
        #[cfg(any(feature = "pg18", feature = "pg19"))]
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
        #[cfg(any(feature = "pg18", feature = "pg19"))]
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

/// What an access method can do, where Postgres takes it from a handler: in memory that it frees,
/// or, from 19 on, in memory that stays. There is one access method.
pub(super) fn routine(routine: IndexAmRoutine) -> Datum {
    #[cfg(not(feature = "pg19"))]
    // SAFETY: palloc gives room for it, or raises an error.
    unsafe {
        let place = pg_sys::palloc(size_of::<IndexAmRoutine>()).cast::<IndexAmRoutine>();
        place.write(routine);
        Datum::from(place)
    }
    #[cfg(feature = "pg19")]
    {
        static ROUTINE: OnceLock<IndexAmRoutine> = OnceLock::new();
        Datum::from(std::ptr::from_ref(ROUTINE.get_or_init(|| routine)))
    }
}

/// How a page is locked.
#[derive(Clone, Copy)]
pub(super) enum BufferLock {
    /// Others may read.
    Shared,
    /// Nobody else may.
    Exclusive,
}

/// Locks a page.
///
/// # Safety
/// The buffer is pinned, and not locked by this backend.
pub(super) unsafe fn lock_buffer(buffer: pg_sys::Buffer, lock: BufferLock) {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(not(feature = "pg19"))]
        {
            let mode = match lock {
                BufferLock::Shared => pg_sys::BUFFER_LOCK_SHARE,
                BufferLock::Exclusive => pg_sys::BUFFER_LOCK_EXCLUSIVE,
            };
            pg_sys::LockBuffer(buffer, mode as i32);
        }
        #[cfg(feature = "pg19")]
        {
            let mode = match lock {
                BufferLock::Shared => pg_sys::BufferLockMode::BUFFER_LOCK_SHARE,
                BufferLock::Exclusive => pg_sys::BufferLockMode::BUFFER_LOCK_EXCLUSIVE,
            };
            pg_sys::LockBufferInternal(buffer, mode);
        }
    }
}

/// Unlocks a page.
///
/// # Safety
/// The buffer is pinned, and locked by this backend.
pub(super) unsafe fn unlock_buffer(buffer: pg_sys::Buffer) {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(not(feature = "pg19"))]
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_UNLOCK as i32);
        #[cfg(feature = "pg19")]
        pg_sys::UnlockBuffer(buffer);
    }
}

/// Changes a page that is locked for reading, where it is no matter if the change is lost. From
/// 19 on Postgres has a lock for that, so that no page changes while it is written to disk:
/// where somebody else has it, nothing is changed.
///
/// # Safety
/// The buffer is pinned and locked, and the page is one with Postgres' own header. `change` changes
/// what others may change at the same time, and raises no error.
pub(super) unsafe fn set_hint(buffer: pg_sys::Buffer, change: impl FnOnce()) {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(not(feature = "pg19"))]
        {
            change();
            pg_sys::MarkBufferDirtyHint(buffer, true);
        }
        #[cfg(feature = "pg19")]
        if pg_sys::BufferBeginSetHintBits(buffer) {
            change();
            pg_sys::BufferFinishSetHintBits(buffer, true, true);
        }
    }
}

/// Has a background worker end at its next look at interrupts when it is asked to, and not in the
/// middle of anything.
///
/// # Safety
/// Called in a background worker whose signals are still blocked.
pub(super) unsafe fn end_by_interrupts() {
    const TERM: i32 = 15;
    // SAFETY: as promised by the caller. `die` is what Postgres' own processes have there.
    unsafe {
        #[cfg(not(feature = "pg19"))]
        unsafe extern "C-unwind" {
            fn die(signal: i32);
        }
        #[cfg(feature = "pg19")]
        unsafe extern "C-unwind" {
            fn die(signal: i32, info: *const pg_sys::pg_signal_info);
        }
        #[cfg(not(any(feature = "pg18", feature = "pg19")))]
        pg_sys::pqsignal(TERM, Some(die));
        #[cfg(any(feature = "pg18", feature = "pg19"))]
        pg_sys::pqsignal_be(TERM, Some(die));
    }
}

/// Sends a message, when there is room for it.
///
/// # Safety
/// This process is the queue's sender.
pub(super) unsafe fn send(
    queue: *mut pg_sys::shm_mq_handle,
    message: &[u8],
) -> pg_sys::shm_mq_result::Type {
    // SAFETY: as promised by the caller.
    unsafe {
        #[cfg(feature = "pg14")]
        let sent = pg_sys::shm_mq_send(queue, message.len(), message.as_ptr().cast(), false);
        #[cfg(not(feature = "pg14"))]
        let sent = pg_sys::shm_mq_send(queue, message.len(), message.as_ptr().cast(), false, true);
        sent
    }
}

/// Looks at a table of a query that is being planned, with what the planner knows of it: whether
/// it has children, and the rest.
pub(super) type LookAtTable = unsafe fn(*mut PlannerInfo, Oid, bool, *mut RelOptInfo);

#[cfg(not(feature = "pg19"))]
type TableHook = pg_sys::get_relation_info_hook_type;
#[cfg(feature = "pg19")]
type TableHook = pg_sys::build_simple_rel_hook_type;

/// Who looks at tables, and who had the hook before.
static LOOKING: OnceLock<(LookAtTable, TableHook)> = OnceLock::new();

/// Has somebody look at all tables from now on.
///
/// # Safety
/// Called when the library is loaded. `look` can bear the planner's own arguments.
pub(super) unsafe fn look_at_tables(look: LookAtTable) {
    // SAFETY: a library is loaded by the backend's only thread.
    unsafe {
        #[cfg(not(feature = "pg19"))]
        let hook = &raw mut pg_sys::get_relation_info_hook;
        #[cfg(feature = "pg19")]
        let hook = &raw mut pg_sys::build_simple_rel_hook;
        if LOOKING.set((look, *hook)).is_ok() {
            *hook = Some(look_at_table);
        }
    }
}

#[cfg(not(feature = "pg19"))]
#[pg_guard]
unsafe extern "C-unwind" fn look_at_table(
    root: *mut PlannerInfo,
    table: Oid,
    has_children: bool,
    rel: *mut RelOptInfo,
) {
    let Some((look, before)) = LOOKING.get() else { return };
    // SAFETY: the planner's own arguments, handed on as they are.
    unsafe {
        if let Some(before) = before {
            before(root, table, has_children, rel);
        }
        look(root, table, has_children, rel);
    }
}

/// Called with all that can be read from, tables and others.
#[cfg(feature = "pg19")]
#[pg_guard]
unsafe extern "C-unwind" fn look_at_table(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    entry: *mut pg_sys::RangeTblEntry,
) {
    let Some((look, before)) = LOOKING.get() else { return };
    // SAFETY: the planner's own arguments, handed on as they are.
    unsafe {
        if let Some(before) = before {
            before(root, rel, entry);
        }
        if (*entry).rtekind == pg_sys::RTEKind::RTE_RELATION {
            look(root, (*entry).relid, (*entry).inh, rel);
        }
    }
}
