//! An index and its table, opened for a function that users call by the index' name, and why some
//! indexes are refused.

use crate::pg::kdtree::pages::index_name;
use crate::pg::report;
use pgrx::pg_sys::{self, Oid, Relation};
use std::ffi::CStr;

/// Whoever opened a relation in this transaction has locked it to the transaction's end.
const LOCKED: i32 = pg_sys::NoLock as i32;

/// Which function asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::pg) enum Asks {
    /// `kdtree_check`.
    Check,
    /// `kdtree_pairs`.
    Pairs,
}

impl Asks {
    /// Its name.
    pub(in crate::pg) fn name(self) -> &'static str {
        match self {
            Asks::Check => "kdtree_check",
            Asks::Pairs => "kdtree_pairs",
        }
    }

    /// How it locks both relations.
    fn lock(self) -> i32 {
        match self {
            Asks::Check => pg_sys::ShareLock as i32,
            Asks::Pairs => pg_sys::AccessShareLock as i32,
        }
    }
}

/// Where the rows of an index without any are.
#[derive(Clone, Copy)]
pub(in crate::pg) enum Elsewhere {
    /// In the partitions of its table.
    Partitions,
    /// In the shards of a table of Citus, most of them on other servers.
    Shards,
}

/// An open index and its table.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) heap: Relation,
    pub(super) index: Relation,
}

impl Open {
    /// Opens an index of ours that has pages of its own here, and its table, which is locked
    /// before it as everywhere. Raises an error of any other.
    ///
    /// # Safety
    /// Whoever calls closes both, or leaves that to Postgres after an ERROR.
    pub(super) unsafe fn of(index: Oid, asks: Asks) -> Self {
        // SAFETY: the index is asked what it is when it is open.
        unsafe {
            let table = pg_sys::IndexGetRelation(index, true);
            if table == pg_sys::InvalidOid {
                report::not_a_kdtree(asks.name()).raise();
            }
            let standby = pg_sys::RecoveryInProgress();
            if standby && asks == Asks::Check {
                report::no_check_on_standby().raise();
            }
            let heap = pg_sys::table_open(table, asks.lock());
            let index = pg_sys::index_open(index, asks.lock());
            let handler = pg_sys::get_index_am_oid(c"kdtree".as_ptr(), false);
            let class = &*(*index).rd_rel;
            if class.relam != handler {
                report::not_a_kdtree(asks.name()).raise();
            }
            let elsewhere = |place| -> ! {
                let (index, table) = (index_name(index), quoted_name(heap));
                report::rows_elsewhere(&index, &table, place, asks).raise()
            };
            if class.relkind as u8 == pg_sys::RELKIND_PARTITIONED_INDEX {
                elsewhere(Elsewhere::Partitions);
            }
            if standby && class.relpersistence as u8 == pg_sys::RELPERSISTENCE_UNLOGGED {
                report::unlogged_on_standby(&index_name(index)).raise();
            }
            if is_distributed(table) {
                elsewhere(Elsewhere::Shards);
            }
            Open { heap, index }
        }
    }

    /// Whether the index was not left half made.
    pub(super) fn is_valid(self) -> bool {
        // SAFETY: an open index has its row of pg_index with it.
        unsafe { (*(*self.index).rd_index).indisvalid }
    }

    /// Whether the index may be younger than some version of a row that it leads to, and that is
    /// seen by a snapshot for which no transaction from `horizon` on has ended.
    pub(super) fn is_too_young(self, horizon: pg_sys::TransactionId) -> bool {
        // SAFETY: as above.
        unsafe {
            let made = pg_sys::HeapTupleHeaderGetXmin((*(*self.index).rd_indextuple).t_data);
            (*(*self.index).rd_index).indcheckxmin && !pg_sys::TransactionIdPrecedes(made, horizon)
        }
    }

    /// Closes both, which stay locked to the end of the transaction.
    ///
    /// # Safety
    /// Nobody uses them any more.
    pub(super) unsafe fn close(self) {
        // SAFETY: open.
        unsafe {
            pg_sys::index_close(self.index, LOCKED);
            pg_sys::table_close(self.heap, LOCKED);
        }
    }
}

/// A table's name with its schema, as one writes it in a query.
///
/// # Safety
/// It is open.
unsafe fn quoted_name(table: Relation) -> String {
    // SAFETY: as promised by the caller; both functions give C strings.
    unsafe {
        let class = &*(*table).rd_rel;
        let schema = pg_sys::get_namespace_name(class.relnamespace);
        let name = pg_sys::quote_qualified_identifier(schema, class.relname.data.as_ptr());
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Whether Citus keeps a table's rows in shards: the table itself is empty then. Citus notes such
/// tables in one of its own.
///
/// # Safety
/// Reads the catalogs.
unsafe fn is_distributed(table: Oid) -> bool {
    const LOCK: i32 = pg_sys::AccessShareLock as i32;
    const EQUAL: u16 = pg_sys::BTEqualStrategyNumber as u16;
    // SAFETY: one key, of the type that is compared; all that is opened is closed.
    unsafe {
        let catalog = Oid::from(pg_sys::PG_CATALOG_NAMESPACE);
        let tables = pg_sys::get_relname_relid(c"pg_dist_partition".as_ptr(), catalog);
        if tables == pg_sys::InvalidOid {
            return false;
        }
        let column = pg_sys::get_attnum(tables, c"logicalrelid".as_ptr());
        if i32::from(column) == pg_sys::InvalidAttrNumber as i32 {
            return false;
        }
        let tables = pg_sys::table_open(tables, LOCK);
        let mut key = pg_sys::ScanKeyData::default();
        let equal = Oid::from(pg_sys::F_OIDEQ);
        pg_sys::ScanKeyInit(&raw mut key, column, EQUAL, equal, table.into());
        let (none, snapshot) = (pg_sys::InvalidOid, std::ptr::null_mut());
        let scan = pg_sys::systable_beginscan(tables, none, false, snapshot, 1, &raw mut key);
        let found = !pg_sys::systable_getnext(scan).is_null();
        pg_sys::systable_endscan(scan);
        pg_sys::table_close(tables, LOCK);
        found
    }
}
