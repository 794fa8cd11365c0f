#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds tests/image/unwind/live.c for the image's machine, with that machine's libgcc, and runs it.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
case $ARCH in
x86_64) cc=gcc run= ;;
riscv64) cc=riscv64-linux-gnu-gcc run=qemu-riscv64 ;;
aarch64) cc=aarch64-linux-gnu-gcc run=qemu-aarch64 ;;
*)
	echo "1..0 # SKIP no libgcc for $ARCH: cfi.t checks its tables"
	exit 0
	;;
esac
out=$VDK_BUILD/tests/image
mkdir -p "$out"

llvm-objdump-19 -d --no-show-raw-insn "$VDK_BUILD/vdso.so" |
	sed -n 's/^ *\([0-9a-f]*\):[	 ].*/\1/p' > "$out/unwind.addresses"
$cc -std=gnu11 -O2 -g -fasynchronous-unwind-tables -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes \
	-Werror -static -Wl,--wrap=_dl_find_object \
	-Itests -Ikit/include -Ikit -Ikit/arch/$ARCH -I"$VDK_BUILD" -o "$out/unwind" tests/image/unwind/live.c || {
	echo 'Bail out! unwind/live.c does not compile'
	exit 1
}
export VDK_BUILD
exec $run "$out/unwind" "$out/unwind.addresses"
