# Picture of another kind: gnuplot -e 'format="pdf"' (or svg, png) and this file.
if (!exists('format')) format = 'svg'
if (!exists('output')) output = 'seeds'.'.'.format
set encoding utf8
if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 background 'white' noenhanced
if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 linewidth 3 pointscale 2 noenhanced
if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 noenhanced
set output output

set datafile separator comma columnheaders
set datafile missing NaN
numbers = 'seeds'.'.csv'
place(curve) = column('curve') == curve ? column('x') : NaN

set title 'How well a mean of n seeds is known, 1 % weight and map faults'."\n".'faults: zero'."\n".'SSD-MobileNet, width 0.25: road scenes '."'".'test'."'".', seed 0, 200 images'
set xlabel 'seeds'
set ylabel 'half width of the 95 % interval of mAP (%)'
set border 3 linecolor '#444444'
set tics nomirror out
set format '%g'
set grid ytics linecolor '#dddddd' linewidth 0.7
set key outside below center horizontal Left reverse samplen 3 spacing 1.1 height 0.5 width -2 maxcols 2 font ',12'
set yrange [0:*]
set xrange [2.5:20.5]

set style line 1 linecolor rgb '#000000' dashtype solid pointtype 7 pointsize 0.7 linewidth 1.4
set style line 2 linecolor rgb '#d55e00' dashtype (12,5) pointtype 5 pointsize 0.7 linewidth 1.4
set style line 3 linecolor rgb '#0072b2' dashtype (3,4) pointtype 9 pointsize 0.7 linewidth 1.4

plot numbers using (place(1)):'low':'high' with filledcurves linestyle 1 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (place(2)):'low':'high' with filledcurves linestyle 2 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (place(3)):'low':'high' with filledcurves linestyle 3 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (place(1)):'y' with linespoints linestyle 1 title 'unprotected (n = 20)', \
     numbers using (place(2)):'y' with linespoints linestyle 2 title 'FMR 50 % (n = 20)', \
     numbers using (place(3)):'y' with linespoints linestyle 3 title 'KR 50 % (n = 20)'
