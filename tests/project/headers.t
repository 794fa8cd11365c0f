#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, as C11 and as C++17, with gcc and with clang; the assembler's as the assembler's.
: "${ARCH:=x86_64}" "${VDK_BUILD:=build/$ARCH}"
mkdir -p "$VDK_BUILD"
headers=$(ls kit/include/vdk/*.h)
n=0
for header in $headers; do
	name=vdk/${header##*/}
	case $name in
	vdk/sigreturn.h) set -- 'gcc -c -o /dev/null -x assembler-with-cpp' 'clang-19 -c -o /dev/null -x assembler-with-cpp' ;;
	*) set -- 'gcc -fsyntax-only -std=c11 -x c' 'clang-19 -fsyntax-only -std=c11 -x c' 'g++ -fsyntax-only -std=c++17 -x c++' \
		'clang++-19 -fsyntax-only -std=c++17 -x c++' ;;
	esac
	for compiler; do
		n=$((n + 1))
		# arch.h declares what an architecture defines
		[ "$name" = vdk/arch.h ] && allow=-Wno-unused-function || allow=
		if echo "#include <$name>" | $compiler $allow -Wall -Wextra -Wpedantic -Wno-undefined-internal -Werror -Ikit/include \
			- 2> "$VDK_BUILD/headers.err"; then
			echo "ok $n - $name alone, ${compiler% -x*}"
		else
			echo "not ok $n - $name alone, ${compiler% -x*}"
			sed 's/^/# /' "$VDK_BUILD/headers.err"
		fi
	done
done
echo "1..$n"
