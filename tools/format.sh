#!/bin/sh
# format.sh [--check]: lay out all C files by .clang-format, or say which are not.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh lint
mode=${1:+--dry-run -Werror}
# shellcheck disable=SC2086
find src tests bench -path tests/venv -prune -o -name '*.[ch]' -print0 | xargs -0 clang-format ${mode:--i}
