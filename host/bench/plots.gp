# SPDX-License-Identifier: MIT
# The plots of the benchmark, by gnuplot: reads DIR/*.dat, writes DIR/*.svg. DIR is the first argument.
set terminal svg size 960,480 font "sans-serif,13" background rgb "white"
set style data histograms
set style fill solid 0.8 border -1
set grid ytics
set key outside top center horizontal width 3
# Names have underscores, which would lower what follows.
set termoption noenhanced
set xtics rotate by -25 nomirror

set yrange [0:*]
set ylabel "ns per call, median"
set output ARG1."/calls.svg"
set title "One thread, back to back, no writer"
plot ARG1."/calls.dat" using 2:xtic(1) title "vdk", "" using 3 title "host's vDSO", "" using 4 with lines lw 2 lc rgb "black" title "floor"

set output ARG1."/cold.svg"
set title "Data and code flushed before each call"
plot ARG1."/calls.dat" using 5:xtic(1) title "vdk", "" using 6 title "host's vDSO", "" using 7 with lines lw 2 lc rgb "black" title "floor"

set output ARG1."/settings.svg"
set title "vdk's time by the host's vDSO's, medians"
set ylabel "ratio"
set bmargin 8
set rmargin 12
plot ARG1."/settings.dat" using 2:xtic(1) title "REALTIME", "" using 3 title "MONOTONIC", "" using 4 title "MONOTONIC_RAW"

set output ARG1."/worst.svg"
set title "MONOTONIC while the writer is stopped in mid-update"
set bmargin
set rmargin
set termoption enhanced
set xtics norotate
set style data lines
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set yrange [*:1]
set xrange [10:*]
set grid xtics
set xlabel "ns"
set ylabel "part of calls that take that long or longer"
plot for [i=0:2] ARG1."/worst.dat" index i using 1:2 with steps lw 2 title columnheader(1)
