//! Tests against a real server, over a real connection.
//!
//! `make test` starts the servers and runs these on each. By hand, with a
//! server that has the extension installed and a superuser to connect as:
//!
//! ```sh
//! IMGSMLR_RS_SERVER="host=/tmp user=postgres" IMGSMLR_RS_PSQL=/path/to/18/bin/psql \
//!     cargo test --features server_tests --test server
//! ```

#[path = "../answers/mod.rs"]
mod answers;
mod bad_input;
#[path = "../cluster/mod.rs"]
mod cluster;
#[path = "../../benches/data/mod.rs"]
mod data;
mod database;
#[path = "../durability/deadline.rs"]
mod deadline;
mod docs;
mod drivers;
mod drop_in;
mod duplicates;
mod fingerprint;
#[path = "../../benches/data/fingerprints.rs"]
mod fingerprints;
#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../fixture/text.rs"]
mod fixture_text;
mod golden;
mod hnsw;
#[path = "../hostile/mod.rs"]
mod hostile;
mod hostile_files;
mod kdtree;
mod knn;
#[path = "../documents/markdown.rs"]
mod markdown;
mod memory;
mod migration;
mod pairs_workers;
mod partitions;
mod photos;
mod pictures;
mod privileges;
mod random;
mod round_trip;
mod search_path;
mod settings;
mod several_servers;
mod tutorial;
mod types;
mod upgrade;
