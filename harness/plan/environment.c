#include "harness/plan/environment.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/code_version.h"
#include "base/text.h"
#include "harness/plan/build_versions.h"

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

/* The libraries of the build, behind those of the device: "CUDA 13.0, cuDNN 9.19.0". */
static void append_libraries(const ftdn_device_info *device, ftdn_text *text)
{
    const char *item = device ? device->libraries : "";
    ftdn_text_append(text, "{");
    while (*item) {
        size_t n_item = strcspn(item, ","), n_name = n_item;
        while (n_name > 0 && item[n_name - 1] != ' ') n_name--;
        ftdn_text_append(text, "\"%.*s\":\"%.*s\",", n_name > 0 ? (int)n_name - 1 : (int)n_item, item,
                         (int)(n_item - n_name), item + n_name);
        item += n_item;
        item += strspn(item, ", ");
    }
    ftdn_text_append(text, "%s", &FTDN_BUILD_LIBRARIES[1]);
}

ftdn_status ftdn_environment_record(ftdn_store *store, const ftdn_device_info *device, int64_t *ret_environment,
                                    ftdn_error *err)
{
    struct utsname name;
    if (uname(&name) != 0) memset(&name, 0, sizeof name);
    ftdn_text cpu, system, libraries;
    ftdn_text_init(&cpu);
    ftdn_text_init(&system);
    ftdn_text_init(&libraries);
    char cpu_name[FTDN_CPU_NAME_BYTES];
    ftdn_environment_cpu(cpu_name);
    ftdn_text_append(&cpu, "%s, %ld cores", cpu_name, sysconf(_SC_NPROCESSORS_ONLN));
    ftdn_text_append(&system, "%s %s %s", name.sysname, name.release, name.machine);
    append_libraries(device, &libraries);
    ftdn_status status = ftdn_text_check(&cpu, err);
    if (status == FTDN_OK) status = ftdn_text_check(&libraries, err);
    if (status == FTDN_OK) status = ftdn_text_check(&system, err);
    const ftdn_environment environment = {
        .code_version = FTDN_CODE_VERSION,
        .compiler = COMPILER,
        .machine = name.nodename,
        .system = system.chars,
        .cpu = cpu.chars,
        .device = device ? device->name : "cpu",
        .driver = device ? device->driver : "",
        .libraries = libraries.chars,
    };
    if (status == FTDN_OK) status = ftdn_store_add_environment(store, &environment, ret_environment, err);
    ftdn_text_done(&cpu);
    ftdn_text_done(&system);
    ftdn_text_done(&libraries);
    return status;
}
