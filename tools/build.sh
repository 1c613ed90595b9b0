#!/bin/sh
# build.sh [DIRECTORY [MESON_OPTION…]]: build lakebeat; DIRECTORY is build unless
# given. Prints little unless something is wrong.
set -eu
cd "$(dirname "$0")/.."
directory=${1:-build}
[ $# -eq 0 ] || shift
tools/install.sh build
if [ ! -f "$directory/build.ninja" ]; then
	meson setup "$directory" "$@" >"/tmp/lakebeat-setup.$$" 2>&1 || {
		cat "/tmp/lakebeat-setup.$$" >&2
		rm -f "/tmp/lakebeat-setup.$$"
		exit 1
	}
	rm -f "/tmp/lakebeat-setup.$$"
fi
ninja -C "$directory" --quiet
