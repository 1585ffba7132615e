/* support.h - what tests share: reference data, .npy files, temporary folders. Failures end the test. */
#ifndef FTDN_TESTS_SUPPORT_SUPPORT_H
#define FTDN_TESTS_SUPPORT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

/* Skip the running test where FTDN_SHARED, the folder of the reference data, is not set. */
void ftdn_test_require_shared(void);

/* "$FTDN_SHARED/relative"; skips the test where FTDN_SHARED is not set. */
char *ftdn_test_shared_path(ftdn_arena *arena, const char *relative);

typedef struct ftdn_test_npy {
    int n_dims;
    int64_t dims[8];
    size_t n_elements;
    const float *values; /* float32 or uint8 files, converted; row-major */
} ftdn_test_npy;

ftdn_test_npy ftdn_test_load_npy(ftdn_arena *arena, const char *path);
const ftdn_json *ftdn_test_load_json(ftdn_arena *arena, const char *path);

/* A new empty folder under $TMPDIR or /tmp; ftdn_test_remove_folder deletes it with all it holds. */
char *ftdn_test_create_folder(ftdn_arena *arena);
void ftdn_test_remove_folder(const char *path);

/* "folder/name" */
char *ftdn_test_join(ftdn_arena *arena, const char *folder, const char *name);

/* What the text holds, kept in the arena; the text itself is done with. The test fails where the text is incomplete. */
char *ftdn_test_keep_text(ftdn_text *text, ftdn_arena *arena);

/* A whole file, a 0 behind it. ret_n_bytes: without the 0; may be NULL. */
char *ftdn_test_load_file(ftdn_arena *arena, const char *path, size_t *ret_n_bytes);

/* Write bytes to a file; the folder must exist. */
void ftdn_test_write_file(const char *path, const void *bytes, size_t n_bytes);

/* FTDN_OK, or the test fails with the error's message. */
#define FTDN_ASSERT_OK(call, err)                                                                                      \
    do {                                                                                                               \
        if ((call) != FTDN_OK) fail_msg("%s: %s", #call, (err).message);                                               \
    } while (0)

/* The call fails with this status and a message that contains the fragment. */
#define FTDN_ASSERT_FAILS(call, expected_status, fragment, err)                                                        \
    do {                                                                                                               \
        assert_int_equal((call), (expected_status));                                                                   \
        if (!strstr((err).message, (fragment))) fail_msg("'%s' lacks '%s'", (err).message, (fragment));                \
    } while (0)

#endif
