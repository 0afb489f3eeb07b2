//! Our types as binary parameters of other people's drivers.

#[path = "../../examples/driver/values.rs"]
mod values;

use crate::data::Random;
use crate::database::Database;
use crate::random::Draw;
use std::process::Command;
use values::Signature;

#[test]
fn the_rust_driver_loses_no_bit() {
    let mut database = Database::create("drivers_rust");
    let mut random = Random(5);
    for _ in 0..200 {
        let sent = Signature(std::array::from_fn(|_| random.finite_bits()));
        let row = database.client.query_one("SELECT $1::signature", &[&sent]).expect("a row");
        let received: Signature = row.get(0);
        assert_eq!(received.0.map(f32::to_bits), sent.0.map(f32::to_bits));
    }
}

/// What a script in Python says, of this project and with a database of its own.
fn python(script: &str, database: &Database) -> Option<String> {
    // `make test` sets up a Python that has psycopg 2 and 3 and names it.
    let Ok(python) = std::env::var("IMGSMLR_RS_PYTHON") else {
        println!("IMGSMLR_RS_PYTHON names no Python with psycopg: nothing to test");
        return None;
    };
    let server = std::env::var("IMGSMLR_RS_SERVER").expect("a server");
    let output = Command::new(python)
        .arg(format!("{}/{script}", env!("CARGO_MANIFEST_DIR")))
        .arg(format!("{server} dbname={}", database.name()))
        .output()
        .expect("Python");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[test]
fn psycopg_loses_no_bit() {
    let database = Database::create("drivers_psycopg");
    if let Some(said) = python("examples/psycopg_driver.py", &database) {
        assert!(said.contains("1000 signatures and 10 patterns, not a bit lost"), "{said}");
    }
}

#[test]
fn lists_are_sent_as_they_come() {
    let mut database = Database::create("drivers_lists");
    if let Some(said) = python("tests/server/lists.py", &database) {
        assert!(said.contains("psycopg2: 4 lists") && said.contains("psycopg: 5 lists"), "{said}");
        let rows = "SELECT count(*) || ' ' || count(sig) FROM t";
        assert_eq!(database.value(rows).as_deref(), Some("9 9"));
    }
}
