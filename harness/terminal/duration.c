#include "harness/terminal/duration.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ftdn_duration_text(double seconds, char text[32])
{
    long s = lround(seconds < 0 ? 0 : seconds);
    if (s < 60) snprintf(text, 32, "%ld s", s);
    else if (s < 3600) snprintf(text, 32, "%ld min %ld s", s / 60, s % 60);
    else snprintf(text, 32, "%ld h %ld min", s / 3600, s / 60 % 60);
    return text;
}

/* Seconds of a unit; 0 where it is none. */
static double unit_s(char unit)
{
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    default: return 0;
    }
}

ftdn_status ftdn_duration_parse(const char *text, double *ret_seconds, ftdn_error *err)
{
    double seconds = 0, last_unit = (double)INFINITY;
    bool is_good = *text != 0;
    for (const char *at = text; *at && is_good;) {
        char *end;
        is_good = isdigit((unsigned char)*at);
        double number = strtod(at, &end);
        double unit = *end ? unit_s(*end) : 1;
        bool stands_alone = *end == 0 && at == text;
        is_good = is_good && (stands_alone || (*end && unit > 0 && unit < last_unit)) &&
                  strspn(at, "0123456789.") == (size_t)(end - at);
        seconds += number * unit;
        last_unit = unit;
        at = *end ? end + 1 : end;
    }
    if (!is_good || !(seconds > 0) || seconds > 1e9)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no length of time; allowed: as in 90s, 45m, 8h, 1h30m, 2d", text);
    *ret_seconds = seconds;
    return FTDN_OK;
}
