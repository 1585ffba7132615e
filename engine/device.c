#include "engine/device.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/child_answer.h"
#include "base/code_version.h"
#include "base/file.h"
#include "base/real_path.h"

#define MODULE_FILE "ftdn_cuda.so"
#define PROBE_TIMEOUT_MS 30000

ftdn_status ftdn_device_module_find(ftdn_arena *arena, const char **ret_path, ftdn_error *err)
{
    const char *named = getenv(FTDN_DEVICE_MODULE_VARIABLE), *program, *folder, *path;
    if (named && *named) {
        if (!ftdn_file_exists(named))
            return FTDN_FAIL(err, FTDN_ERR_BACKEND, "the CUDA module %s, which $%s names, does not exist", named,
                             FTDN_DEVICE_MODULE_VARIABLE);
        path = ftdn_arena_copy_text(arena, named, strlen(named), err);
        if (!path) return FTDN_ERR_MEMORY;
        *ret_path = path;
        return FTDN_OK;
    }
    static const char *const places[] = {".", FTDN_MODULE_FOLDER};
    FTDN_TRY(ftdn_path_make_real("/proc/self/exe", arena, &program, err));
    folder = program ? ftdn_path_folder(arena, program, err) : ".";
    if (!folder) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *place = ftdn_path_join(arena, folder, places[i], err);
        path = place ? ftdn_path_join(arena, place, MODULE_FILE, err) : NULL;
        if (!path) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_path_make_real(path, arena, &path, err));
        if (!path) continue;
        *ret_path = path;
        return FTDN_OK;
    }
    return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                     "no CUDA module was built: there is no " MODULE_FILE " beside the program; 'meson setup "
                     "-Dcuda=enabled' builds one, or says what it lacks");
}

/* dlopen says "libcudnn.so.9: cannot open shared object file: No such file or directory" of a library that the module
 * needs, and the path of the module where the file itself is at fault. */
static ftdn_status fail_open(const char *path, ftdn_error *err)
{
    const char *cause = dlerror();
    if (!cause) cause = "unknown error";
    size_t n_library = strcspn(cause, ":");
    if (strncmp(cause, path, strlen(path)) != 0 && strstr(cause, "cannot open shared object file"))
        return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                         "%.*s is missing, which the CUDA module %s needs: install it, name its folder in "
                         "LD_LIBRARY_PATH, or take a bundle that has it (tools/bundle)",
                         (int)n_library, cause, path);
    return FTDN_FAIL(err, FTDN_ERR_BACKEND, "the CUDA module cannot be opened: %s", cause);
}

static ftdn_status check_version(const ftdn_device_module *module, const char *path, ftdn_error *err)
{
    if (module->interface_version != FTDN_DEVICE_INTERFACE)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                         "the CUDA module %s has interface %d, this program %d: they are of different versions", path,
                         module->interface_version, FTDN_DEVICE_INTERFACE);
    if (strcmp(module->code_version, FTDN_CODE_VERSION) != 0)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                         "the CUDA module %s is of version %s, this program of %s: build and install both together",
                         path, module->code_version, FTDN_CODE_VERSION);
    return FTDN_OK;
}

static ftdn_status open_module(const char *path, const ftdn_device_module **ret_module, ftdn_error *err)
{
    /* Never closed: contexts, threads and kernels of CUDA live as long as the process. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return fail_open(path, err);
    union {
        void *symbol; /* ISO C knows no cast from an object's address to a function's */
        ftdn_device_module_function *call;
    } entry = {.symbol = dlsym(library, FTDN_DEVICE_MODULE_SYMBOL)};
    if (!entry.symbol) {
        dlclose(library);
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "%s is no CUDA module: it has no %s", path, FTDN_DEVICE_MODULE_SYMBOL);
    }
    const ftdn_device_module *module = entry.call();
    FTDN_TRY(check_version(module, path, err));
    *ret_module = module;
    return FTDN_OK;
}

ftdn_status ftdn_device_module_open(const ftdn_device_module **ret_module, ftdn_error *err)
{
    const char *path;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_device_module_find(&arena, &path, err);
    if (status == FTDN_OK) status = open_module(path, ret_module, err);
    ftdn_arena_done(&arena);
    return status;
}

/* What is asked in the child, and how it answers. */
typedef struct probe_question {
    const ftdn_device_table *device;
    int max_devices;
} probe_question;

typedef struct probe_answer {
    int n_devices, n_infos;
    ftdn_device_info info[]; /* [max_devices] */
} probe_answer;

static ftdn_status ask_devices(void *user, void *ret_answer, ftdn_error *err)
{
    const probe_question *asked = user;
    probe_answer *answer = ret_answer;
    FTDN_TRY(asked->device->count(&answer->n_devices, err));
    for (int i = 0; i < answer->n_devices && i < asked->max_devices; i++) {
        FTDN_TRY(asked->device->describe(i, &answer->info[i], err));
        answer->n_infos++;
    }
    return FTDN_OK;
}

ftdn_status ftdn_device_probe(ftdn_device_info *ret_info, int max_devices, int *ret_n_devices, ftdn_error *err)
{
    const ftdn_device_module *module;
    FTDN_TRY(ftdn_device_module_open(&module, err));
    probe_question asked = {.device = module->device, .max_devices = max_devices};
    size_t n_bytes = sizeof(probe_answer) + (size_t)max_devices * sizeof *ret_info;
    probe_answer *answer = calloc(1, n_bytes);
    if (!answer) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the devices");
    ftdn_status status = ftdn_child_ask(ask_devices, &asked, PROBE_TIMEOUT_MS, answer, n_bytes, err);
    if (status == FTDN_OK) {
        memcpy(ret_info, answer->info, (size_t)answer->n_infos * sizeof *ret_info);
        *ret_n_devices = answer->n_devices;
    } else {
        ftdn_error_context(err, "no device answers");
    }
    free(answer);
    return status;
}
