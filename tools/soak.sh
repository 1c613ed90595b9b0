#!/bin/sh
# soak.sh [SECONDS]: simulated worlds that nobody has seen yet, one process a processor,
# until it is stopped (Ctrl-C) or for so long. The first broken promise ends it, with the
# line that shows it again; each process tells now and then what it has lived through.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh build test
tools/build.sh build-soak -Dtests=enabled --buildtype=release
sim=build-soak/tests/sim/sim
pids=
trap 'kill $pids 2>/dev/null || true' INT TERM
first=$(date +%s)000000
processor=0
while [ "$processor" -lt "$(nproc)" ]; do
	# Seeds far apart, so that no world is lived through twice.
	"$sim" --soak --first "$((first + processor * 100000000000000))" &
	pids="$pids $!"
	processor=$((processor + 1))
done
if [ $# -gt 0 ]; then
	sleep "$1"
	kill $pids 2>/dev/null || true
fi
status=0
for pid in $pids; do
	wait "$pid" || {
		status=1
		kill $pids 2>/dev/null || true
	}
done
exit "$status"
