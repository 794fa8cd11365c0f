#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C11 and as C++17, with gcc and with clang.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
mkdir -p "$VDK_BUILD"
headers=$(ls kit/include/vdk/*.h)
n=0
for header in $headers; do
	name=vdk/${header##*/}
	for compiler in 'gcc -std=c11 -x c' 'clang-19 -std=c11 -x c' 'g++ -std=c++17 -x c++' 'clang++-19 -std=c++17 -x c++'; do
		n=$((n + 1))
		# arch.h declares what an architecture defines
		[ "$name" = vdk/arch.h ] && allow=-Wno-unused-function || allow=
		if echo "#include <$name>" | $compiler $allow -Wall -Wextra -Wpedantic -Wno-undefined-internal -Werror -Ikit/include \
			-fsyntax-only - 2> "$VDK_BUILD/headers.err"; then
			echo "ok $n - $name alone, ${compiler% -x*}"
		else
			echo "not ok $n - $name alone, ${compiler% -x*}"
			sed 's/^/# /' "$VDK_BUILD/headers.err"
		fi
	done
done
echo "1..$n"
