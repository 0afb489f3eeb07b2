//! What a scan costs, for the planner.

use crate::index::kdtree::search::beyond_the_first_round;
use pgrx::pg_guard;
use pgrx::pg_sys::{self, Cost, GenericCosts, IndexPath, PlannerInfo, Selectivity};

/// Pages of boxes that are looked at before the first row comes out, and what that costs in
/// operators: Postgres' own figure for a page is 50 of them.
const OPERATORS_A_PAGE: f64 = 25.0;
/// Rows of a leaf and boxes of a page above, roughly.
const ROWS_A_LEAF: f64 = 100.0;
const BOXES_A_PAGE: f64 = 50.0;
/// To come to the page of one row, in the table or, for a scan of the index alone, once more in the
/// index: in order of distance each row is on another. Postgres counts each page once, where all of
/// them have room in memory.
const OPERATORS_A_ROW: f64 = 50.0;
/// More than any other plan.
const NEVER: f64 = 1e30;

/// `amcostestimate`: as Postgres does for any index, the way down to the first row, and what it takes
/// to give out many in order.
#[pg_guard]
#[allow(clippy::too_many_arguments)]
pub(super) unsafe extern "C-unwind" fn estimate(
    root: *mut PlannerInfo,
    path: *mut IndexPath,
    loop_count: f64,
    startup: *mut Cost,
    total: *mut Cost,
    selectivity: *mut Selectivity,
    correlation: *mut f64,
    pages: *mut f64,
) {
    // SAFETY: the planner's own arguments.
    unsafe {
        let mut costs = GenericCosts::default();
        pg_sys::genericcostestimate(root, path, loop_count, &mut costs);
        let leaves = ((*(*path).indexinfo).tuples.max(1.0) / ROWS_A_LEAF).max(1.0);
        let levels = 1.0 + (leaves.ln() / BOXES_A_PAGE.ln()).ceil().max(0.0);
        let descent = levels * OPERATORS_A_PAGE * pg_sys::cpu_operator_cost;
        // A second distance is not the index' own: better sorted by Postgres.
        let orders = (*path).indexorderbys;
        let orders = if orders.is_null() { 0 } else { (*orders).length };
        let many = if orders > 1 { NEVER } else { 0.0 };
        let in_order = if orders == 0 { 0.0 } else { in_order(root, path, costs.numIndexTuples) };
        *startup = costs.indexStartupCost + descent + many;
        *total = costs.indexTotalCost + descent + many + in_order;
        *selectivity = costs.indexSelectivity;
        *correlation = 0.0;
        *pages = costs.numIndexPages;
    }
}

/// What it takes to give out rows in order of distance, beyond what it would in any order: the first few
/// are had by the way, but who wants all of them had better sort. Each round looks at all rows again;
/// those that come out of it are sorted, as Postgres would, and looked up one by one.
///
/// # Safety
/// The planner's own arguments.
unsafe fn in_order(root: *mut PlannerInfo, path: *mut IndexPath, rows: f64) -> f64 {
    // SAFETY: as promised by the caller.
    let (operator, most, given) =
        unsafe { (pg_sys::cpu_operator_cost, (*root).limit_tuples, (*path).path.rows.max(1.0)) };
    // Of `rows`, so many are asked for, as other conditions leave `given` of them.
    let asked = if most < 0.0 { rows } else { rows * (most / given).min(1.0) };
    let (rounds, behind) = beyond_the_first_round(asked);
    if behind <= 0.0 {
        return 0.0;
    }
    let sorted = 2.0 * asked.log2() * behind;
    let cost = operator * (rounds * rows + sorted + OPERATORS_A_ROW * behind);
    // Of the total the planner takes the part that is asked for.
    cost * rows / asked
}
