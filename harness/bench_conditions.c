#include "harness/bench_conditions.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/bench_ceiling.h"
#include "harness/code_version.h"
#include "harness/command.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void take_cpu(char *cpu, size_t n_bytes)
{
    char line[512];
    snprintf(cpu, n_bytes, "unknown processor");
    FILE *info = fopen("/proc/cpuinfo", "r");
    if (!info) return;
    while (fgets(line, sizeof line, info)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) != 0 || !colon) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(cpu, n_bytes, "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    fclose(info);
}

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
        .compiler = COMPILER,
        .code_version = FTDN_CODE_VERSION,
        .ceiling_kernel = ftdn_bench_ceiling_kernel(),
    };
    take_cpu(conditions.cpu, sizeof conditions.cpu);
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
