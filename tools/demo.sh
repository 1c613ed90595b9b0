#!/bin/sh
# demo.sh: the main job, start to end, in demo.work/: trigger files in, jobs
# started once each at the right moment, and why. Takes a few seconds.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh build demo
tools/build.sh
PATH=$PWD/build:$PATH

rm -rf demo.work
cp -R demo demo.work
cd demo.work
mkdir triggers

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
show() {
	printf '\033[32m$ %s\033[0m\n' "$*"
	sh -c "$*"
}

# wait_for SECONDS COMMAND: until it succeeds.
wait_for() {
	left=$(($1 * 10))
	until sh -c "$2" >/dev/null 2>&1; do
		left=$((left - 1))
		if [ "$left" -le 0 ]; then
			echo "demo: waited in vain for: $2" >&2
			tail -20 lakebeat.log >&2
			exit 1
		fi
		sleep 0.1
	done
}

say "Two jobs wait for three sensors. The feed is a CSV, the ACON is the original's."
show "cat heartbeat_sensor_control_table_data.csv"
show "lakebeat check"
show "lakebeat feed heartbeat_sensor_control_table_data.csv"

say "Lakebeat watches from here on; its log goes to lakebeat.log."
lakebeat run >lakebeat.log 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true' EXIT
wait_for 10 'grep -q ready lakebeat.log'

say "The shop's pipeline is done and writes its trigger file: one job starts, one waits."
show "lakebeat emit orders_landed"
wait_for 10 'lakebeat status --json | grep -q COMPLETED'
show "cat results/orders.txt"
show "lakebeat explain 666666666"

say "The currency rates arrive: the hard dependencies are met, the soft one does not block."
show "lakebeat emit fx_rates_landed"
wait_for 10 'test "$(lakebeat history --json | grep -c SUCCEEDED)" -ge 2'
show "cat results/revenue.txt"

say "The control table, as the original has it ..."
show "sqlite3 -box my_database.db 'select sensor_id, trigger_job_name, status, job_start_timestamp, job_end_timestamp from heartbeat_sensor'"
say "... and as lakebeat shows it"
show "lakebeat status"

say "Why did each job start, or not?"
show "lakebeat explain 555555555"
show "lakebeat explain 666666666"

say "Every run, with the files it consumed: each file once per job, no run twice"
show "lakebeat history --events"

kill -TERM "$daemon"
trap - EXIT
wait "$daemon"
say "Lakebeat has finished its beat and stopped. All of this is in demo.work/ to play with."
