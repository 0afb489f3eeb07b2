//! What a scan costs, for the planner.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Cost, GenericCosts, IndexPath, PlannerInfo, Selectivity};

/// Pages of boxes that are looked at before the first row comes out, and what that costs in
/// operators: Postgres' own figure for a page is 50 of them.
const OPERATORS_A_PAGE: f64 = 25.0;
/// Rows of a leaf and boxes of a page above, roughly.
const ROWS_A_LEAF: f64 = 100.0;
const BOXES_A_PAGE: f64 = 50.0;
/// More than any other plan.
const NEVER: f64 = 1e30;

/// `amcostestimate`: as Postgres does for any index, and the way down to the first row.
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
        let many = if !orders.is_null() && (*orders).length > 1 { NEVER } else { 0.0 };
        *startup = costs.indexStartupCost + descent + many;
        *total = costs.indexTotalCost + descent + many;
        *selectivity = costs.indexSelectivity;
        *correlation = 0.0;
        *pages = costs.numIndexPages;
    }
}
