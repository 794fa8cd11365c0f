# SPDX-License-Identifier: MIT
# The pictures of docs/timekeeping.md: reads DIR/*.dat, writes DIR/*.svg. DIR is the first argument.
set terminal svg size 960,420 font "sans-serif,13" background rgb "white"
set grid
set key outside top center horizontal
dir = ARG1."/"

set output dir."slew.svg"
set title "adjtime of 5 ms: 500 ppm, from the next second on"
set xlabel "s since the request, by MONOTONIC\\_RAW"
set ylabel "REALTIME, ms ahead of before"
set yrange [-0.5:5.5]
plot "<grep '^slew' ".dir."slew.dat" using 2:3 with lines lw 2 title "REALTIME - MONOTONIC\\_RAW", \
	"" using 2:($2 < 1 ? 0 : $2 < 11 ? ($2 - 1) / 2 : 5) with lines dt 2 lc rgb "black" title "0.5 ms per second"

set output dir."leap.svg"
set title "A leap second, inserted and deleted"
set xlabel "s since the last midnight without it, by MONOTONIC\\_RAW"
set ylabel "s ahead of before"
set yrange [-1.4:1.4]
set xrange [-2.5:2.5]
plot "<grep '^insert' ".dir."slew.dat" using 2:($3 / 1000) with steps lw 2 title "REALTIME, inserted", \
	"<grep '^delete' ".dir."slew.dat" using 2:($3 / 1000) with steps lw 2 title "REALTIME, deleted", \
	"<grep '^insert' ".dir."slew.dat" using 2:($4 / 1000) with lines dt 2 lc rgb "black" title "TAI, both times", \
	"<grep '^delete' ".dir."slew.dat" using 2:($4 / 1000) with lines dt 2 lc rgb "black" notitle
set xrange [*:*]

set output dir."drift.svg"
set title "Error against exact arithmetic, a counter of 2893202000 Hz that nobody disciplines"
set xlabel "time, s"
set ylabel "greatest error so far, ns"
set logscale xy
set format "10^{%L}"
set yrange [0.1:1e11]
set xrange [1:4e8]
set label 1 "a day" at 86400,0.12 left rotate by 90
set label 2 "a year" at 31557600,0.12 left rotate by 90
set arrow 1 from 86400,0.1 to 86400,1e11 nohead dt 3
set arrow 2 from 31557600,0.1 to 31557600,1e11 nohead dt 3
plot dir."drift.dat" using 1:3 with lines lw 2 title "multiplier of 32 bits", \
	"" using 1:2 with lines lw 2 title "vdk"
unset label
unset arrow
unset logscale x

set output dir."reads.svg"
set title "The vDSO's MONOTONIC less the system call's, a million readings between two calls each"
set xlabel "ns"
set ylabel "readings"
set format x "%g"
set xrange [-2000:2000]
set yrange [0.5:3e6]
set arrow 1 from 0,0.5 to 0,3e6 nohead lc rgb "black"
set style fill solid 0.8
set boxwidth 20
plot dir."reads.dat" using ($2 + 10):($3 > 0 ? $3 : NaN) with boxes title "less the call before", \
	"" using (-$2 - 10):($4 > 0 ? $4 : NaN) with boxes title "less the call after"
