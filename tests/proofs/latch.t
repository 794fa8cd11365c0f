#!/bin/sh
# SPDX-License-Identifier: MIT
# The latch as a Spin model, tests/proofs/latch.pml: no run of it breaks a claim; and with one thing done wrong, one
# does, and that one which it should.
# VDK_PROOFS=full searches larger models too: minutes, and up to 8 GB.
: "${VDK_BUILD:=build/x86_64}"
out=$VDK_BUILD/tests/proofs model=$PWD/tests/proofs/latch.pml
n=0
mkdir -p "$out/latch" && cd "$out/latch" || exit 1
command -v spin > /dev/null || { echo 'Bail out! there is no spin here (tools/need proofs)'; exit 1; }

# Sizes. A run that goes wrong for some pair of readings does so for one reader that makes both: readers change nothing.
words='-DREADERS=1 -DREADINGS=2 -DUPDATES=2 -DCOUNTER_MAX=0'
time='-DREADERS=1 -DREADINGS=2 -DUPDATES=1 -DCOUNTER_MAX=3'

report() { # CLAIM STATUS
	n=$((n + 1))
	[ "$2" = 0 ] && echo "ok $n - $1" || { echo "not ok $n - $1"; sed 's/^/# /' log; }
}

search() { # KIND SIZE...: into log; KIND is safety or cycles
	kind=$1
	shift
	case $kind in
	safety) define='-DSAFETY' option= ;;
	cycles) define='-DNP' option=-l ;;
	esac
	spin -a "$@" "$model" > log 2>&1 && gcc -w $optimize $define -DMEMLIM=8000 -o pan pan.c >> log 2>&1 &&
		./pan $option -m1000000 > log 2>&1
}

holds() { # CLAIM KIND SIZE...
	claim=$1
	shift
	search "$@" && grep -q 'errors: 0$' log && ! grep -q -e 'Search not completed' -e 'max search depth too small' log
	report "$claim: $(awk '/states, stored/ { print $1 }' log) states" $?
}

breaks() { # VARIANT WHAT KIND SIZE...: a search finds that
	variant=$1 what=$2
	shift 2
	search "$@" "-D$variant" && grep -qF "pan:1: $what" log
	report "with $variant, $what" $?
}

optimize=-O1
holds 'words: no reading is torn, goes back a snapshot, or goes round without a publication' safety $words
holds 'words: wherever the writer stops, no reader goes round for ever' cycles $words
holds 'time: no reading goes back, but after a late publication, which is counted' safety $time
if [ "${VDK_PROOFS-}" = full ]; then
	optimize=-O2
	holds 'words, two readers' safety -DREADERS=2 -DREADINGS=1 -DUPDATES=2 -DCOUNTER_MAX=0
	holds 'words, three updates' safety -DREADERS=1 -DREADINGS=2 -DUPDATES=3 -DCOUNTER_MAX=0
	holds 'words, three updates, three readings, for ever' cycles -DREADERS=1 -DREADINGS=3 -DUPDATES=3 -DCOUNTER_MAX=0
	holds 'time, two updates' safety -DREADERS=1 -DREADINGS=2 -DUPDATES=2 -DCOUNTER_MAX=4
fi

optimize=-O0
torn='assertion violated (a==b)' order='assertion violated ((t>=floor)||late)' renewed='assertion violated (a>=past)'
uncounted='assertion violated ( !(late)||counted)'
breaks NO_WRITE_FENCE "$torn" safety $words
breaks NO_FLIP_RELEASE "$torn" safety $words
breaks NO_BEGIN_ACQUIRE "$torn" safety $words
breaks NO_RETRY_FENCE "$torn" safety $words
breaks NO_RETRY "$torn" safety $words
breaks FLIP_FIRST "$torn" safety $words
breaks BOTH_SLOTS "$torn" safety $words
breaks WRONG_SLOT "$torn" safety $words
breaks NO_SECOND_FLIP "$torn" safety $words
breaks NO_SECOND_WRITE "$renewed" safety $words
breaks WORD_OF_ANY_SLOT "$renewed" safety $words
breaks NARROW_NUMBER "$torn" safety $words
breaks SEQLOCK 'non-progress cycle' cycles $words
breaks NO_BOUND "$order" safety $time
breaks COUNTER_EARLY "$order" safety $time
breaks COUNTER_AFTER_LOOK "$order" safety $time
breaks LATENESS_BEFORE "$uncounted" safety $time
breaks LATENESS_IN_BUFFER "$uncounted" safety $time

# A variant that no line above runs would be one that nothing has shown to break.
sed -n 's/^#\(ifn*def\|if defined(\|elif defined(\)[ ]*\([A-Z_]*\)).*/\2/p; s/^#ifn*def \([A-Z_]*\)$/\1/p' "$model" |
	grep -vx -e READERS -e READINGS -e UPDATES -e COUNTER_MAX | sort -u > variants
sed -n 's/^breaks \([A-Z_]*\) .*/\1/p' "$OLDPWD/tests/proofs/latch.t" | sort | diff variants - > log
report 'each variant of the model is searched' $?
echo "1..$n"
