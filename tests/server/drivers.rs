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

#[test]
fn psycopg_loses_no_bit() {
    // `make test` sets up a Python that has psycopg 3 and names it.
    let Ok(python) = std::env::var("IMGSMLR_RS_PYTHON") else {
        println!("IMGSMLR_RS_PYTHON names no Python with psycopg: nothing to test");
        return;
    };
    let database = Database::create("drivers_psycopg");
    let server = std::env::var("IMGSMLR_RS_SERVER").expect("a server");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/psycopg_driver.py");
    let output = Command::new(python)
        .args([script, &format!("{server} dbname={}", database.name())])
        .output()
        .expect("Python");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1000 signatures and 10 patterns, not a bit lost"), "{said}");
}
