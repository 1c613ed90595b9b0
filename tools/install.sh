#!/bin/sh
# install.sh SECTION…: install the packages of packages.txt's sections that this
# machine lacks. Quick when it lacks none. Needs root or sudo only when it does.
set -eu
list=$(dirname "$0")/packages.txt

wanted=
for section in "$@"; do
	wanted="$wanted $(awk -v section="[$section]" '
		/^\[/ { here = ($0 == section) }
		here && !/^\[/ && !/^#/ && NF { print $1 }' "$list")"
done

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	if [ "$status" != installed ]; then
		missing="$missing $package"
	fi
done
if [ -z "$missing" ]; then
	exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
else
	echo "missing packages:$missing" >&2
	echo "install them with apt-get as root, or install sudo" >&2
	exit 1
fi
echo "installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { $sudo apt-get update && $sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	echo "could not install:$missing" >&2
	exit 1
fi
