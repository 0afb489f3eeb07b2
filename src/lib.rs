//! Similar-picture search inside PostgreSQL.
//!
//! Data flows one way, from floor to floor: a file's bytes are [decoded](decode) into the
//! rows of a [`picture`], which are averaged to 64×64 values of brightness; their Haar
//! transform is the [`pattern`]. What is kept of a pattern to search by is its
//! [`fingerprint`], 32 bytes, or its [`signature`], 16 numbers. The [`index`] arranges
//! these so that the nearest are found exactly. Beside the floors, [`text`] is how values are written and read, and [`memory`]
//! is asked for before it is taken.
//!
//! None of these modules knows Postgres. `pg` is the one that does: it unpacks
//! datums, calls them, and packs the result.

// The pgrx of PostgreSQL 19, by the name that its macros and `pg` know it by.
#[cfg(feature = "pgrx_next")]
extern crate pgrx_next as pgrx;
#[cfg(all(feature = "pgrx", feature = "pgrx_next"))]
compile_error!("one version of PostgreSQL at a time: build with --no-default-features");

pub mod decode;
pub mod fingerprint;
pub mod index;
pub mod memory;
pub mod pattern;
pub mod picture;
pub mod signature;
pub mod text;

mod pg;

pgrx::pg_module_magic!(name, version);

// The whole SQL surface, in load order.
pgrx::extension_sql_file!("../sql/types.sql", name = "types");
pgrx::extension_sql_file!("../sql/functions.sql", name = "functions", requires = ["types"]);
pgrx::extension_sql_file!("../sql/operators.sql", name = "operators", requires = ["functions"]);
pgrx::extension_sql_file!("../sql/comparison.sql", name = "comparison", requires = ["operators"]);
pgrx::extension_sql_file!("../sql/casts.sql", name = "casts", requires = ["comparison"]);
pgrx::extension_sql_file!("../sql/aggregates.sql", name = "aggregates", requires = ["casts"]);
pgrx::extension_sql_file!(
    "../sql/fingerprint.sql",
    name = "fingerprint",
    requires = ["aggregates"]
);
pgrx::extension_sql_file!("../sql/gist.sql", name = "gist", requires = ["fingerprint"]);
pgrx::extension_sql_file!("../sql/kdtree.sql", name = "kdtree", requires = ["gist"], finalize);

/// What Postgres calls when it loads the library.
#[allow(non_snake_case)]
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::report::leave_out_stack_traces();
    pg::settings::define();
    pg::kdtree::define_options();
    pg::parallel::plan_by_size_of_pictures();
}
