//! What survives: dumps, crashes, replication, full disks, little memory,
//! cancelled statements and load, each on clusters of its own.
//!
//! `make test` runs these, shortened, and `make soak` at full length. By hand,
//! with a server that has the extension installed, and one to upgrade from:
//!
//! ```sh
//! IMGSMLR_RS_BIN=/path/to/18/bin IMGSMLR_RS_OLDER_BIN=/path/to/15/bin \
//!     cargo test --features server_tests --test durability
//! ```

#[path = "../answers/mod.rs"]
mod answers;
mod bad_pages;
mod cancelled;
#[path = "../cluster/mod.rs"]
mod cluster;
mod crash;
#[path = "../../benches/data/mod.rs"]
mod data;
mod deadline;
mod disk_full;
mod dump;
mod exact;
mod files;
#[path = "../../benches/data/fingerprints.rs"]
mod fingerprints;
#[path = "../fixture/mod.rs"]
mod fixture;
mod flat;
mod held_back;
mod items;
mod knob;
mod large;
mod layout;
mod load;
mod logical;
mod marks;
#[path = "../server/memory.rs"]
mod memory;
mod pitr;
mod power;
#[path = "../server/random.rs"]
mod random;
mod replica;
mod servers;
mod short_of_memory;
