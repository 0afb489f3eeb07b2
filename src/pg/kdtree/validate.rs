//! Whether an operator class is one that this access method can use.

use crate::pg::kdtree::{DISTANCE, FUNCTIONS, KIND, SPHERE};
use crate::pg::report;
use pgrx::pg_guard;
use pgrx::pg_sys::{
    self, FormData_pg_amop, FormData_pg_amproc, FormData_pg_opclass, HeapTuple, Oid,
    SysCacheIdentifier, catclist,
};

/// `amvalidate`. What is wrong is told as INFO.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn validate(class: Oid) -> bool {
    // SAFETY: catalog rows are read while their cache entries are held.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(SysCacheIdentifier::CLAOID as _, class.into());
        if tuple.is_null() {
            report::no_operator_class(class).raise();
        }
        let form = *pg_sys::GETSTRUCT(tuple).cast::<FormData_pg_opclass>();
        pg_sys::ReleaseSysCache(tuple);
        let (family, input) = (form.opcfamily, form.opcintype);

        let mut sound = true;
        let mut wrong = |what: &str| {
            sound = false;
            report::unsound_operator_class(class, what).inform();
        };
        if form.opckeytype != pg_sys::InvalidOid && form.opckeytype != input {
            wrong("stores another type than it indexes");
        }
        let (mut distance, mut sphere, mut kind) = (false, false, false);
        each_member(SysCacheIdentifier::AMOPSTRATEGY, family, |tuple| {
            let operator = &*pg_sys::GETSTRUCT(tuple).cast::<FormData_pg_amop>();
            let order = operator.amoppurpose as u8 == b'o';
            let own = operator.amoplefttype == input;
            match u16::try_from(operator.amopstrategy).unwrap_or(0) {
                DISTANCE if order && returns(operator.amopopr, pg_sys::FLOAT8OID) => {
                    distance |= own && operator.amoprighttype == input;
                }
                SPHERE if !order && returns(operator.amopopr, pg_sys::BOOLOID) => sphere |= own,
                DISTANCE | SPHERE => wrong("has an operator of the wrong purpose or result"),
                _ => wrong("has an operator of a strategy that there is not"),
            }
        });
        each_member(SysCacheIdentifier::AMPROCNUM, family, |tuple| {
            let function = &*pg_sys::GETSTRUCT(tuple).cast::<FormData_pg_amproc>();
            match u16::try_from(function.amprocnum).unwrap_or(0) {
                KIND if gives_kind(function.amproc) => {
                    kind |= function.amproclefttype == input && function.amprocrighttype == input;
                }
                1..=FUNCTIONS => wrong("has a support function of the wrong arguments or result"),
                _ => wrong("has a support function that there is not"),
            }
        });
        if !(distance && sphere) {
            wrong("lacks an operator");
        }
        if !kind {
            wrong("lacks its support function");
        }
        sound
    }
}

/// Calls `each` with every catalog row of a family's.
///
/// # Safety
/// The cache is one of an operator family's members.
unsafe fn each_member(
    cache: SysCacheIdentifier::Type,
    family: Oid,
    mut each: impl FnMut(HeapTuple),
) {
    // SAFETY: as promised by the caller. The list is held while its rows are read.
    unsafe {
        let none = pg_sys::Datum::null();
        let list: *mut catclist =
            pg_sys::SearchSysCacheList(cache as _, 1, family.into(), none, none);
        let members = (*list).members.as_slice((*list).n_members.max(0) as usize);
        for &member in members {
            each(&raw mut (*member).tuple);
        }
        pg_sys::ReleaseCatCacheList(list);
    }
}

/// # Safety
/// Reads the catalogs.
unsafe fn returns(operator: Oid, wanted: Oid) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { pg_sys::get_func_rettype(pg_sys::get_opcode(operator)) == wanted }
}

/// # Safety
/// Reads the catalogs.
unsafe fn gives_kind(function: Oid) -> bool {
    // SAFETY: as promised by the caller.
    unsafe {
        pg_sys::get_func_rettype(function) == pg_sys::INT2OID
            && pg_sys::get_func_nargs(function) == 0
    }
}
