#!/bin/sh
# test.sh: every check, in lanes; each prints its time. Ends with "N passed, N failed".
#   gcc    unit, contract and integration tests, built with gcc
#   clang  everything builds without a warning; unit and contract tests
#   asan   all tests again under AddressSanitizer and UndefinedBehaviorSanitizer
#   format the layout of the C files
# Lanes to run may be named: tools/test.sh gcc asan
set -u
cd "$(dirname "$0")/.." || exit 1
tools/install.sh build test || exit 1

passed=0
failed=0

# Adds a lane's test cases to the sums, from meson's JUnit file.
count() {
	counts=$(/usr/bin/python3 tools/count.py "$1") || counts="0 1"
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
}

fail() {
	echo "lane $1 failed: $2"
	failed=$((failed + 1))
}

# meson_lane NAME CC SUITES MESON_OPTION…
meson_lane() {
	name=$1 cc=$2 suites=$3
	shift 3
	directory=build-$name
	if ! CC=$cc tools/build.sh "$directory" -Dtests=enabled "$@"; then
		fail "$name" "it does not build"
		return
	fi
	rm -f "$directory/meson-logs/testlog.junit.xml"
	# shellcheck disable=SC2086
	meson test -C "$directory" --no-rebuild --print-errorlogs --num-processes 2 $suites
	count "$directory/meson-logs/testlog.junit.xml"
}

lane() {
	begin=$(date +%s)
	echo "=== lane $1"
	case $1 in
	gcc) meson_lane gcc gcc "" -Dinjection_points=true ;;
	clang) meson_lane clang clang "--suite unit --suite contract" ;;
	asan) meson_lane asan clang "" -Dinjection_points=true \
		-Db_sanitize=address,undefined -Db_lundef=false ;;
	format)
		if tools/format.sh --check; then
			passed=$((passed + 1))
		else
			fail format "run make format"
		fi
		;;
	*) fail "$1" "there is no such lane" ;;
	esac
	echo "=== lane $1 took $(($(date +%s) - begin)) s"
}

[ $# -gt 0 ] || set -- format gcc clang asan
for name in "$@"; do
	lane "$name"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
