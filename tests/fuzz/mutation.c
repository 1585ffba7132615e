#include "tests/fuzz/mutation.h"

#include <string.h>

/* xorshift64. */
uint64_t ftdn_mutation_draw(ftdn_mutation *mutation)
{
    uint64_t x = mutation->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return mutation->random = x;
}

/* 0 ... n - 1; 0 where n is 0. */
static size_t draw_below(ftdn_mutation *m, size_t n)
{
    return n ? (size_t)(ftdn_mutation_draw(m) >> 8) % n : 0;
}

/* A length: short ones are as likely as long ones. */
static size_t draw_length(ftdn_mutation *m, size_t most)
{
    static const size_t scales[] = {2, 8, 64, 1024, SIZE_MAX};
    size_t scale = scales[draw_below(m, sizeof scales / sizeof *scales)];
    return draw_below(m, (most < scale ? most : scale) + 1);
}

/* Put n_new bytes in the place of n_old at `at`; what does not fit into the capacity is left out. */
static void replace(ftdn_mutation *m, size_t at, size_t n_old, const char *bytes, size_t n_new)
{
    size_t n_behind = m->n_bytes - at - n_old;
    if (n_new > m->capacity - at) n_new = m->capacity - at;
    if (n_behind > m->capacity - at - n_new) n_behind = m->capacity - at - n_new;
    memmove(m->bytes + at + n_new, m->bytes + at + n_old, n_behind);
    if (bytes && n_new) memcpy(m->bytes + at, bytes, n_new);
    m->n_bytes = at + n_new + n_behind;
}

static void flip_bit(ftdn_mutation *m)
{
    if (m->n_bytes == 0) return;
    m->bytes[draw_below(m, m->n_bytes)] ^= (char)(1 << draw_below(m, 8));
}

static void set_byte(ftdn_mutation *m)
{
    if (m->n_bytes == 0) return;
    m->bytes[draw_below(m, m->n_bytes)] = (char)ftdn_mutation_draw(m);
}

static void cut(ftdn_mutation *m)
{
    m->n_bytes = draw_below(m, m->n_bytes + 1);
}

static void delete_part(ftdn_mutation *m)
{
    size_t at = draw_below(m, m->n_bytes + 1);
    replace(m, at, draw_length(m, m->n_bytes - at), NULL, 0);
}

/* A part of the input itself once more, elsewhere, over what is there or between. */
static void repeat_part(ftdn_mutation *m)
{
    char part[4096];
    size_t from = draw_below(m, m->n_bytes + 1), to = draw_below(m, m->n_bytes + 1);
    size_t n_part = draw_length(m, m->n_bytes - from), n_old = 0;
    if (n_part > sizeof part) n_part = sizeof part;
    memcpy(part, m->bytes + from, n_part);
    if (ftdn_mutation_draw(m) >> 63) n_old = n_part < m->n_bytes - to ? n_part : m->n_bytes - to;
    replace(m, to, n_old, part, n_part);
}

static void insert_noise(ftdn_mutation *m)
{
    char noise[32];
    size_t n_noise = 1 + draw_below(m, sizeof noise);
    for (size_t i = 0; i < n_noise; i++) noise[i] = (char)ftdn_mutation_draw(m);
    replace(m, draw_below(m, m->n_bytes + 1), 0, noise, n_noise);
}

/* An integer of 1, 2, 4 or 8 bytes in either order. */
static void put_extreme_integer(ftdn_mutation *m)
{
    static const uint64_t values[] = {0,          1,
                                      0x7f,       0x80,
                                      0xff,       0x100,
                                      0x7fff,     0x8000,
                                      0xffff,     0x10000,
                                      0x7fffffff, 0x80000000,
                                      0xffffffff, 0x100000000,
                                      INT64_MAX,  INT64_MAX + UINT64_C(1),
                                      UINT64_MAX, UINT64_MAX - 1};
    size_t n_bytes = (size_t)1 << draw_below(m, 4);
    if (m->n_bytes < n_bytes) return;
    size_t at = draw_below(m, m->n_bytes - n_bytes + 1);
    uint64_t value = values[draw_below(m, sizeof values / sizeof *values)], order = ftdn_mutation_draw(m) >> 63;
    for (size_t i = 0; i < n_bytes; i++) m->bytes[at + (order ? n_bytes - 1 - i : i)] = (char)(value >> 8 * i);
}

