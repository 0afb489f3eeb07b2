//! How many rows the planner may expect within a sphere: by its radius, from the values that
//! ANALYZE has kept of the column.

use crate::fingerprint::{FINGERPRINT_LEN, Fingerprint};
use crate::index::estimate::share_within;
use crate::index::geometry::{Coordinate, Point};
use crate::index::sphere::Sphere;
use crate::pg::call::{argument, v1};
use crate::pg::datum::Stored;
use crate::signature::{SIGNATURE_LEN, Signature};
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::pg_sys::{
    self, AttStatsSlot, Datum, FunctionCallInfo, List, Node, NodeTag, Oid, PlannerInfo,
    VariableStatData,
};
use pgrx::{FromDatum as _, is_a, pg_guard};
use std::ptr;

v1!(
    pg_finfo_signature_sphere_selectivity,
    pg_finfo_signature_sphere_join_selectivity,
    pg_finfo_fingerprint_sphere_selectivity,
    pg_finfo_fingerprint_sphere_join_selectivity,
);

/// Where nothing is known: one row in a thousand, as Postgres assumes of geometry.
const UNKNOWN: f64 = 0.001;
/// Of so many values every pair is looked at, where the centre is not known.
const IN_PAIRS: usize = 48;
/// Of so many of the most common values of two columns, too: of those that ANALYZE keeps by default.
const MOST_COMMON: usize = 128;

/// An estimator's functions for one type.
macro_rules! estimators {
    ($value:ty, $coordinate:ty, $length:expr; $restrict:ident $join:ident) => {
        /// `RESTRICT`: the share of rows within a sphere.
        ///
        /// # Safety
        /// Called by Postgres with (root, operator, arguments, relation).
        #[pg_guard]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $restrict(fcinfo: FunctionCallInfo) -> Datum {
            // SAFETY: as promised by the caller.
            unsafe { Datum::from(restrict::<$value, $coordinate, { $length }>(fcinfo).to_bits()) }
        }

        /// `JOIN`: the share of pairs.
        ///
        /// # Safety
        /// Called by Postgres with (root, operator, arguments, kind of join, join).
        #[pg_guard]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $join(fcinfo: FunctionCallInfo) -> Datum {
            // SAFETY: as promised by the caller.
            unsafe { Datum::from(join::<$value, $coordinate, { $length }>(fcinfo).to_bits()) }
        }
    };
}
estimators!(
    Signature, f32, SIGNATURE_LEN;
    signature_sphere_selectivity signature_sphere_join_selectivity
);
estimators!(
    Fingerprint, u8, FINGERPRINT_LEN;
    fingerprint_sphere_selectivity fingerprint_sphere_join_selectivity
);

/// # Safety
/// As the functions that call it.
unsafe fn restrict<T, C, const N: usize>(fcinfo: FunctionCallInfo) -> f64
where
    T: Stored + Point<C, N>,
    C: Coordinate,
    Sphere<T>: Stored,
{
    // SAFETY: as promised by the caller; the variable is filled in by Postgres.
    unsafe {
        let root = argument(fcinfo, 0).cast_mut_ptr::<PlannerInfo>();
        let operator = operator(fcinfo);
        let arguments = argument(fcinfo, 2).cast_mut_ptr::<List>();
        let relation = argument(fcinfo, 3).value() as i32;
        let mut column = VariableStatData::default();
        let mut other: *mut Node = ptr::null_mut();
        let mut on_left = false;
        if !pg_sys::get_restriction_variable(
            root,
            arguments,
            relation,
            &mut column,
            &mut other,
            &mut on_left,
        ) {
            return UNKNOWN;
        }
        let share = match Asked::<T>::of(other) {
            Asked::Nothing => Some(0.0),
            _ if !on_left => None,
            Asked::Anything => None,
            Asked::Radius(radius, center) => {
                share_of_pairs::<T, C, N>(root, &mut column, center, operator, radius)
            }
            Asked::Sphere(sphere) => Known::<T>::of(&mut column, operator).share::<C, N>(sphere),
        };
        release(&column);
        share.unwrap_or(UNKNOWN).clamp(0.0, 1.0)
    }
}

/// # Safety
/// As the functions that call it.
unsafe fn join<T, C, const N: usize>(fcinfo: FunctionCallInfo) -> f64
where
    T: Stored + Point<C, N>,
    C: Coordinate,
    Sphere<T>: Stored,
{
    // SAFETY: as promised by the caller; the variables are filled in by Postgres.
    unsafe {
        let root = argument(fcinfo, 0).cast_mut_ptr::<PlannerInfo>();
        let operator = operator(fcinfo);
        let arguments = argument(fcinfo, 2).cast_mut_ptr::<List>();
        let info = argument(fcinfo, 4).cast_mut_ptr::<pg_sys::SpecialJoinInfo>();
        let Some([_, sphere]) = two(arguments) else { return UNKNOWN };
        let sphere = pg_sys::estimate_expression_value(root, sphere);
        let mut columns = [VariableStatData::default(), VariableStatData::default()];
        let [column, other] = &mut columns;
        let mut reversed = false;
        pg_sys::get_join_variables(root, arguments, info, column, other, &mut reversed);
        let share = match Asked::<T>::of(sphere) {
            Asked::Radius(radius, center) => {
                share_of_pairs::<T, C, N>(root, column, center, operator, radius)
            }
            _ => None,
        };
        columns.iter().for_each(|column| release(column));
        share.unwrap_or(UNKNOWN).clamp(0.0, 1.0)
    }
}

