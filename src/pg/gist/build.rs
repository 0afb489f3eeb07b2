//! How a build of the index is sorted: the glue between Postgres' sort and
//! [`crate::index::build_order`].
//!
//! Postgres offers each row to an "abbreviation" function as it takes it in, and
//! compares only when it has them all or its memory is full. That is how the rows
//! are seen before there is an order: until then a row's abbreviation is its
//! number, and the first comparison finds the cell of each; afterwards it is the
//! cell itself.

use crate::index::build_order::{BuildOrder, Packing, Sample};
use crate::index::geometry::{Coordinate, Point};
use crate::pg::datum::Varlena;
use crate::pg::{report, version};
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys;
use pgrx::pg_sys::{Datum, FunctionCallInfo, SortSupport};
use std::ffi::c_int;
use std::panic::AssertUnwindSafe;

/// What one sort knows.
enum Build<P, C, const N: usize> {
    /// Rows are still coming in.
    Gathering(Sample<P, C, N>),
    /// The order is known, and the cells of the rows gathered.
    Ordered(BuildOrder<C, N>, Vec<u32>),
}

/// Marks an abbreviation that is a cell, not a row's number.
const CELL: usize = 1 << 32;

impl<P: Point<C, N>, C: Coordinate, const N: usize> Build<P, C, N> {
    /// How the rows will be packed.
    const PACKING: Packing = version::packing(P::LEAF_CAPACITY, P::INNER_CAPACITY);

    /// The order, found now if it was not.
    fn order(&mut self, whole: bool) -> (&BuildOrder<C, N>, &[u32]) {
        if let Build::Gathering(sample) = self {
            let nothing = Sample::new(0, Self::PACKING);
            match std::mem::replace(sample, nothing).into_order(whole) {
                Ok((order, cells)) => *self = Build::Ordered(order, cells),
                Err(_) => report::no_memory_to_build(),
            }
        }
        match self {
            Build::Ordered(order, cells) => (order, cells),
            Build::Gathering(_) => unreachable!("ordered just now"),
        }
    }

    fn abbreviation(&mut self, row: &P) -> usize {
        match self {
            Build::Gathering(sample) => {
                let Ok(number) = sample.push(row) else { report::no_memory_to_build() };
                if sample.is_full() {
                    self.order(false);
                }
                number as usize
            }
            Build::Ordered(order, _) => CELL | order.cell(row) as usize,
        }
    }
}

/// Sets up the sort of a build.
///
/// # Safety
/// Called by GiST with (SortSupport).
pub(super) unsafe fn sortsupport<P: Point<C, N>, C: Coordinate, const N: usize>(
    fcinfo: FunctionCallInfo,
) -> Datum {
    // SAFETY: one argument, a SortSupport that lives as long as the sort; the
    // build is dropped with its memory context.
    unsafe {
        let sort = (*(*fcinfo).args.as_ptr()).value.cast_mut_ptr::<pg_sys::SortSupportData>();
        // The sort itself takes up to maintenance_work_mem; half as much again.
        let bytes = pg_sys::maintenance_work_mem.max(1) as usize * 1024 / 2;
        let sample = Sample::new(bytes, Build::<P, C, N>::PACKING);
        let mut context = PgMemoryContexts::For((*sort).ssup_cxt);
        let build = Build::<P, C, N>::Gathering(sample);
        (*sort).ssup_extra = context.leak_and_drop_on_delete(build).cast();
        (*sort).comparator = Some(compare_rows::<P, C, N>);
        if (*sort).abbreviate {
            (*sort).comparator = Some(compare_abbreviations::<P, C, N>);
            (*sort).abbrev_converter = Some(abbreviate::<P, C, N>);
            (*sort).abbrev_abort = Some(never_abort);
            (*sort).abbrev_full_comparator = Some(compare_rows::<P, C, N>);
        }
    }
    Datum::from(0)
}

/// The row in a datum.
///
/// # Safety
/// The datum is a leaf's key, and lives as long as `'a`.
unsafe fn row<'a, P>(datum: Datum) -> &'a P {
    // SAFETY: as promised by the caller; keys are never toasted.
    unsafe { &(*datum.cast_mut_ptr::<Varlena<P>>()).value }
}

/// The sort's build.
///
/// # Safety
/// `sort` was set up by [`sortsupport`] for the same type.
unsafe fn build<'a, P, C, const N: usize>(sort: SortSupport) -> &'a mut Build<P, C, N> {
    // SAFETY: `ssup_extra` is the build that was put there, and lives as long
    // as the sort; Postgres calls one function of it at a time.
    unsafe { &mut *(*sort).ssup_extra.cast::<Build<P, C, N>>() }
}

// Guards, as #[pg_guard] makes them; it does not know functions over types.

unsafe extern "C-unwind" fn abbreviate<P: Point<C, N>, C: Coordinate, const N: usize>(
    original: Datum,
    sort: SortSupport,
) -> Datum {
    // SAFETY: a sort of ours, and one of its rows.
    guarded(|| unsafe { Datum::from(build::<P, C, N>(sort).abbreviation(row(original))) })
}

unsafe extern "C-unwind" fn never_abort(_rows: c_int, _sort: SortSupport) -> bool {
    false
}

unsafe extern "C-unwind" fn compare_abbreviations<P: Point<C, N>, C: Coordinate, const N: usize>(
    a: Datum,
    b: Datum,
    sort: SortSupport,
) -> c_int {
    guarded(|| {
        // SAFETY: a sort of ours.
        let (_, cells) = unsafe { build::<P, C, N>(sort) }.order(true);
        let cell = |abbreviation: usize| match abbreviation & CELL {
            0 => cells.get(abbreviation).copied().unwrap_or(0),
            _ => abbreviation as u32,
        };
        cell(a.value()).cmp(&cell(b.value())) as c_int
    })
}

unsafe extern "C-unwind" fn compare_rows<P: Point<C, N>, C: Coordinate, const N: usize>(
    a: Datum,
    b: Datum,
    sort: SortSupport,
) -> c_int {
    guarded(|| {
        // SAFETY: a sort of ours, and two of its rows.
        let ((order, _), a, b) =
            unsafe { (build::<P, C, N>(sort).order(true), row::<P>(a), row::<P>(b)) };
        order.cell(a).cmp(&order.cell(b)) as c_int
    })
}

/// Has a panic in `work` end as an ERROR.
fn guarded<R: Copy>(work: impl FnOnce() -> R) -> R {
    // SAFETY: called by Postgres, on its only thread.
    unsafe { pgrx::pg_sys::panic::pgrx_extern_c_guard(AssertUnwindSafe(work)) }
}
