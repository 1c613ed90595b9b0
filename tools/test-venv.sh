#!/bin/sh
# test-venv.sh: make tests/venv, a Python environment of the tests' own, from
# tests/requirements.txt. Quick when it is as it should be. Prints its path.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh test
wanted=tests/requirements.txt
venv=$PWD/tests/venv

# Two tests may want it at the same moment.
exec 9>"$venv.lock"
flock 9
if ! cmp -s "$wanted" "$venv/made-from"; then
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	rm -rf "$venv"
	if ! { /usr/bin/python3 -m venv "$venv" &&
		"$venv/bin/pip" install --no-deps --disable-pip-version-check -r "$wanted" &&
		"$venv/bin/pip" check; } >"$log" 2>&1; then
		tail -20 "$log" >&2
		echo "could not make $venv" >&2
		exit 1
	fi
	cp "$wanted" "$venv/made-from"
fi
echo "$venv"
