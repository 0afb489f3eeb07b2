//! A file's bytes through the decode path, as libFuzzer changes them.
//!
//! Findings are: a crash, a hang, and more memory than the formula says. A panic
//! in a codec is caught, as it is in production; the first file for each place
//! that panicked is kept in the folder that `IMGSMLR_RS_PANICS` names.

#![no_main]
// The modules come whole; only converting is called.
#![allow(dead_code, unused_imports)]

#[path = "../../tests/memory/counter.rs"]
mod counter;
#[path = "../../src/decode/mod.rs"]
mod decode;
#[path = "../../src/memory.rs"]
mod memory;
#[path = "../../src/pattern/mod.rs"]
mod pattern;
#[path = "../../src/picture/mod.rs"]
mod picture;

use decode::Limits;
use libfuzzer_sys::fuzz_target;
use pattern::convert::{self, Options};
use std::cell::RefCell;

#[global_allocator]
static COUNTER: counter::Counter = counter::Counter;

const LIMITS: Limits = Limits::of(1 << 20);
const ANY: Options = Options::DEFAULT;

thread_local! {
    static FILE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// In place of libFuzzer's hook, which aborts at the first panic.
fn keep_panics() {
    let folder = std::env::var("IMGSMLR_RS_PANICS").expect("IMGSMLR_RS_PANICS names a folder");
    std::panic::set_hook(Box::new(move |panic| {
        // The path from the crate's folder on: "tiff-0.11.3/src/decoder/mod.rs:1:2".
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let parts: Vec<&str> = place.split('/').collect();
        let from = parts.iter().position(|part| *part == "src").map_or(0, |at| at.max(1) - 1);
        let name = parts[from..].join("_").replace(':', "_");
        let path = std::path::Path::new(&folder).join(name);
        if !path.exists() {
            eprintln!("caught: {panic}");
            FILE.with_borrow(|file| std::fs::write(path, file).expect("the panic's file"));
        }
    }));
}

fuzz_target!(init: keep_panics(), |file: &[u8]| {
    FILE.with_borrow_mut(|kept| {
        kept.clear();
        kept.extend_from_slice(file);
    });
    let (_, peak) = counter::peak_of(usize::MAX, || {
        let _verdict = convert::pattern(file, ANY, LIMITS);
        let _verdict = decode::info(file, LIMITS);
    });
    if peak.exceeded > 0 || peak.asked as u64 > LIMITS.most_bytes(file.len() as u64) {
        eprintln!("a file of {} bytes: {peak:?}", file.len());
        std::process::abort();
    }
});
