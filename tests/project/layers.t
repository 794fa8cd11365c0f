#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/check-layers passes on the tree, and sees each kind of breach when one is planted in a copy.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
out=$VDK_BUILD/tests/kit/layers
n=0

check() { # CLAIM COMMAND...: the command succeeds
	n=$((n + 1)) claim=$1
	shift
	if "$@" > "$out.log" 2>&1; then
		echo "ok $n - $claim"
	else
		echo "not ok $n - $claim"
		sed 's/^/# /' "$out.log"
	fi
}

refused() { # FILE LINE: check-layers names the file once the line is in it
	rm -rf "$out"
	mkdir -p "$out"
	cp -r kit kernel host "$out"
	echo "$2" >> "$out/$1"
	! tools/check-layers "$out" 2> "$out.err" && grep -q "^check-layers: $1:" "$out.err"
}

mkdir -p "$(dirname "$out")"
check "the tree keeps its layers" tools/check-layers
check "a public header may not include libc" refused kit/include/vdk/clock.h '#include <time.h>'
check "the page may not include the kernel" refused kit/page/read.h '#include "core/types.h"'
check "the image may not include the timekeeper's side" refused kit/image/clock.c '#include "time/rate.h"'
check "the timekeeper may not include an architecture" refused kit/time/timekeeper.c '#include "counter.h"'
check "the kernel may not include the kit's private headers" refused kernel/vdso.c '#include "page/read.h"'
check "the kernel may not include the host" refused kernel/vdso.c '#include <sys/mman.h>'
check "common kernel code may not reach into an architecture" refused kernel/vdso.c '#include "arch/x86_64/cpu.h"'
check "common kernel code may not test for an architecture" refused kernel/vdso.c '#ifdef __x86_64__'
check "the kit may not test for an architecture" refused kit/time/timekeeper.c '#if defined(__riscv)'
check "the Linux port may not include the kit's private headers" refused host/vdsorun/timekeeper.c '#include "time/rate.h"'
check "the Linux port may not include the kernel" refused host/vdsorun/timekeeper.c '#include "core/types.h"'
check "the Linux port may not test for an architecture outside its arch folder" refused host/vdsorun/inject.c '#ifdef __x86_64__'
rm -rf "$out"
echo "1..$n"
