#!/bin/sh
# SPDX-License-Identifier: MIT
# Each patch of tests/mutants still applies, and names a test that there is; there are enough of them; and the program
# that runs them tells one that survives, one that is killed, one that does not build and one that does not apply. `make
# mutants` runs them all.
: "${VDK_BUILD:=build/x86_64}"
out=$PWD/$VDK_BUILD/tests/project/mutants
rm -rf "$out"
mkdir -p "$out/patches"
n=0

report() { # CLAIM STATUS LOG
	n=$((n + 1))
	[ "$2" = 0 ] && echo "ok $n - $1" || { echo "not ok $n - $1"; sed 's/^/# /' "$3"; }
}

# What is wrong with the patch, if anything is.
faults() {
	set -- "$1" $(sed -n 's/^Killed-by: //p' "$1")
	[ $# = 3 ] || { echo "needs one line 'Killed-by: ARCH LAYER/TEST'"; return; }
	[ -d "kit/arch/$2" ] || echo "$2: no such architecture"
	[ -e "tests/$3.c" ] || [ -e "tests/$3.t" ] || [ -e "tests/${3%/*}/main.c" ] || echo "$3: no such test"
	[ "$(head -n 1 "$1")" ] && ! head -n 1 "$1" | grep -q '^Killed-by\|^---' || echo 'the first line says what is wrong with it'
	patch --dry-run -p1 --fuzz=0 -s -i "$1" 2>&1
}
for patch in tests/mutants/*.patch; do
	faults "$patch" > "$out/log"
	[ ! -s "$out/log" ]
	report "${patch##*/} applies" $? "$out/log"
done

ls tests/mutants/*.patch > "$out/log"
[ "$(wc -l < "$out/log")" -ge 30 ]
report "there are 30 at least" $? "$out/log"

plant() { # NAME TEST FROM TO: a patch of kit/time/rate.h
	{
		echo planted
		echo "Killed-by: $2"
		sed "s|$3|$4|" kit/time/rate.h | diff -U1 --label a/kit/time/rate.h --label b/kit/time/rate.h kit/time/rate.h -
	} > "$out/patches/$1.patch"
}
plant survives 'x86_64 unit/rate' 'VDK_RATE_HEADROOM 8$' 'VDK_RATE_HEADROOM 8 '
plant dies 'x86_64 unit/rate' 'VDK_RATE_HEADROOM 8$' 'VDK_RATE_HEADROOM 80'
plant ill 'x86_64 unit/rate' 'VDK_RATE_HEADROOM 8$' 'VDK_RATE_HEADROOM eight'
sed 's/^-#define/-# define/' "$out/patches/dies.patch" > "$out/patches/stray.patch"
tests/mutants/run --patches "$out/patches" --trees "$out/trees" > "$out/log" 2>&1
[ $? = 1 ]
report "a run with a survivor fails" $? "$out/log"
said() { # PATTERN
	grep -q "$1" "$out/log"
	report "it says: $1" $? "$out/log"
}
said '^survives  *x86_64 unit/rate  *[0-9]* s  SURVIVES$'
said '^dies  *x86_64 unit/rate  *[0-9]* s  killed$'
said '^ill .*does not build'
said '^stray .*does not apply'
said '^1 of 4 killed'
echo "1..$n"
