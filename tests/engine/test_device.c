/* test_device.c - the module is found, opened or refused, and devices are asked for in a child process. */
#include "engine/device.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/support/support.h"

/* Set by the build: the fake module (fake_module.c), and a library that is none. */
static const char *fake, *no_module;

static void name_module(const char *path, const char *what_it_does)
{
    assert_int_equal(setenv(FTDN_DEVICE_MODULE_VARIABLE, path, 1), 0);
    assert_int_equal(setenv("FTDN_FAKE_MODULE", what_it_does, 1), 0);
}

static void a_module_is_opened_once_however_often_it_is_asked_for(void **state)
{
    (void)state;
    ftdn_error err = {0};
    const ftdn_device_module *first = NULL, *second = NULL;
    name_module(fake, "");
    FTDN_ASSERT_OK(ftdn_device_module_open(&first, &err), err);
    FTDN_ASSERT_OK(ftdn_device_module_open(&second, &err), err);
    assert_non_null(first);
    assert_ptr_equal(first, second);
}

static void a_module_of_another_build_is_refused(void **state)
{
    (void)state;
    ftdn_error err = {0};
    const ftdn_device_module *module = NULL;
    name_module(fake, "be of another interface");
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND, "they are of different versions", err);
    name_module(fake, "be of another version");
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND, "is of version 0.0.1+g1234567", err);
    assert_non_null(strstr(err.message, "build and install both together"));
    assert_null(module);
}

static void what_is_no_module_is_told_from_what_is_not_there(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const ftdn_device_module *module = NULL;
    char *folder = ftdn_test_create_folder(&arena), *text = ftdn_path_join(&arena, folder, "text.so", &err);
    ftdn_test_write_file(text, "no library", 10);

    name_module("/nowhere/ftdn_cuda.so", "");
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND,
                      "the CUDA module /nowhere/ftdn_cuda.so, which $FTDN_CUDA_MODULE names, does not exist", err);
    name_module(text, "");
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND,
                      "the CUDA module cannot be opened: ", err);
    name_module(no_module, "");
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND,
                      "is no CUDA module: it has no ftdn_device_module_of_cuda", err);
    assert_null(module);
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
}

/* No module lies beside this test. */
static void without_a_module_the_message_says_how_one_is_built(void **state)
{
    (void)state;
    ftdn_error err = {0};
    const ftdn_device_module *module = NULL;
    const ftdn_backend *backend = NULL;
    assert_int_equal(unsetenv(FTDN_DEVICE_MODULE_VARIABLE), 0);
    FTDN_ASSERT_FAILS(ftdn_device_module_open(&module, &err), FTDN_ERR_BACKEND, "'meson setup -Dcuda=enabled'", err);
    FTDN_ASSERT_FAILS(ftdn_backend_open("cuda", &backend, &err), FTDN_ERR_BACKEND,
                      "backend 'cuda': no CUDA module was built", err);
    FTDN_ASSERT_FAILS(ftdn_backend_open("opencl", &backend, &err), FTDN_ERR_BACKEND, "there is no backend 'opencl'",
                      err);
    assert_null(ftdn_backend_find("cuda"));
    assert_null(backend);
    FTDN_ASSERT_OK(ftdn_backend_open("ref", &backend, &err), err);
    assert_ptr_equal(backend, ftdn_backend_find("ref"));
}

static void devices_are_described_by_another_process(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_device_info info[3] = {0};
    int n_devices = 0;
    name_module(fake, "");
    FTDN_ASSERT_OK(ftdn_device_probe(info, 3, &n_devices, &err), err);
    assert_int_equal(n_devices, 2);
    assert_string_equal(info[0].name, "device 0");
    assert_string_equal(info[1].name, "device 1");
    assert_int_equal(info[1].minor, 1);
    assert_true(info[0].free_bytes != (size_t)getpid());
    assert_int_equal(info[2].major, 0);
}

static void more_devices_than_there_is_room_for_are_counted(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_device_info info[2] = {0};
    int n_devices = 0;
    name_module(fake, "");
    FTDN_ASSERT_OK(ftdn_device_probe(info, 1, &n_devices, &err), err);
    assert_int_equal(n_devices, 2);
    assert_string_equal(info[0].name, "device 0");
    assert_string_equal(info[1].name, "");
}

static void why_no_device_answers_is_told(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_device_info info;
    int n_devices = 7;
    name_module(fake, "have no device");
    FTDN_ASSERT_FAILS(ftdn_device_probe(&info, 1, &n_devices, &err), FTDN_ERR_BACKEND,
                      "no device answers: cudaGetDeviceCount: no device", err);
    name_module(fake, "crash");
    FTDN_ASSERT_FAILS(ftdn_device_probe(&info, 1, &n_devices, &err), FTDN_ERR_BACKEND,
                      "no device answers: the process that was asked ended: Segmentation fault", err);
    name_module(fake, "have a broken device");
    ftdn_device_info two[2];
    FTDN_ASSERT_FAILS(ftdn_device_probe(two, 2, &n_devices, &err), FTDN_ERR_BACKEND,
                      "no device answers: cudaMemGetInfo: out of order", err);
    assert_int_equal(n_devices, 7);
}

int main(int argc, char **argv)
{
    assert(argc == 3);
    fake = argv[1];
    no_module = argv[2];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_is_opened_once_however_often_it_is_asked_for),
        cmocka_unit_test(a_module_of_another_build_is_refused),
        cmocka_unit_test(what_is_no_module_is_told_from_what_is_not_there),
        cmocka_unit_test(without_a_module_the_message_says_how_one_is_built),
        cmocka_unit_test(devices_are_described_by_another_process),
        cmocka_unit_test(more_devices_than_there_is_room_for_are_counted),
        cmocka_unit_test(why_no_device_answers_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
