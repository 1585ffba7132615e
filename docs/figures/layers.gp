# Picture of another kind: gnuplot -e 'format="pdf"' (or svg, png) and this file.
if (!exists('format')) format = 'svg'
if (!exists('output')) output = 'layers'.'.'.format
set encoding utf8
if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 background 'white' noenhanced
if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 linewidth 3 pointscale 2 noenhanced
if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 noenhanced
set output output

set datafile separator comma columnheaders
set datafile missing NaN
numbers = 'layers'.'.csv'
place(curve) = column('curve') == curve ? column('x') : NaN

set title 'Faults in one layer alone'."\n".'faults: zero'."\n".'SSD-MobileNet, width 0.25: road scenes '."'".'test'."'".', seed 0, 200 images'
set xlabel 'the layer that alone is hit'
set ylabel 'mAP (%)'
set border 3 linecolor '#444444'
set tics nomirror out
set format '%g'
set grid ytics linecolor '#dddddd' linewidth 0.7
set key outside below center horizontal Left reverse samplen 3 spacing 1.1 height 0.5 width -2 maxcols 2 font ',12'
set yrange [0:*]
set xrange [0.5:13.5]
set xtics rotate by 45 right ('base_net.1' 1, 'base_net.2' 2, 'base_net.3' 3, 'base_net.4' 4, 'base_net.5' 5, 'base_net.6' 6, 'base_net.7' 7, 'base_net.8' 8, 'base_net.9' 9, 'base_net.10' 10, 'base_net.11' 11, 'base_net.12' 12, 'base_net.13' 13)

set style line 1 linecolor rgb '#000000' dashtype solid pointtype 7 pointsize 0.7 linewidth 1.4
set style line 2 linecolor rgb '#0072b2' dashtype (12,5) pointtype 5 pointsize 0.7 linewidth 1.4

plot 85.0288 with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 title 'no faults', \
     numbers using (place(1)):'low':'high' with filledcurves linestyle 1 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (place(2)):'low':'high' with filledcurves linestyle 2 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (place(1)):'y' with linespoints linestyle 1 title '10 % of its weights (n = 10)', \
     numbers using (place(2)):'y' with linespoints linestyle 2 title '10 % of its map (n = 10)'
