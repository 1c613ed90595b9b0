#!/bin/sh
# workspace.sh [OPTION…]: build the stand-in for a Databricks workspace and run it until Ctrl-C
# (docs/try-databricks.md). Options are those of the program; --help tells them. Without any it
# listens at port 8080 and has the demo's two jobs.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh build workspace
directory=build-workspace
if [ ! -f "$directory/build.ninja" ]; then
	log=$(mktemp)
	meson setup "$directory" >"$log" 2>&1 || {
		cat "$log" >&2
		rm -f "$log"
		exit 1
	}
	rm -f "$log"
fi
program=tests/support/workspace/workspace
ninja -C "$directory" --quiet "$program"
if [ $# -eq 0 ]; then
	set -- --port 8080 --control-port 8081 --job 555555555=orders-consumer_job \
		--job 666666666=revenue_job
fi
exec "$directory/$program" "$@"
