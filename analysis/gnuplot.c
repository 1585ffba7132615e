#include "analysis/gnuplot.h"

#include <string.h>

#define LONGEST_LINE 68 /* bytes, of a title */

void ftdn_text_append_gnuplot(ftdn_text *text, const char *chars)
{
    ftdn_text_append_bytes(text, "'", 1);
    for (const char *c = chars; *c; c++) {
        if (*c == '\'') ftdn_text_append(text, "'.\"'\".'");
        else ftdn_text_append_bytes(text, *c == '\n' || *c == '\r' ? " " : c, 1);
    }
    ftdn_text_append_bytes(text, "'", 1);
}

/* Lines of at most LONGEST_LINE bytes, broken at line ends and spaces; a longer word is broken between characters of
 * UTF-8. */
static void append_wrapped(ftdn_text *text, const char *chars)
{
    size_t n_left = strlen(chars);
    while (n_left > 0) {
        char line[LONGEST_LINE + 1];
        size_t n = strcspn(chars, "\n");
        if (n > LONGEST_LINE) {
            n = LONGEST_LINE;
            while (n > 0 && chars[n] != ' ') n--;
            for (n = n ? n : LONGEST_LINE; n > 1 && (chars[n] & 0xc0) == 0x80;) n--;
        }
        memcpy(line, chars, n);
        line[n] = '\0';
        ftdn_text_append_gnuplot(text, line);
        while (n < n_left && (chars[n] == ' ' || chars[n] == '\n')) n++;
        chars += n;
        n_left -= n;
        if (n_left > 0) ftdn_text_append(text, ".\"\\n\".");
    }
}

void ftdn_gnuplot_write_terminals(const char *stem, ftdn_text *text)
{
    ftdn_text_append(text, "if (!exists('format')) format = 'svg'\n"
                           "if (!exists('output')) output = ");
    ftdn_text_append_gnuplot(text, stem);
    ftdn_text_append(text, ".'.'.format\n"
                           "set encoding utf8\n"
                           "if (format eq 'svg') set terminal svg size 760,560 font 'sans-serif,14' linewidth 1.5 "
                           "background 'white' noenhanced\n"
                           "if (format eq 'png') set terminal pngcairo size 1520,1120 font 'Sans,14' fontscale 1.75 "
                           "linewidth 3 pointscale 2 noenhanced\n"
                           "if (format eq 'pdf') set terminal pdfcairo size 16cm,12cm font 'Sans,11' linewidth 1.5 "
                           "noenhanced\n"
                           "set output output\n");
}

void ftdn_gnuplot_write_frame(const char *title, const char *x_label, const char *y_label, ftdn_text *text)
{
    ftdn_text_append(text, "\nset title ");
    append_wrapped(text, title);
    ftdn_text_append(text,
                     "\nset xlabel '%s'\n"
                     "set ylabel '%s'\n"
                     "set border 3 linecolor '#444444'\n"
                     "set tics nomirror out\nset format '%%g'\n"
                     "set grid ytics linecolor '#dddddd' linewidth 0.7\n"
                     "set key outside below center horizontal Left reverse samplen 3 spacing 1.1 height 0.5 width -2 "
                     "maxcols 2 font ',12'\n",
                     x_label, y_label);
}

void ftdn_gnuplot_write_style(const ftdn_line_style *style, int number, ftdn_text *text)
{
    ftdn_text_append(text,
                     "set style line %d linecolor rgb '%s' dashtype %s pointtype %d pointsize 0.7 linewidth 1.4\n",
                     number, style->colour, style->dash, style->marker);
}