/* The digits of a decimal, wherever one begins next. */
static void put_extreme_decimal(ftdn_mutation *m)
{
    static const char *const values[] = {
        "0",
        "-1",
        "1",
        "2147483647",
        "2147483648",
        "-2147483649",
        "4294967296",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "1e308",
        "1e-320",
        "-0",
        "0.1e1",
        "99999999999999999999999999999999999999",
        "1e999999999",
        "16385",
        "65536",
        "00",
        "0x10",
        "nan",
        "inf",
    };
    size_t at = draw_below(m, m->n_bytes), n_old = 0;
    while (at < m->n_bytes && (m->bytes[at] < '0' || m->bytes[at] > '9')) at++;
    while (at + n_old < m->n_bytes && m->bytes[at + n_old] >= '0' && m->bytes[at + n_old] <= '9') n_old++;
    const char *value = values[draw_below(m, sizeof values / sizeof *values)];
    if (n_old) replace(m, at, n_old, value, strlen(value));
}

static void put_word(ftdn_mutation *m, const char *const *word)
{
    size_t n_words = 0;
    while (word && word[n_words]) n_words++;
    if (n_words == 0) return;
    const char *chosen = word[draw_below(m, n_words)];
    size_t n_chars = strlen(chosen), at = draw_below(m, m->n_bytes + 1), n_old = 0;
    if (ftdn_mutation_draw(m) >> 63) n_old = draw_length(m, m->n_bytes - at);
    replace(m, at, n_old, chosen, n_chars);
}

/* From some place on, another seed. */
static void splice(ftdn_mutation *m, const ftdn_fuzz_corpus *corpus)
{
    const ftdn_text *other = &corpus->seed[draw_below(m, (size_t)corpus->n_seeds)];
    size_t at = draw_below(m, m->n_bytes + 1), from = draw_below(m, other->n_chars + 1);
    replace(m, at, m->n_bytes - at, other->chars + from, other->n_chars - from);
}

/* One byte, very often. */
static void swell(ftdn_mutation *m)
{
    char run[512];
    size_t at = draw_below(m, m->n_bytes);
    if (m->n_bytes == 0) return;
    memset(run, m->bytes[at], sizeof run);
    for (size_t n = draw_below(m, 8) + 1; n > 0; n--) replace(m, at, 0, run, sizeof run);
}

void ftdn_mutation_make(ftdn_mutation *m, const ftdn_fuzz_corpus *corpus, const ftdn_fuzz_reader *reader)
{
    const ftdn_text *seed = &corpus->seed[draw_below(m, (size_t)corpus->n_seeds)];
    m->n_bytes = seed->n_chars < m->capacity ? seed->n_chars : m->capacity;
    if (m->n_bytes) memcpy(m->bytes, seed->chars, m->n_bytes);
    for (size_t n = (size_t)1 << draw_below(m, 3); n > 0; n--) {
        switch (draw_below(m, 14)) {
        case 0: cut(m); break;
        case 1: delete_part(m); break;
        case 2: repeat_part(m); break;
        case 3: insert_noise(m); break;
        case 4:
        case 5: put_extreme_integer(m); break;
        case 6:
        case 7: put_extreme_decimal(m); break;
        case 8:
        case 9: put_word(m, reader->word); break;
        case 10: splice(m, corpus); break;
        case 11: swell(m); break;
        case 12: set_byte(m); break;
        default: flip_bit(m); break;
        }
    }
}
