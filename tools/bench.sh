#!/bin/sh
# bench.sh [OPTION…]: build lakebeat as `make` does and measure it beside its yardsticks
# (docs/performance.md). Prints a table; all numbers are in build-bench/bench.json.
# Takes some minutes, some 1,100,000 files and 3 GB of memory. Options: --only a,c  --only s3
# --buckets 1000x10  --quick  --json; --help tells them all.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh build bench
tools/build.sh build-bench
exec /usr/bin/python3 -m bench.run build-bench "$@"
