#!/usr/bin/env bash
# make first-run: what `make demo` takes a newcomer who has what the README asks for: in a fresh clone
# of what is committed here, with an empty cargo home. Nothing of it stays.
set -euo pipefail
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
project=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /var/tmp/imgsmlr_rs-first-run.XXXXXX)
trap 'make --no-print-directory -C "$work/clone" demo-stop; rm -rf "$work"' EXIT

export PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$PATH CARGO_HOME=$work/cargo
unset CARGO_TARGET_DIR
mkdir "$CARGO_HOME"
git clone --quiet "$project" "$work/clone"
make --no-print-directory -C "$work/clone" demo | tee "$work/log"
awk '
	/^ *[0-9]+ s  download/ { downloads += $1 }
	/^ *[0-9]+ s  in all/ { all = $1 }
	END { printf "\nfirst run: %d s, of these %d s of downloads; %d s without\n", all, downloads, all - downloads }
' "$work/log"
