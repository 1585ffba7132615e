#include "harness/process_memory.h"

#include <stdio.h>
#include <string.h>

/* The sum of all lines "KEY...:  N kB" whose key begins so. */
static double sum_lines(const char *path, const char *key)
{
    char line[256];
    double sum = 0, kilobytes;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) == 0 && colon && sscanf(colon + 1, "%lf kB", &kilobytes) == 1)
            sum += kilobytes * 1024;
    }
    if (file) fclose(file);
    return sum;
}

double ftdn_process_private_bytes(pid_t process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)process);
    return sum_lines(path, "Private_");
}

double ftdn_process_own_bytes(void)
{
    return sum_lines("/proc/self/status", "VmRSS");
}
