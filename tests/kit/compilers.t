#!/bin/sh
# SPDX-License-Identifier: MIT
# gcc builds the kit too, where there is one for the architecture: image and kernel side; what it built passes the same audit.
# The kernel side has no state of its own.
# The system call's assembly says what it changes: clang takes it to change memory either way, gcc only if told.
# The template links with nothing but the kit and the functions that it names.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
out=$VDK_BUILD/tests/kit
mkdir -p "$out"
echo 1..5

report() { # NUMBER CLAIM STATUS LOG
	[ "$3" = 0 ] && echo "ok $1 - $2" || { echo "not ok $1 - $2"; sed 's/^/# /' "$4"; }
}

skip() { # NUMBER CLAIM
	echo "ok $1 - $2 # SKIP Debian 12 has no gcc for $ARCH"
}

case $ARCH in
x86_64) gcc=gcc run= ;;
riscv64 | aarch64) gcc=$ARCH-linux-gnu-gcc run=qemu-$ARCH ;;
loongarch64) gcc= ;;
*) echo "Bail out! no compiler is named for $ARCH"; exit 1 ;;
esac

if [ "$gcc" ]; then
	make -s ARCH="$ARCH" CC="$gcc" TARGET= B="$out/gcc" "$out/gcc/vdso.so" > "$out/image.log" 2>&1
	report 1 "gcc builds an image that the audit passes" $? "$out/image.log"

	# without the flags of our kernel, which are clang's
	make -s ARCH="$ARCH" CC="$gcc" TARGET= KERNEL_ARCH_FLAGS= B="$out/gcc" "$out/gcc/kit.o" > "$out/kit.log" 2>&1
	report 2 "gcc builds the kernel side" $? "$out/kit.log"
else
	skip 1 "gcc builds an image that the audit passes"
	skip 2 "gcc builds the kernel side"
fi

make -s ARCH="$ARCH" "$VDK_BUILD/template.o" > "$out/template.log" 2>&1 &&
	llvm-nm-19 --undefined-only --format=just-symbols "$VDK_BUILD/template.o" > "$out/undefined" &&
	grep -v -e '^port_' -e '^mem\(cpy\|set\)$' "$out/undefined" > "$out/template.log"
[ $? = 1 ] && [ -s "$out/undefined" ]
report 3 "the template needs its port_ functions, memcpy and memset, and nothing else" $? "$out/template.log"

llvm-nm-19 --defined-only "$VDK_BUILD/kit.o" | grep -i ' [bdc] ' > "$out/globals.log"
[ $? = 1 ]
report 4 "the kernel side has no globals" $? "$out/globals.log"

if [ -z "$gcc" ]; then
	skip 5 "after a system call gcc reads memory again"
	exit 0
fi
cat > "$out/memory.c" << 'END_OF_C'
#include "syscall.h"

int main(void)
{
	struct vdk_timespec ts = { -1, -1 };
	long result = vdk_syscall(VDK_NR_clock_gettime, VDK_CLOCK_MONOTONIC, (long)&ts, 0);

	return result != 0 || ts.tv_nsec == -1;
}
END_OF_C
$gcc -static -O2 -Ikit/include -I"kit/arch/$ARCH" -o "$out/memory" "$out/memory.c" > "$out/memory.log" 2>&1 && $run "$out/memory"
report 5 "after a system call gcc reads memory again" $? "$out/memory.log"
