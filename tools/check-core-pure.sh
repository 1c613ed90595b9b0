#!/bin/sh
# check-core-pure.sh LIBCORE: fail unless core calls nothing but memory and string
# functions. Prints TAP.
set -eu

# What core may call: functions that neither see the world nor keep a state. Of
# our own base: error texts, arenas, strings, calendar arithmetic.
allowed='
memchr memcmp memcpy memmove memset strchr strcmp strlen strncmp strcpy strncpy strspn strstr
snprintf vsnprintf qsort bsearch
__assert_fail __stack_chk_fail
lb_fail lb_fail_nomem lb_wrap
lb_arena_alloc lb_arena_printf lb_arena_strdup lb_arena_strndup lb_list_grow
lb_text_compare lb_text_equal lb_text_same_word
lb_time_format lb_time_from_civil
'

echo 1..1
defined=$(nm --defined-only --format=posix "$1" 2>/dev/null | awk 'NF >= 2 { print $1 }')
undefined=$(nm --undefined-only --format=posix "$1" 2>/dev/null | awk '$2 == "U" { print $1 }' | sort -u)
if [ -z "$undefined" ]; then
	echo "not ok 1 - core calls nothing but memory and string functions # no symbols in $1"
	exit 0
fi
bad=
for symbol in $undefined; do
	case $symbol in
	__asan_* | __tsan_* | __ubsan_* | __sanitizer_* | __sanitizer* | __gcov_* | __llvm_* | __memcpy_chk | __snprintf_chk) continue ;;
	esac
	# shellcheck disable=SC2086
	if ! printf '%s\n' $allowed $defined | grep -qxF -- "$symbol"; then
		bad="$bad $symbol"
	fi
done
if [ -n "$bad" ]; then
	echo "# core calls:$bad"
	echo "not ok 1 - core calls nothing but memory and string functions"
else
	echo "ok 1 - core calls nothing but memory and string functions"
fi
