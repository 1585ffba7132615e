#include "harness/npy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/size.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are written as they lie in memory");

/* In front of the header's text: "\x93NUMPY", version 1.0, length of the text (2 bytes, low byte first). */
#define N_PREAMBLE 10
#define ALIGNMENT 64 /* of the data within the file */
#define N_HEADER (4 * ALIGNMENT)

/* {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, blanks up to the alignment, a line feed. Returns the
 * length. Eight dims of 19 characters fit. */
static size_t format_header(int n_dims, const int64_t *dims, char ret_header[N_HEADER])
{
    size_t n = N_PREAMBLE;
    memcpy(ret_header, "\x93NUMPY\x01\x00", 8);
    n += (size_t)snprintf(ret_header + n, N_HEADER - n, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < n_dims; i++)
        n += (size_t)snprintf(ret_header + n, N_HEADER - n, "%s%" PRId64, i ? ", " : "", dims[i]);
    n += (size_t)snprintf(ret_header + n, N_HEADER - n, "%s), }", n_dims == 1 ? "," : "");
    assert(n < N_HEADER);
    while ((n + 1) % ALIGNMENT) ret_header[n++] = ' ';
    ret_header[n++] = '\n';
    ret_header[8] = (char)((n - N_PREAMBLE) & 0xff);
    ret_header[9] = (char)((n - N_PREAMBLE) >> 8);
    return n;
}

ftdn_status ftdn_npy_write(const char *path, const float *values, int n_dims, const int64_t *dims, ftdn_error *err)
{
    assert(n_dims >= 0 && n_dims <= FTDN_NPY_MAX_DIMS);
    char header[N_HEADER];
    size_t n_header = format_header(n_dims, dims, header), n_data = sizeof *values, n_bytes;
    bool fits = true;
    for (int i = 0; i < n_dims; i++) fits = fits && ftdn_size_mul(n_data, (size_t)dims[i], &n_data);
    if (!fits || !ftdn_size_add(n_header, n_data, &n_bytes))
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: the size of its tensor overflows", path);
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    char *bytes = FTDN_NEW(&arena, n_bytes, char, err);
    ftdn_status status = FTDN_ERR_MEMORY;
    if (!bytes) goto done;
    memcpy(bytes, header, n_header);
    if (n_data) memcpy(bytes + n_header, values, n_data);
    status = ftdn_file_write_atomic(path, bytes, n_bytes, err);
done:
    ftdn_arena_done(&arena);
    return status;
}
