#!/bin/sh
# SPDX-License-Identifier: MIT
# Linux's own vDSO selftests pass under vdsorun. They are built here from Debian's linux-source-6.1, and are no part of this project.
vdsorun=build/host/vdsorun
archive=$(ls /usr/src/linux-source-6.1.tar.xz 2> /dev/null)
out=build/host/linux-selftests
tests='vdso_test_gettimeofday vdso_test_getcpu vdso_test_abi vdso_test_clock_getres vdso_test_correctness'
[ "$(uname -m)" = x86_64 ] && tests="$tests vdso_standalone_test_x86"
if [ -z "$archive" ]; then
	echo '1..0 # SKIP the package linux-source-6.1 is not installed'
	exit
fi
folder=linux-source-6.1/tools/testing/selftests
if [ ! -e $out/unpacked ]; then # kept: it takes half a minute
	mkdir -p $out
	tar xJf "$archive" -C $out $folder/vDSO $folder/kselftest.h || exit 1
	touch $out/unpacked
fi
source=$out/$folder/vDSO
for test in $tests; do
	case $test in
	vdso_test_correctness) set -- "$source/$test.c" -ldl ;;
	vdso_test_clock_getres) set -- "$source/$test.c" ;;
	vdso_standalone_test_x86) set -- -nostdlib -fno-asynchronous-unwind-tables -fno-stack-protector "$source/$test.c" "$source/parse_vdso.c" ;;
	*) set -- "$source/$test.c" "$source/parse_vdso.c" ;;
	esac
	gcc -std=gnu99 -w -o "$out/$test" "$@" || exit 1
done

echo "1..$(echo $tests | wc -w)"
n=0
for test in $tests; do
	n=$((n + 1))
	# The page's coarse clocks are the host's, but from its tick to the page's own they lag: one that is caught in between may
	# be run again.
	for attempt in 1 2 3 4 5; do
		if timeout 50 $vdsorun "$out/$test" > "$out/$test.log" 2>&1; then
			echo "ok $n - $test"
			break
		fi
		grep -n -B1 FAIL "$out/$test.log" | sed "s/^/# attempt $attempt: /"
		if [ $attempt = 5 ] || ! grep -q 'out of sequence' "$out/$test.log"; then
			echo "not ok $n - $test"
			break
		fi
	done
done
