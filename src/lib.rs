//! Similar-picture search inside PostgreSQL.
//!
//! Data flows one way: a file's bytes are [decoded](decode) into the rows of a
//! [`picture`], [resampled](resample) to 64×64 cells, turned to their
//! [`orientation`], reduced to one [`brightness`] each and transformed by the
//! Haar [`wavelet`] into a [`pattern`]; [`convert`] is all of that. From a
//! pattern 16 numbers are kept as the [`signature`], or 64 bits as the
//! [`phash`], and a [`view`] of it shows what is left of the picture. The index
//! arranges signatures along the axes of a [`rotation`], in a [`build_order`] of
//! its own and by the [`geometry`] of boxes; a [`sphere`] asks it for all within a
//! distance. [`text`] is how both types are
//! written and read, and [`memory`] is asked for before it is taken.
//!
//! None of these modules knows Postgres. `pg` is the one that does: it unpacks
//! datums, calls them, and packs the result.

pub mod average;
pub mod brightness;
pub mod build_order;
pub mod convert;
pub mod decode;
pub mod geometry;
pub mod memory;
pub mod orientation;
pub mod pattern;
pub mod phash;
pub mod picture;
pub mod resample;
pub mod rotation;
pub mod signature;
pub mod sphere;
pub mod text;
pub mod view;
pub mod wavelet;

mod pg;

pgrx::pg_module_magic!(name, version);

// The whole SQL surface, in load order.
pgrx::extension_sql_file!("../sql/types.sql", name = "types");
pgrx::extension_sql_file!("../sql/functions.sql", name = "functions", requires = ["types"]);
pgrx::extension_sql_file!("../sql/operators.sql", name = "operators", requires = ["functions"]);
pgrx::extension_sql_file!("../sql/comparison.sql", name = "comparison", requires = ["operators"]);
pgrx::extension_sql_file!("../sql/casts.sql", name = "casts", requires = ["comparison"]);
pgrx::extension_sql_file!("../sql/aggregates.sql", name = "aggregates", requires = ["casts"]);
pgrx::extension_sql_file!("../sql/gist.sql", name = "gist", requires = ["aggregates"], finalize);

/// What Postgres calls when it loads the library.
#[allow(non_snake_case)]
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::report::leave_out_stack_traces();
    pg::settings::define();
    pg::parallel::plan_by_size_of_pictures();
}
