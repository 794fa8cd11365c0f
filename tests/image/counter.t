#!/bin/sh
# SPDX-License-Identifier: MIT
# The image's machine code reads the counter in order: clock_gettime by RDTSCP, and no RDTSC without LFENCE directly before it.
# Each mode has its own instruction: a CPU without RDTSCP has COUNTER_ALT.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
if [ "$ARCH" != x86_64 ]; then
	echo "1..0 # SKIP the instructions are x86_64's"
	exit 0
fi
out=$VDK_BUILD/tests/image
mkdir -p "$out"
echo 1..3

# One mnemonic a line, of all of the image or of one function.
code() { llvm-objdump-19 -d --no-show-raw-insn "$@" "$VDK_BUILD/vdso.so" | sed -n 's/^ *[0-9a-f]*:[	 ]*\([^	 ]*\).*/\1/p'; }

code --disassemble-symbols=__vdso_clock_gettime | grep -qx rdtscp || printf 'not '
echo 'ok 1 - __vdso_clock_gettime reads the counter by rdtscp'

code > "$out/counter.code"
awk '$1 == "rdtsc" { reads++; bare += last != "lfence" } { last = $1 }
	END { print "# " reads + 0 " rdtsc, " bare + 0 " without lfence"; exit !reads || bare }' "$out/counter.code" || printf 'not '
echo 'ok 2 - directly before each rdtsc there is an lfence'

code_of_mode() { # MODE
	printf '#include "counter.h"\nuint64_t f(void);\nuint64_t f(void) { return vdk_counter_read(%s); }\n' "$1" |
		clang-19 --target=x86_64-linux-gnu -O2 -S -ffreestanding -Ikit/include -Ikit/arch/x86_64 -x c -o - - | grep -o '\<rdtscp\?\>'
}
[ "$(code_of_mode VDK_MODE_COUNTER)" = rdtscp ] && [ "$(code_of_mode VDK_MODE_COUNTER_ALT)" = rdtsc ] || printf 'not '
echo 'ok 3 - mode COUNTER is rdtscp, mode COUNTER_ALT is rdtsc'
