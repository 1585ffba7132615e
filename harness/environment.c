#include "harness/environment.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "harness/build_versions.h"
#include "harness/code_version.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

void ftdn_environment_cpu(char ret_name[FTDN_CPU_NAME_BYTES])
{
    char line[512];
    snprintf(ret_name, FTDN_CPU_NAME_BYTES, "unknown processor");
    FILE *info = fopen("/proc/cpuinfo", "r");
    while (info && fgets(line, sizeof line, info)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) != 0 || !colon) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(ret_name, FTDN_CPU_NAME_BYTES, "%.*s", FTDN_CPU_NAME_BYTES - 1, colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (info) fclose(info);
}

const char *ftdn_environment_compiler(void)
{
    return COMPILER;
}

ftdn_status ftdn_environment_record(ftdn_store *store, int64_t *ret_environment, ftdn_error *err)
{
    struct utsname name;
    if (uname(&name) != 0) memset(&name, 0, sizeof name);
    ftdn_text cpu, system;
    ftdn_text_init(&cpu);
    ftdn_text_init(&system);
    char cpu_name[FTDN_CPU_NAME_BYTES];
    ftdn_environment_cpu(cpu_name);
    ftdn_text_append(&cpu, "%s, %ld cores", cpu_name, sysconf(_SC_NPROCESSORS_ONLN));
    ftdn_text_append(&system, "%s %s %s", name.sysname, name.release, name.machine);
    ftdn_status status = ftdn_text_check(&cpu, err);
    if (status == FTDN_OK) status = ftdn_text_check(&system, err);
    const ftdn_environment environment = {
        .code_version = FTDN_CODE_VERSION,
        .compiler = COMPILER,
        .machine = name.nodename,
        .system = system.chars,
        .cpu = cpu.chars,
        .device = "cpu",
        .driver = "",
        .libraries = FTDN_BUILD_LIBRARIES,
    };
    if (status == FTDN_OK) status = ftdn_store_add_environment(store, &environment, ret_environment, err);
    ftdn_text_done(&cpu);
    ftdn_text_done(&system);
    return status;
}