/// The share of pairs of a row and a centre that are nearer than a radius, where the centre is another
/// column, a parameter, or whatever else.
///
/// # Safety
/// As the functions that call it; the column is filled in and not released yet.
unsafe fn share_of_pairs<T, C, const N: usize>(
    root: *mut PlannerInfo,
    column: &mut VariableStatData,
    center: *mut Node,
    operator: Oid,
    radius: f64,
) -> Option<f64>
where
    T: Stored + Point<C, N>,
    C: Coordinate,
{
    // SAFETY: as promised by the caller; the variable is filled in by Postgres. Its values are of the
    // type of the column, which a centre may not be: there is a sphere of a text, too.
    unsafe {
        let known = Known::<T>::of(column, operator);
        if pg_sys::exprType(center) != column.vartype {
            return known.share_of_pairs::<C, N>(radius);
        }
        let mut variable = VariableStatData::default();
        pg_sys::examine_variable(root, center, 0, &mut variable);
        let centers = Known::<T>::of(&mut variable, operator);
        release(&variable);
        known.share_around::<C, N>(&centers, radius)
    }
}

/// The operator that rows are to be estimated of.
///
/// # Safety
/// Called by an estimator.
unsafe fn operator(fcinfo: FunctionCallInfo) -> Oid {
    // SAFETY: as promised by the caller, the second argument is one.
    unsafe { Oid::from_datum(argument(fcinfo, 1), false) }.unwrap_or(pg_sys::InvalidOid)
}

/// # Safety
/// Filled in by Postgres, and not released yet.
unsafe fn release(column: &VariableStatData) {
    if let Some(free) = column.freefunc
        && !column.statsTuple.is_null()
    {
        // SAFETY: as promised by the caller; what a hook releases may raise an error.
        unsafe { pg_guard_ffi_boundary(|| free(column.statsTuple)) }
    }
}

/// Two arguments.
///
/// # Safety
/// A list of nodes, or none.
unsafe fn two(arguments: *mut List) -> Option<[*mut Node; 2]> {
    // SAFETY: as promised by the caller.
    unsafe {
        let two = !arguments.is_null() && (*arguments).length == 2;
        two.then(|| [0, 1].map(|place| (*(*arguments).elements.add(place)).ptr_value.cast()))
    }
}

/// What is known of a sphere before the query runs.
enum Asked<'a, T: 'static> {
    /// Null, in which there is nothing.
    Nothing,
    /// All of it.
    Sphere(&'a Sphere<T>),
    /// Its radius, as in a join, or where the centre is a parameter; and the centre, as it is written.
    Radius(f64, *mut Node),
    /// Nothing.
    Anything,
}

impl<T: Stored> Asked<'_, T>
where
    Sphere<T>: Stored,
{
    /// # Safety
    /// An expression of the sphere's type, made as simple as may be.
    unsafe fn of(sphere: *mut Node) -> Self {
        // SAFETY: as promised by the caller; nodes say what they are. Spheres are never
        // toasted.
        unsafe {
            if sphere.is_null() {
                return Asked::Anything;
            }
            if is_a(sphere, NodeTag::T_Const) {
                let value = &*sphere.cast::<pg_sys::Const>();
                return match value.constisnull {
                    true => Asked::Nothing,
                    false => Asked::Sphere(<Sphere<T> as Stored>::in_place(value.constvalue)),
                };
            }
            // sphere(center, radius)
            if is_a(sphere, NodeTag::T_FuncExpr) {
                let arguments = (*sphere.cast::<pg_sys::FuncExpr>()).args;
                if let Some([center, radius]) = two(arguments)
                    && is_a(radius, NodeTag::T_Const)
                    && (*radius.cast::<pg_sys::Const>()).consttype == pg_sys::FLOAT8OID
                {
                    let radius = &*radius.cast::<pg_sys::Const>();
                    return match f64::from_datum(radius.constvalue, radius.constisnull) {
                        None => Asked::Nothing,
                        Some(radius) => Asked::Radius(radius, center),
                    };
                }
            }
            Asked::Anything
        }
    }
}

/// What ANALYZE kept of a column.
struct Known<T> {
    /// Common values, and the share of rows that have each.
    common: Vec<(T, f64)>,
    /// Some of the other values, at equal steps of all in the order of the B-tree, and the
    /// share of rows that have one of these.
    others: Vec<T>,
    share_of_others: f64,
}

impl<T: Stored + Copy> Known<T> {
    /// # Safety
    /// Filled in by Postgres for a column of this type, and not released yet.
    unsafe fn of(column: &mut VariableStatData, operator: Oid) -> Self {
        let mut known = Known { common: Vec::new(), others: Vec::new(), share_of_others: 0.0 };
        // SAFETY: as promised by the caller; the tuple is of pg_statistic.
        unsafe {
            if column.statsTuple.is_null()
                || !pg_sys::statistic_proc_security_check(column, pg_sys::get_opcode(operator))
            {
                return known;
            }
            let statistic =
                pg_sys::GETSTRUCT(column.statsTuple).cast::<pg_sys::FormData_pg_statistic>();
            let nulls = f64::from((*statistic).stanullfrac);
            let with_numbers = pg_sys::ATTSTATSSLOT_VALUES | pg_sys::ATTSTATSSLOT_NUMBERS;
            slot(column, pg_sys::STATISTIC_KIND_MCV, with_numbers, |values: &[Datum], shares| {
                let values = values.iter().map(|&value| *T::in_place(value));
                known.common.extend(values.zip(shares.iter().copied().map(f64::from)));
            });
            let values_only = pg_sys::ATTSTATSSLOT_VALUES;
            slot(column, pg_sys::STATISTIC_KIND_HISTOGRAM, values_only, |values, _| {
                known.others.extend(values.iter().map(|&value| *T::in_place(value)));
            });
            let common: f64 = known.common.iter().map(|(_, share)| share).sum();
            known.share_of_others = (1.0 - nulls - common).max(0.0);
        }
        known
    }

