#include "harness/bench/bench_conditions.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

#include "base/code_version.h"
#include "harness/bench/bench_ceiling.h"
#include "harness/plan/environment.h"
#include "harness/terminal/command.h"

static double take_load(void)
{
    double load;
    FILE *file = fopen("/proc/loadavg", "r");
    if (!file) return (double)NAN;
    bool is_read = fscanf(file, "%lf", &load) == 1;
    fclose(file);
    return is_read ? load : (double)NAN;
}

ftdn_bench_conditions ftdn_bench_conditions_take(ftdn_conv_algorithm algorithm)
{
    const ftdn_backend *backend = ftdn_backend_find("cpu");
    ftdn_bench_conditions conditions = {
        .n_cores = ftdn_default_threads(),
        .load = take_load(),
        .arithmetic = ftdn_backend_arithmetic(backend, algorithm),
        .library = ftdn_backend_version(backend),
        .compiler = ftdn_environment_compiler(),
        .code_version = FTDN_CODE_VERSION,
        .ceiling_kernel = ftdn_bench_ceiling_kernel(),
    };
    ftdn_environment_cpu(conditions.cpu);
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) strftime(conditions.date, sizeof conditions.date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return conditions;
}

double ftdn_bench_peak_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (double)usage.ru_maxrss * 1024; /* Linux counts in units of 1024 bytes */
}
