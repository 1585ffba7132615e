# mAP against the fault rate: line = mean over seeds, bar = standard deviation.
# Picture of another kind: gnuplot -e 'format="pdf"' (or svg, png) and this file.
if (!exists('format')) format = 'svg'
if (!exists('output')) output = 'copies'.'.'.format
set encoding utf8
if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 background 'white' noenhanced
if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 linewidth 3 pointscale 2 noenhanced
if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 noenhanced
set output output

set datafile separator comma columnheaders
set datafile missing NaN
within(x) = x < 0 ? 0 : x > 1 ? 100 : 100 * x # a band ends where mAP does
numbers = 'copies'.'.csv'
rate(curve) = column('curve') != curve ? NaN : 100 * column('weight_rate') + 0.054 * (curve - 3) * (column('weight_rate') > 0)
clean = 0.8502877030052154

set title 'Stored copies with faults of their own, and without'."\n".'faults: zero'."\n".'SSD-MobileNet, width 0.25: road scenes '."'".'test'."'".', seed 0, 200 images'
set xlabel 'weight fault rate (%)'
set ylabel 'mAP (%)'
set border 3 linecolor '#444444'
set tics nomirror out
set format '%g'
set grid ytics linecolor '#dddddd' linewidth 0.7
set key outside below center horizontal Left reverse samplen 3 spacing 1.1 height 0.5 width -2 maxcols 2 font ',12'
set yrange [0:*]
set xrange [-0.228:6.228]

set style line 1 linecolor rgb '#000000' dashtype solid pointtype 7 pointsize 0.7 linewidth 1.4
set style line 2 linecolor rgb '#d55e00' dashtype (12,5) pointtype 5 pointsize 0.7 linewidth 1.4
set style line 3 linecolor rgb '#e69f00' dashtype (12,5) pointtype 9 pointsize 0.7 linewidth 1.4
set style line 4 linecolor rgb '#0072b2' dashtype (3,4) pointtype 13 pointsize 0.7 linewidth 1.4
set style line 5 linecolor rgb '#56b4e9' dashtype (3,4) pointtype 11 pointsize 0.7 linewidth 1.4

plot 100 * clean with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 title 'no faults', \
     numbers using (rate(1)):(within(column('mean_map_voc07'))):(within(column('low'))):(within(column('high'))) with yerrorbars linestyle 1 dashtype solid linewidth 1 pointsize 0 notitle, \
     numbers using (rate(2)):(within(column('mean_map_voc07'))):(within(column('low'))):(within(column('high'))) with yerrorbars linestyle 2 dashtype solid linewidth 1 pointsize 0 notitle, \
     numbers using (rate(3)):(within(column('mean_map_voc07'))):(within(column('low'))):(within(column('high'))) with yerrorbars linestyle 3 dashtype solid linewidth 1 pointsize 0 notitle, \
     numbers using (rate(4)):(within(column('mean_map_voc07'))):(within(column('low'))):(within(column('high'))) with yerrorbars linestyle 4 dashtype solid linewidth 1 pointsize 0 notitle, \
     numbers using (rate(5)):(within(column('mean_map_voc07'))):(within(column('low'))):(within(column('high'))) with yerrorbars linestyle 5 dashtype solid linewidth 1 pointsize 0 notitle, \
     numbers using (rate(1)):(100 * column('mean_map_voc07')) with linespoints linestyle 1 title 'unprotected (n = 10)', \
     numbers using (rate(2)):(100 * column('mean_map_voc07')) with linespoints linestyle 2 title 'FMR 50 %, copies clean (n = 10)', \
     numbers using (rate(3)):(100 * column('mean_map_voc07')) with linespoints linestyle 3 title 'FMR 50 %, copies independent (n = 10)', \
     numbers using (rate(4)):(100 * column('mean_map_voc07')) with linespoints linestyle 4 title 'KR 50 %, copies clean (n = 10)', \
     numbers using (rate(5)):(100 * column('mean_map_voc07')) with linespoints linestyle 5 title 'KR 50 %, copies independent (n = 10)'
