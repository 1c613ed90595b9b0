#!/bin/sh
# embed.sh FILE NAME: write C that defines `const char NAME[]` with FILE's text.
set -eu
echo "extern const char $2[];"
echo "const char $2[] ="
sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/\\n"/' "$1"
echo ";"
