#!/bin/sh
# SPDX-License-Identifier: MIT
# The image's machine code reads the counter in order: directly before each read is the instruction that kit/arch/<a>/counter.h argues
# with, and each mode is the read that it says.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
out=$VDK_BUILD/tests/image
mkdir -p "$out"

# READ: an instruction that reads the counter. BARRIER: what is directly before it. COUNTER, ALT: the read of each mode.
branch=
prefix=__vdso_
case $ARCH in
x86_64) read='rdtscp?' barrier='lfence' free='rdtscp' counter=rdtscp alt=rdtsc ;; # RDTSCP waits by itself
riscv64) read='rdtime .*' barrier='fence r, i' free= counter='rdtime' alt='rdtime' ;;
aarch64)
	# the self-synchronizing read needs no ISB; both need the branch
	read='mrs x[0-9]+, CNTVCT(SS)?_EL0' barrier='isb' free='mrs x[0-9]+, CNTVCTSS_EL0' prefix=__kernel_
	counter='cntvct_el0' alt='s3_3_c14_c0_6|cntvctss_el0'
	branch='ldrb (w[0-9]+), \[x[0-9]+, #0x38\]; (cmp \1, #0x[0-9a-f]+; b\.ne|cbz \1,) [^;]*; (ldrb? [^;]*; )*isb; mrs'
	;;
loongarch64) read='rdtime\.d [$][^z].*' barrier='dbar 5' free= counter='rdtime.d' alt='rdtime.d' ;;
*) echo "Bail out! nothing is known of the counter of $ARCH"; exit 1 ;;
esac
[ "$branch" ] && echo 1..4 || echo 1..3

# One instruction a line, of all of the image or of one function.
code() {
	llvm-objdump-19 -d --no-show-raw-insn "$@" "$VDK_BUILD/vdso.so" |
		sed -n 's/^ *[0-9a-f]*:[	 ]*\(.*\)/\1/p' | sed 's/[	 ][	 ]*/ /g; s/ *$//'
}

code > "$out/counter.code"
code --disassemble-symbols=${prefix}clock_gettime > "$out/counter.hot"

grep -qxE "$read" "$out/counter.hot" || printf 'not '
echo "ok 1 - ${prefix}clock_gettime reads the counter"

awk -v read="^($read)\$" -v barrier="^($barrier)\$" -v free="^($free)\$" '
	$0 ~ read { reads++; bare += last !~ barrier && !(free != "^()$" && $0 ~ free) } { last = $0 }
	END { print "# " reads + 0 " reads, " bare + 0 " out of order"; exit !reads || bare }' "$out/counter.code" || printf 'not '
echo "ok 2 - directly before each read that does not wait by itself is $barrier"

read_of_mode() { # MODE: the assembly of a read in it
	printf '#include "counter.h"\nuint64_t f(void);\nuint64_t f(void) { return vdk_counter_read(%s); }\n' "$1" |
		clang-19 --target="$ARCH-linux-gnu" -O2 -S -ffreestanding -nostdinc \
			-isystem "$(dirname "$(clang-19 -print-file-name=include/stddef.h)")" -Ikit/include -I"kit/arch/$ARCH" -x c -o - -
}
read_of_mode VDK_MODE_COUNTER | grep -qwiE "$counter" && read_of_mode VDK_MODE_COUNTER_ALT | grep -qwiE "$alt" || printf 'not '
echo "ok 3 - mode COUNTER is $counter, mode COUNTER_ALT is $alt"

[ "$branch" ] || exit 0
tr '\n' ';' < "$out/counter.hot" | sed 's/;/; /g' | grep -qE "$branch" || printf 'not '
echo "ok 4 - between the load of the mode and the read is a branch on the mode"
