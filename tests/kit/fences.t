#!/bin/sh
# SPDX-License-Identifier: MIT
# The page's order, as weakly ordered machines get it: each step of kit/page/latch.h has its barrier, on its side of the accesses;
# so have the two sides of riscv_hwprobe's count.
# x86 needs none of them, so no test that runs there can miss one. Needs clang-19 only.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
out=$VDK_BUILD/tests/kit/fences
mkdir -p "$out"
rm -f "$out"/*.s
if [ "$ARCH" = x86_64 ]; then
	echo "1..0 # SKIP x86_64 keeps loads in order and stores in order by itself"
	exit 0
fi
[ "$ARCH" = riscv64 ] && echo 1..6 || echo 1..4
n=0

cat > "$out/steps.c" << 'END'
#include "page/latch.h"

uint64_t begin(const struct vdk_page *upage);
bool retry(const struct vdk_page *upage, uint64_t seq);
void write_slot(struct vdk_page *kpage, const struct vdk_slot *now);
void flip(struct vdk_page *kpage);

uint64_t begin(const struct vdk_page *upage) { return vdk_latch_begin(upage); }
bool retry(const struct vdk_page *upage, uint64_t seq) { return vdk_latch_retry(upage, seq); }
void write_slot(struct vdk_page *kpage, const struct vdk_slot *now) { vdk_latch_write(kpage, 0, now); }
void flip(struct vdk_page *kpage) { vdk_latch_flip(kpage); }
END

compile() { # MACHINE [SOURCE NAME]: NAME, else MACHINE, is what ordered() calls it
	clang-19 --target="$1-linux-gnu" -std=gnu11 -O2 -S -ffreestanding -fno-asynchronous-unwind-tables -nostdinc \
		-isystem "$(dirname "$(clang-19 -print-file-name=include/stddef.h)")" -Wall -Wextra -Werror -Ikit/include -Ikit \
		-Ikit/arch/"$1" -fPIC -fvisibility=hidden -o "$out/${3-$1}.s" "${2-$out/steps.c}" 2>&1 | sed 's/^/# /'
}

# MACHINE FUNCTION: its instructions, on one line, each with `;` behind it.
code() {
	sed -n "/^$2:/,/^\.Lfunc_end/p" "$out/$1.s" | sed -e 's/[#/][#/ ].*//' -e '/^[^	]/d' -e '/^	\./d' \
		-e 's/^	//' -e 's/[	 ][	 ]*/ /g' -e 's/ *$//' -e '/^$/d' -e 's/$/;/' | tr -d '\n'
}

ordered() { # MACHINE FUNCTION PATTERN
	n=$((n + 1)) code=$(code "$1" "$2")
	if echo "$code" | grep -Eq "$3"; then
		echo "ok $n - $1: $2 has its barrier"
	else
		echo "not ok $n - $1: $2 has its barrier"
		echo "# found: $code"
	fi
}

case $ARCH in
aarch64)
	compile aarch64
	ordered aarch64 begin '^ldap?r x[0-9]+, \[x0\];'
	ordered aarch64 retry '^dmb ish(ld)?;ldr x'
	ordered aarch64 write_slot '^dmb ish;.*str '
	ordered aarch64 flip ';(stlr|dmb ish;str) x[0-9]+, \[x0\];'
	;;
riscv64)
	compile riscv64
	ordered riscv64 begin '^ld a[0-9], 0\(a0\);fence rw?, rw;'
	ordered riscv64 retry '^fence rw?, rw;ld a'
	ordered riscv64 write_slot '^fence rw, r?w;.*sd '
	ordered riscv64 flip ';fence rw, r?w;sd a[0-9], 0\(a0\);'
	compile riscv64 kit/image/hwprobe.c riscv64-image
	ordered riscv64-image __vdso_riscv_hwprobe ';lw [^;]*, 292\([^;]*\);fence r, rw;'
	compile riscv64 kit/time/timekeeper.c riscv64-time
	ordered riscv64-time vdk_time_set_hwprobe ';fence rw, w;sw [^;]*, 292\([^;]*\);'
	;;
loongarch64)
	# Hints of dbar: 0 orders everything; of 0x1x, set bits 3 to 0 leave out load and store before, load and store after.
	compile loongarch64
	ordered loongarch64 begin '^ld\.d \$a[0-9], \$a0, 0;dbar (0|16|20);'
	ordered loongarch64 retry '^dbar (0|16|20);ld\.d '
	ordered loongarch64 write_slot '^dbar (0|16|18);.*st\.d '
	ordered loongarch64 flip ';(amswap_db\.d|dbar (0|16|18);st\.d) '
	;;
*) echo "Bail out! nothing is known of the order of $ARCH"; exit 1 ;;
esac
