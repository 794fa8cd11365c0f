#!/bin/sh
# SPDX-License-Identifier: MIT
# What is generated of docs/ is up to date, and the generator sees a change of the contract.
echo 1..2
if tools/new-arch | diff docs/new-arch.md - > build/docs.diff 2>&1; then
	echo 'ok 1 - docs/new-arch.md is what tools/new-arch prints'
else
	echo 'not ok 1 - docs/new-arch.md is what tools/new-arch prints (make docs)'
	sed 's/^/# /' build/docs.diff
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/tools" "$copy/kit/include"
cp -r kernel "$copy/kernel" && cp -r kit/arch "$copy/kit/arch" && cp -r kit/include/vdk "$copy/kit/include/vdk" && cp tools/new-arch "$copy/tools/"
echo 'void arch_of_tomorrow(void);' >> "$copy/kernel/arch/arch.h"
"$copy/tools/new-arch" | grep -q '^- `void arch_of_tomorrow(void)`$' && echo ok 2 - a new prototype is a new line ||
	echo not ok 2 - a new prototype is a new line
