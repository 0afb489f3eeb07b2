//! libjpeg-turbo's own programs.

use crate::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a program to its end and returns what it prints.
fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output()?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{command:?} failed").into())
    }
}

/// Decodes a file, its picture thrown away.
pub fn decode(path: &Path) -> Result<()> {
    run(Command::new("djpeg").args(["-outfile", "/dev/null"]).arg(path)).map(drop)
}

/// Decodes a file at a scale, as a PPM file.
pub fn decode_at(path: &Path, scale: &str) -> Result<Vec<u8>> {
    run(Command::new("djpeg").args(["-ppm", "-scale", scale]).arg(path))
}

/// Encodes a PPM file.
pub fn encode(ppm: &Path, flags: &[&str], to: &Path) -> Result<()> {
    run(Command::new("cjpeg").args(flags).arg("-outfile").args([to, ppm])).map(drop)
}