    /// The share of rows within a sphere.
    fn share<C: Coordinate, const N: usize>(&self, sphere: &Sphere<T>) -> Option<f64>
    where
        T: Point<C, N>,
    {
        let inside = self.common.iter().filter(|(value, _)| sphere.holds(value));
        let common: f64 = inside.map(|(_, share)| share).sum();
        let distances = self.others.iter().map(|value| sphere.center.distance(value));
        let others = share_within(&mut distances.collect::<Vec<f64>>(), sphere.radius());
        match others {
            Some(others) => Some(common + self.share_of_others * others),
            None => (!self.common.is_empty()).then_some(common),
        }
    }

    /// The share of pairs of a row and a row of `centers` that are nearer than a radius. Equal rows
    /// make as many pairs as the square of their number: so those of common values are counted, and
    /// only for the others a value tells as much as another.
    fn share_around<C: Coordinate, const N: usize>(
        &self,
        centers: &Known<T>,
        radius: f64,
    ) -> Option<f64>
    where
        T: Point<C, N>,
    {
        let sample = self.share_of_pairs::<C, N>(radius);
        let [rows, around] = [self, centers].map(|known| known.common.iter().take(MOST_COMMON));
        let (mut near, mut counted) = (0.0, 0.0);
        for (center, share_of_centers) in around {
            for (value, share) in rows.clone() {
                let pairs = share * share_of_centers;
                counted += pairs;
                near += if center.distance(value) < radius { pairs } else { 0.0 };
            }
        }
        if counted <= 0.0 {
            return sample;
        }
        let [all_rows, all_centers] = [self, centers].map(|known| {
            known.share_of_others + known.common.iter().map(|(_, share)| share).sum::<f64>()
        });
        let others = (all_rows * all_centers - counted).max(0.0);
        Some(near + others * sample.unwrap_or(UNKNOWN))
    }

    /// The share of rows nearer than a radius to one of them.
    fn share_of_pairs<C: Coordinate, const N: usize>(&self, radius: f64) -> Option<f64>
    where
        T: Point<C, N>,
    {
        let values: Vec<&T> =
            self.others.iter().chain(self.common.iter().map(|(value, _)| value)).collect();
        let step = values.len().div_ceil(IN_PAIRS).max(1);
        let values: Vec<&T> = values.into_iter().step_by(step).collect();
        let mut distances = Vec::new();
        for (place, a) in values.iter().enumerate() {
            distances.extend(values.iter().skip(place + 1).map(|b| a.distance(b)));
        }
        share_within(&mut distances, radius)
    }
}

/// Calls `take` with the values and numbers of one kind of statistics, where there are any.
///
/// # Safety
/// The column has statistics.
unsafe fn slot(
    column: &VariableStatData,
    kind: u32,
    flags: u32,
    take: impl FnOnce(&[Datum], &[f32]),
) {
    let mut slot = AttStatsSlot::default();
    let any = pg_sys::InvalidOid;
    // SAFETY: as promised by the caller; Postgres gives as many as it says.
    unsafe {
        if !pg_sys::get_attstatsslot(&mut slot, column.statsTuple, kind as i32, any, flags as i32) {
            return;
        }
        take(of_length(slot.values, slot.nvalues), of_length(slot.numbers, slot.nnumbers));
        pg_sys::free_attstatsslot(&mut slot);
    }
}

/// # Safety
/// As many are there, or it is null.
unsafe fn of_length<'a, T>(first: *const T, count: i32) -> &'a [T] {
    match usize::try_from(count) {
        // SAFETY: as promised by the caller.
        Ok(count) if !first.is_null() => unsafe { std::slice::from_raw_parts(first, count) },
        _ => &[],
    }
}
