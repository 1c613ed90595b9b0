#!/bin/sh
# fuzz.sh SECONDS [FUZZER…]: run each fuzzer of tests/fuzz for so long, two side by side on
# each processor.
# Prints a line of TAP for each: executions, how many a second, edges covered, inputs
# kept. What it finds is left in build-fuzz/finds, with the line that shows it again; new
# inputs that reach new code are kept in FUZZ_CORPUS (default build-fuzz/corpus), outside
# of the repository.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: tools/fuzz.sh SECONDS [FUZZER…]}
shift
tools/install.sh build test
CC=clang tools/build.sh build-fuzz -Dtests=enabled -Dfuzzers=true -Db_lundef=false \
	-Db_sanitize=address,undefined
corpus=${FUZZ_CORPUS:-$PWD/build-fuzz/corpus}
finds=$PWD/build-fuzz/finds
mkdir -p "$corpus" "$finds"
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(ls tests/fuzz/corpus)

# fuzz NAME: one fuzzer; its log becomes finds/NAME.log.
fuzz() {
	mkdir -p "$corpus/$1"
	dictionary=
	[ ! -f "tests/fuzz/$1.dict" ] || dictionary=-dict=tests/fuzz/$1.dict
	status=0
	# shellcheck disable=SC2086
	build-fuzz/tests/fuzz/fuzz_"$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 $dictionary -artifact_prefix="$finds/$1-" "$corpus/$1" \
		"tests/fuzz/corpus/$1" </dev/null >"$finds/$1.log" 2>&1 || status=$?
	echo "$status" >"$finds/$1.status"
}

report() {
	log=$finds/$2.log
	executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
	edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
	inputs=$(find "$corpus/$2" -type f | wc -l)
	word=ok
	[ "$(cat "$finds/$2.status")" -eq 0 ] || word='not ok'
	echo "$word $1 - fuzz_$2: ${executions:-0} inputs, ${speed:-0} a second, ${edges:-?} edges," \
		"$inputs kept"
	if [ "$word" != ok ]; then
		tail -n 40 "$log" | sed 's/^/# /'
		sed -n "s,.*Test unit written to \(.*\),# replay: build-fuzz/tests/fuzz/fuzz_$2 \1,p" "$log"
	fi
}

echo "1..$#"
most=$(($(nproc) * 2))
running=0
for name in "$@"; do
	fuzz "$name" &
	running=$((running + 1))
	if [ "$running" -eq "$most" ]; then
		wait
		running=0
	fi
done
wait
number=0
broken=0
for name in "$@"; do
	number=$((number + 1))
	report "$number" "$name"
	[ "$(cat "$finds/$name.status")" -eq 0 ] || broken=1
done
exit "$broken"
