#include "analysis/report_parts.h"

#include <math.h>

#include "analysis/html.h"

/* [n, n] values in [low, 1] as a shaded table. */
static void write_matrix(const ftdn_report_agreement *agreement, const double *value, const char *title, double low,
                         ftdn_text *html)
{
    int n = agreement->n_rankings;
    ftdn_text_append(html, "<div><h4>%s</h4>\n<div class=\"scroll\"><table class=\"heat\">\n<thead><tr><th>", title);
    for (int i = 0; i < n; i++) {
        ftdn_text_append(html, "<th>");
        ftdn_html_append(html, agreement->ranking[i]);
    }
    ftdn_text_append(html, "</thead>\n<tbody>\n");
    for (int i = 0; i < n; i++) {
        ftdn_text_append(html, "<tr><th scope=\"row\">");
        ftdn_html_append(html, agreement->ranking[i]);
        for (int k = 0; k < n; k++) {
            double v = value[i * n + k];
            int shade = (int)(10 * (v - low) / (1 - low));
            if (i == k || isnan(v)) ftdn_text_append(html, "<td class=\"n\">–");
            else ftdn_text_append(html, "<td class=\"h%d\">%.2f", shade < 0 ? 0 : shade > 9 ? 9 : shade, v);
        }
        ftdn_text_append(html, "\n");
    }
    ftdn_text_append(html, "</table></div></div>\n");
}

ftdn_status ftdn_report_write_rankings(const ftdn_report *report, ftdn_error *err)
{
    ftdn_text *html = report->html;
    (void)err;
    ftdn_report_open_section(report, "rankings", "Rankings and how far they agree");
    ftdn_text_append(
        html, "<p class=\"lead\">Of the channel scores that the store keeps, means over layers. 1 is the same order; "
              "what chance gives is 0 for the correlation and 0.5 for the best half.</p>\n");
    for (int i = 0; i < report->desc->n_agreements; i++) {
        const ftdn_report_agreement *agreement = &report->desc->agreement[i];
        ftdn_text_append(html, "<h3>");
        ftdn_html_append(html, agreement->network);
        ftdn_text_append(html, "</h3>\n<div class=\"figures\">\n");
        write_matrix(agreement, agreement->spearman, "Correlation of ranks (Spearman)", -1, html);
        write_matrix(agreement, agreement->best_half, "Share of the best half that both name", 0, html);
        ftdn_text_append(html, "</div>\n");
    }
    ftdn_text_append(html, "</section>\n");
    return FTDN_OK;
}
