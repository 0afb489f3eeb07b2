//! Parallel plans for the conversion of many pictures.
//!
//! Postgres gives a table parallel workers by the number of its own pages. A
//! table of a thousand photographs has eight: the photographs lie in its TOAST
//! table, which is not counted. So where a query converts pictures, they are
//! counted here. Whether a parallel plan is taken is for the planner to decide,
//! by the functions' COST.

use crate::pg::call::{argument, v1};
use crate::pg::version;
use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid, PlannerInfo, RelOptInfo, TimestampTz};
use std::cell::Cell;

/// A query being planned: the planner's state for it, and the statement's time.
type Planned = (usize, TimestampTz);

thread_local! {
    /// The last query found to convert pictures.
    static CONVERTS: Cell<Planned> = const { Cell::new((0, 0)) };
}

fn planned(root: *mut PlannerInfo) -> Planned {
    // SAFETY: reads a variable of this backend.
    (root as usize, unsafe { pg_sys::GetCurrentStatementStartTimestamp() })
}

v1!(pg_finfo_picture_support);

/// The planner's support function of all conversions: notes that a query calls
/// one. (To call it also loads this library, and so sets the hook, in a session
/// that had not needed it before.)
///
/// # Safety
/// Called by Postgres with (request).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn picture_support(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: the argument is a node, told by its tag.
    unsafe {
        let request = argument(fcinfo, 0).cast_mut_ptr::<pg_sys::Node>();
        if !request.is_null() && (*request).type_ == pg_sys::NodeTag::T_SupportRequestSimplify {
            let root = (*request.cast::<pg_sys::SupportRequestSimplify>()).root;
            if !root.is_null() {
                CONVERTS.set(planned(root));
            }
        }
    }
    // No help to the planner in any other way.
    Datum::null()
}

/// Sets the hook: called once, when the library is loaded.
pub(crate) fn plan_by_size_of_pictures() {
    // SAFETY: called when the library is loaded; count_pictures is made for the planner.
    unsafe { version::look_at_tables(count_pictures) }
}

/// # Safety
/// Called by the planner, with its own arguments.
unsafe fn count_pictures(
    root: *mut PlannerInfo,
    table: Oid,
    has_children: bool,
    rel: *mut RelOptInfo,
) {
    // SAFETY: as promised by the caller; the planner holds a lock on the table.
    unsafe {
        const UNSET: i32 = -1;
        let least = pg_sys::min_parallel_table_scan_size.max(1).unsigned_abs();
        // A table with a setting of its own, or large enough by itself, is
        // the user's and the planner's business.
        let undecided = (*rel).rel_parallel_workers == UNSET && (*rel).pages < least;
        if undecided && !has_children && CONVERTS.get() == planned(root) {
            let pages = toast_pages(table);
            if pages >= least {
                (*rel).rel_parallel_workers = workers(pages, least);
            }
        }
    }
}

/// As Postgres has it for tables: one for `least` pages, one more each time that
/// there are three times as many.
fn workers(pages: u32, least: u32) -> i32 {
    let times = (pages / least).max(1);
    1 + times.ilog(3) as i32
}

/// Pages of a table's TOAST table, if it has one.
///
/// # Safety
/// The caller holds a lock on the table.
unsafe fn toast_pages(table: Oid) -> u32 {
    const NO_LOCK: i32 = pg_sys::NoLock as i32;
    const SHARED: i32 = pg_sys::AccessShareLock as i32;
    // SAFETY: relations are opened and closed in pairs; an error in between ends
    // the transaction, which closes them.
    unsafe {
        let relation = pg_sys::table_open(table, NO_LOCK);
        let toast = (*(*relation).rd_rel).reltoastrelid;
        pg_sys::table_close(relation, NO_LOCK);
        if toast == pg_sys::InvalidOid {
            return 0;
        }
        let relation = pg_sys::table_open(toast, SHARED);
        let pages =
            pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::table_close(relation, SHARED);
        pages
    }
}

#[cfg(test)]
mod tests {
    use super::workers;

    #[test]
    fn workers_grow_as_postgres_has_them() {
        assert_eq!(workers(1024, 1024), 1);
        assert_eq!(workers(3071, 1024), 1);
        assert_eq!(workers(3072, 1024), 2);
        assert_eq!(workers(9 * 1024, 1024), 3);
        assert_eq!(workers(u32::MAX, 1), 21);
    }
}
