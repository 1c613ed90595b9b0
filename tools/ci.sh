#!/bin/sh
# ci.sh [LANE…]: every check, in lanes; without a name all lanes of the default set. Ends with
# a table of the lanes and their times, and with the line "N passed, N failed".
#   format       the layout of the C files
#   tidy         the rules of the house that no compiler knows (tools/tidy.py)
#   gcc          everything builds without a warning, as make builds it and as packages do (-O3)
#   clang        everything builds without a warning
#   unit         tests/unit
#   contract     tests/contract
#   sim          tests/sim: the engine in simulated worlds, and whether planted bugs are found there
#   integration  tests/integration
#   torture      tests/torture: every call of the store's disk fails once, and the power does
#   asan-ubsan   all tests again under AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan         what has threads again under ThreadSanitizer
#   cppcheck     cppcheck over src/
#   clang-tidy   clang-tidy over src/, with the checks of .clang-tidy
#   fuzz-smoke   tests/fuzz: every parser of outside bytes, a minute each, two on each processor
#   coverage     every branch of core and engine is taken, or is on tests/coverage-exceptions
# A lane that finds nothing to check fails.
set -u
cd "$(dirname "$0")/.." || exit 1

default_lanes='format tidy gcc clang unit contract sim integration torture asan-ubsan tsan cppcheck
clang-tidy coverage fuzz-smoke'
all_suites='unit contract sim integration'

passed=0
failed=0
table=

# check WHAT COMMAND…: one check; it counts as one test.
check() {
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $what"
	fi
}

# build DIRECTORY COMPILER MESON_OPTION…
build() {
	directory=$1 compiler=$2
	shift 2
	CC=$compiler tools/build.sh "build-$directory" -Dtests=enabled "$@"
}

build_gcc() {
	build gcc gcc -Dinjection_points=true
}

build_sanitized() {
	build "$1" clang -Dinjection_points=true -Db_lundef=false "-Db_sanitize=$2"
}

# suites DIRECTORY SUITE…: run the tests of these suites, and add their cases to the sums.
suites() {
	directory=build-$1
	shift
	logs=$directory/meson-logs
	rm -f "$logs/testlog.json" "$logs/testlog.junit.xml"
	options=
	for suite in "$@"; do
		options="$options --suite $suite"
	done
	# shellcheck disable=SC2086
	meson test -C "$directory" --no-rebuild --print-errorlogs --num-processes 2 $options
	counts=$(/usr/bin/python3 tools/count.py "$directory" "$@") || counts="0 1"
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
}

# suite_of_gcc SUITE: gcc's build serves many lanes, and is made once.
suite_of_gcc() {
	if build_gcc; then
		suites gcc "$1"
	else
		check "gcc's build" false
	fi
}

sanitizer_lane() {
	name=$1 sanitizers=$2
	shift 2
	if build_sanitized "$name" "$sanitizers"; then
		suites "$name" "$@"
	else
		check "the build with $sanitizers" false
	fi
}

# tap COMMAND…: a command that prints TAP; each of its lines is one test.
tap() {
	log=$(mktemp)
	"$@" >"$log"
	status=$?
	cat "$log"
	passed=$((passed + $(grep -c '^ok ' "$log")))
	bad=$(grep -c '^not ok ' "$log")
	failed=$((failed + bad))
	rm -f "$log"
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || check "$1" false
}

coverage_lane() {
	if build coverage gcc -Dinjection_points=true -Dbuildtype=debug -Db_coverage=true; then
		find build-coverage -name '*.gcda' -delete
		suites coverage unit contract
		tap /usr/bin/python3 tools/coverage.py build-coverage src/core src/engine
	else
		check "the build for coverage" false
	fi
}

# ThreadSanitizer's own rule, that a forked child starts no threads, is for its comfort: our
# tests fork the engine to kill it.
tsan_lane() {
	TSAN_OPTIONS=die_after_fork=0:halt_on_error=1:suppressions=$PWD/tests/tsan-suppressions
	export TSAN_OPTIONS
	sanitizer_lane tsan thread unit contract threads
	unset TSAN_OPTIONS
}

# cppcheck's parser stumbles over attributes behind function pointers and over typeof.
run_cppcheck() {
	cppcheck --quiet -j2 --std=c11 --library=posix --enable=warning,style,performance,portability \
		--project=build-clang/compile_commands.json '-D__attribute__(x)=' '-D__typeof__(x)=void *' \
		--suppressions-list=tools/cppcheck-suppressions.txt --suppress='*:tests/*' \
		--suppress='*:bench/*' --error-exitcode=1
}

run_clang_tidy() {
	log=$(mktemp)
	find src -name '*.c' -print0 |
		xargs -0 -n 8 -P 2 clang-tidy --quiet -p build-clang >"$log" 2>&1
	status=$?
	[ "$status" -eq 0 ] || cat "$log"
	rm -f "$log"
	return "$status"
}

# lint WHAT COMMAND: over clang's build, whose flags both tools read.
lint() {
	if build clang clang; then
		check "$1" "$2"
	else
		check "clang's build" false
	fi
}

run_lane() {
	case $1 in
	format) check "the layout; make format mends it" tools/format.sh --check ;;
	gcc)
		check "gcc's build" build_gcc
		check "gcc's build for a release" build release gcc -Dbuildtype=release
		;;
	clang) check "clang's build" build clang clang ;;
	unit | contract | integration | sim | torture) suite_of_gcc "$1" ;;
	asan-ubsan)
		# shellcheck disable=SC2086
		sanitizer_lane asan address,undefined $all_suites
		;;
	fuzz-smoke) tap tools/fuzz.sh 60 ;;
	tidy) tap /usr/bin/python3 tools/tidy.py ;;
	coverage) coverage_lane ;;
	tsan) tsan_lane ;;
	cppcheck) lint "cppcheck; what is not so goes to tools/cppcheck-suppressions.txt" run_cppcheck ;;
	clang-tidy) lint "clang-tidy" run_clang_tidy ;;
	*) check "there is no lane $1" false ;;
	esac
}

lane() {
	begin=$(date +%s)
	passed_before=$passed failed_before=$failed
	echo "=== $1"
	run_lane "$1"
	if [ $((passed + failed)) -eq $((passed_before + failed_before)) ]; then
		check "lane $1 found nothing to check" false
	fi
	row=$(printf '%-12s %7d %7d %6d s' "$1" $((passed - passed_before)) \
		$((failed - failed_before)) $(($(date +%s) - begin)))
	table="$table$row
"
}

tools/install.sh build lint test || exit 1
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $default_lanes
for name in "$@"; do
	lane "$name"
done
printf '\n%-12s %7s %7s %8s\n%s\n' lane passed failed time "$table"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
