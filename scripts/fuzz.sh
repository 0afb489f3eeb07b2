#!/usr/bin/env bash
# make fuzz: coverage-guided fuzzing of the decode path for MINUTES (30), then
# 20,000 mutated files through a server's functions. Corpus and findings are kept
# under build/fuzz; a second run goes on where the first one ended. FORMAT=tif begins with
# fixtures of that extension alone, and keeps a corpus of its own.
. "$(dirname "$0")/setup.sh"
minutes=${MINUTES:-30}
work=$build/fuzz
target=x86_64-unknown-linux-gnu

setup_compilers
compiles_cxx || install_packages "libFuzzer is C++" g++ || exit 1
corpus=$work/corpus${FORMAT:+-$FORMAT}
seeds=$work/seeds${FORMAT:+-$FORMAT}
mkdir -p "$corpus" "$seeds" "$work"/{crashes,panics}

say "building the fuzzer"
# What cargo-fuzz does, on a stable compiler: coverage, and compared values. With a
# target named, build scripts go without.
sancov="-Cpasses=sancov-module -Ccodegen-units=1"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
	sancov+=" -Cllvm-args=-sanitizer-coverage-$option"
done
(cd fuzz && CARGO_TARGET_DIR=$work/target RUSTFLAGS="--cfg fuzzing $sancov" \
	cargo build --release --target $target)

find tests/fixtures/{images,formats,hostile,cases} -type f -name "*.${FORMAT:-}*" -size -64k -exec cp {} "$seeds/" \;
say "fuzzing ${FORMAT:-all formats} for $minutes minutes; findings go to $work/crashes and $work/panics"
# A file of a million pixels takes milliseconds: five seconds are a hang.
IMGSMLR_RS_PANICS=$work/panics "$work/target/$target/release/fuzz" \
	-max_total_time=$((60 * minutes)) -timeout=5 -rss_limit_mb=1024 -max_len=65536 \
	-artifact_prefix="$work/crashes/" -print_final_stats=1 \
	"$corpus" "$seeds" 2>&1 | tee "$work/log${FORMAT:+-$FORMAT}" | grep -E '^(caught|stat|Done|SUMMARY|a file)' || true
found=$(find "$work/crashes" -type f | wc -l)
caught=$(find "$work/panics" -type f | wc -l)
say "$found crashes, hangs or excesses; panics, caught, in $caught places"

setup_extension
giving_back fresh_cluster "$pg18" fuzz
say "20,000 mutated files through a server"
IMGSMLR_RS_SERVER="host=$socket user=postgres" IMGSMLR_RS_MUTATIONS=20000 \
	cargo test --features server_tests --test server -- --nocapture mutated_files
[ "$found" -eq 0 ]
