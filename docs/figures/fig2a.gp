# mAP against the fault rate: line = mean over seeds, band = standard deviation.
# Picture of another kind: gnuplot -e 'format="pdf"' (or svg, png) and this file.
if (!exists('format')) format = 'svg'
if (!exists('output')) output = 'fig2a'.'.'.format
set encoding utf8
if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 background 'white' noenhanced
if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 linewidth 3 pointscale 2 noenhanced
if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 noenhanced
set output output

set datafile separator comma columnheaders
set datafile missing NaN
within(x) = x < 0 ? 0 : x > 1 ? 100 : 100 * x # a band ends where mAP does
numbers = 'fig2a'.'.csv'
rate(curve) = column('curve') != curve ? NaN : 100 * (column('weight_rate') + column('feature_map_rate'))
clean = 0.9135349117930988

set title 'Fig. 2(a): faults in weights against faults in feature maps'."\n".'faults: zero'."\n".'SSD-VGG, width 0.125: road scenes '."'".'test'."'".', seed 0, 100 images'."\n".'open circles: the paper'."'".'s own network and images'
set xlabel 'fault rate (%)'
set ylabel 'mAP (%)'
set border 3 linecolor '#444444'
set tics nomirror out
set format '%g'
set grid ytics linecolor '#dddddd' linewidth 0.7
set key outside below center horizontal Left reverse samplen 3 spacing 1.1 height 0.5 width -2 maxcols 2 font ',12'
set yrange [0:*]
set xrange [-0.2:10.2]

$paper0 << end
rate,map
0,77.26
end
$paper1 << end
rate,map
10,77
end
$paper2 << end
rate,map
10,77
end
set style line 1 linecolor rgb '#000000' dashtype solid pointtype 7 pointsize 0.7 linewidth 1.4
set style line 2 linecolor rgb '#0072b2' dashtype (12,5) pointtype 5 pointsize 0.7 linewidth 1.4

plot 100 * clean with lines linecolor rgb '#777777' dashtype (2,3) linewidth 1.2 title 'no faults', \
     numbers using (rate(1)):(within(column('low'))):(within(column('high'))) with filledcurves linestyle 1 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (rate(2)):(within(column('low'))):(within(column('high'))) with filledcurves linestyle 2 fillstyle transparent solid 0.15 noborder notitle, \
     numbers using (rate(1)):(100 * column('mean_map_voc07')) with linespoints linestyle 1 title 'faults in weights (n = 10)', \
     numbers using (rate(2)):(100 * column('mean_map_voc07')) with linespoints linestyle 2 title 'faults in feature maps (n = 10)', \
     $paper0 using 1:2 with points linecolor rgb '#444444' linewidth 1.4 pointtype 6 pointsize 1.3 title 'paper', \
     $paper1 using 1:2 with points linestyle 1 pointtype 6 pointsize 2 title 'paper: faults in weights', \
     $paper2 using 1:2 with points linestyle 2 pointtype 6 pointsize 1.3 title 'paper: faults in feature maps'
