#!/bin/sh
# SPDX-License-Identifier: MIT
# The arithmetic of kit/page/read.h, kit/time/rate.h and kit/time/timekeeper.c with short words, for all inputs,
# tests/proofs/arithmetic.c: each claim holds; and with one thing done wrong in the kit's text, it does not.
# VDK_PROOFS=full takes longer words too: minutes.
: "${VDK_BUILD:=build/x86_64}"
out=$VDK_BUILD/tests/proofs/arithmetic
n=0
mkdir -p "$out"

report() { # CLAIM STATUS
	n=$((n + 1))
	[ "$2" = 0 ] && echo "ok $n - $1" || { echo "not ok $n - $1"; sed 's/^/# /; 20q' "$out/log"; }
}

build() { # W NS [FROM TO]: $out/check, of words of W bits, NS nanoseconds in a second
	bits=$1 ns=$2 warn='-Wall -Wextra -Wshadow -Werror -Wno-unused-function'
	shift 2
	[ $# = 0 ] || warn=-w
	tests/proofs/narrow "$@" > "$out/narrow.h" 2> "$out/log" &&
		clang-19 -std=gnu11 -O2 $warn -DW="$bits" -DNS="$ns" -DBOUNDS=4 -I"$out" -o "$out/check" tests/proofs/arithmetic.c 2> "$out/log"
}

holds() { # W NS CLAIM...
	bits=$1 ns=$2
	shift 2
	build "$bits" "$ns" || { report "the kit's text builds with words of $bits bits" 1; return; }
	for claim; do
		"$out/check" "$claim" >> "$out/log" 2>&1
		report "words of $bits bits: $claim, $(tail -n 1 "$out/log")" $?
	done
}

broken() { # CLAIM FROM TO
	claim=$1
	shift
	if build $size "$@"; then
		"$out/check" "$claim" > "$out/log"
		[ $? = 1 ]
	else
		false
	fi
	report "$claim is broken by '$2' for '$1'" $?
}

all='cycles_since scaled_to_ns carry rebase wild_counter rate_change division rate_of_hz rate_adjust rate_convert'
holds 6 5 $all
if [ "${VDK_PROOFS-}" = full ]; then
	holds 7 5 $all
	holds 8 5 $all
	holds 10 11 cycles_since carry division rate_of_hz rate_adjust rate_convert
	holds 12 37 carry wild_counter rate_of_hz rate_adjust rate_convert
fi

size='6 5'
broken cycles_since '(int64_t)top < 0' 'false'
broken scaled_to_ns '<< 64 | *frac' '<< 64'
broken carry 'sum >= VDK_NS_PER_SEC' 'sum > VDK_NS_PER_SEC'
broken carry 'sum < 2ull' 'sum <= 2ull'
broken rebase '*frac = (uint64_t)sum;' ''
broken rebase 'vdk_tk_wrap(now->cycles + cycles, now->width)' 'now->cycles + cycles'
broken rebase 'now->raw_mult, 0, &now->raw_frac' 'now->raw_mult, 0, &now->frac'
broken wild_counter 'uint64_t sum = *ns + add' 'int64_t sum = *ns + add'
broken rate_change 'mult < *rate' 'mult > *rate'
broken rate_change 'tk->bound_cycles << now->shift' 'tk->bound_cycles'
broken rate_change 'vdk_discipline_moved(tk, scaled, *rate, mult);' ''
broken rate_change 'owe(&tk->discipline, -moved)' 'owe(&tk->discipline, moved)'
broken rate_change 'raw ? &now->raw_frac : &now->frac' '&now->frac'
broken division 'carry || rest >= d' 'rest >= d'
broken rate_of_hz 'ns + hz / 2' 'ns'
broken rate_adjust ' + whole / 2' ''
broken rate_convert '* to + from / 2' '* to'
size='8 11' # the first in which a counter is faster than 1 and no faster than 1 1/8 cycles a ns
broken rate_of_hz '(VDK_RATE_HEADROOM + 1)' 'VDK_RATE_HEADROOM'
echo "1..$n"
