//! The access method `kdtree`: what Postgres calls, one verb a file. What a page holds and
//! how it is searched, cut and split is in [`crate::index::kdtree`].

mod ahead;
mod build;
mod check;
mod cost;
mod insert;
mod known;
mod loops;
mod nulls;
pub(super) mod open;
mod options;
mod pages;
mod pairs;
mod rows;
mod scan;
mod vacuum;
mod validate;
mod workers;

pub(crate) use options::define as define_options;

use crate::index::kdtree::fingerprints::Fingerprints;
use crate::index::kdtree::kind::Kind as _;
use crate::index::kdtree::signatures::Signatures;
use crate::pg::call::v1;
use crate::pg::version;
use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, IndexAmRoutine, Relation};

v1!(pg_finfo_kdtree_handler, pg_finfo_kdtree_signature, pg_finfo_kdtree_fingerprint);

/// Strategies of an operator class: its distance to order by, and its sphere to search in.
const STRATEGIES: u16 = 2;
const DISTANCE: u16 = 1;
const SPHERE: u16 = 2;
/// Support functions: which kind of rows the class is of.
const FUNCTIONS: u16 = 1;
const KIND: u16 = 1;

const SIGNATURES: u8 = Signatures::NUMBER;
const FINGERPRINTS: u8 = Fingerprints::NUMBER;

/// What the access method can do, and who does it.
///
/// # Safety
/// Called by Postgres with (internal).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn kdtree_handler(_fcinfo: FunctionCallInfo) -> Datum {
    let routine = IndexAmRoutine {
        type_: pg_sys::NodeTag::T_IndexAmRoutine,
        amstrategies: STRATEGIES,
        amsupport: FUNCTIONS,
        amcanorderbyop: true,
        amoptionalkey: true,
        amsearchnulls: true,
        amparallelvacuumoptions: (pg_sys::VACUUM_OPTION_PARALLEL_BULKDEL
            | pg_sys::VACUUM_OPTION_PARALLEL_COND_CLEANUP) as u8,
        amkeytype: pg_sys::InvalidOid,
        ambuild: Some(build::build),
        ambuildempty: Some(build::build_empty),
        aminsert: Some(insert::insert),
        ambulkdelete: Some(vacuum::bulk_delete),
        amvacuumcleanup: Some(vacuum::clean_up),
        amcanreturn: Some(scan::can_return),
        amcostestimate: Some(cost::estimate),
        amoptions: Some(options::read),
        ambuildphasename: Some(build::phase_name),
        amvalidate: Some(validate::validate),
        ambeginscan: Some(scan::begin),
        amrescan: Some(scan::rescan),
        amgettuple: Some(scan::next),
        amgetbitmap: Some(scan::bitmap),
        amendscan: Some(scan::end),
        ..Default::default()
    };
    version::routine(routine)
}

/// The kind of rows of an operator class.
///
/// # Safety
/// Called by Postgres without arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn kdtree_signature(_fcinfo: FunctionCallInfo) -> Datum {
    Datum::from(i16::from(Signatures::NUMBER))
}

/// The kind of rows of an operator class.
///
/// # Safety
/// Called by Postgres without arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn kdtree_fingerprint(_fcinfo: FunctionCallInfo) -> Datum {
    Datum::from(i16::from(Fingerprints::NUMBER))
}

/// Blocks of an index or a table.
///
/// # Safety
/// It is open, and a table one of Postgres' own kind.
unsafe fn block_count(relation: Relation) -> u32 {
    const MAIN: pg_sys::ForkNumber::Type = pg_sys::ForkNumber::MAIN_FORKNUM;
    // SAFETY: as promised by the caller.
    unsafe { pg_sys::RelationGetNumberOfBlocksInFork(relation, MAIN) }
}

/// The number of the kind of rows that an index is of, as its operator class says.
///
/// # Safety
/// The index is open.
unsafe fn kind(index: Relation) -> u8 {
    // SAFETY: as promised by the caller; the class has this function.
    unsafe {
        let function = pg_sys::index_getprocid(index, 1, KIND);
        pg_sys::OidFunctionCall0Coll(function, pg_sys::InvalidOid).value() as u8
    }
}

/// Calls a function that is generic over [`rows::Rows`] for the kind of an index.
macro_rules! of_kind {
    ($index:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let kind = $crate::pg::kdtree::kind($index);
        if kind == $crate::pg::kdtree::FINGERPRINTS {
            $function::<$crate::index::kdtree::fingerprints::Fingerprints>($($argument),*)
        } else if kind == $crate::pg::kdtree::SIGNATURES {
            $function::<$crate::index::kdtree::signatures::Signatures>($($argument),*)
        } else {
            $crate::pg::report::unknown_kind(kind)
        }
    }};
}
use of_kind;
