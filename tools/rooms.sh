#!/bin/sh
# rooms.sh SRC OUT ROOM [USED_ROOM…]: make OUT/ROOM a directory of links to the
# rooms whose headers ROOM may include, itself among them.
set -eu
src=$1
out=$2/$3
shift 2
rm -rf "$out"
mkdir -p "$out"
for used in "$@"; do
	ln -s "$src/$used" "$out/$used"
done
