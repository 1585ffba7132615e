/* Fault sites: the bulk scan against the definition, nesting, rate and position, the documented vectors. */
#include <math.h>
#include <string.h>

#include "injectors/fault.h"
#include "injectors/site_scan.h"
#include "tests/support/support.h"

static ftdn_site_stream stream_of(uint64_t seed, const char *layer, uint64_t image)
{
    return ftdn_site_stream_make(seed, ftdn_layer_id(layer), FTDN_LOCATION_FEATURE_MAP, 0, image);
}

/* The vectors of docs/fault-sites.md. */
static void the_documented_vectors_hold(void **state)
{
    (void)state;
    assert_int_equal(ftdn_layer_id("base_net.1.3"), 0x62885388u);
    ftdn_site_stream map = ftdn_site_stream_make(7, ftdn_layer_id("base_net.1.3"), FTDN_LOCATION_FEATURE_MAP, 0, 21);
    ftdn_site_stream weights = ftdn_site_stream_make(7, ftdn_layer_id("base_net.1.3"), FTDN_LOCATION_WEIGHTS, 1, 0);
    const ftdn_site_stream expected_map = {0x270a82bau, 0x4a9b85b8u, 0x9df1d48fu, 0x6d915729u},
                           expected_weights = {0x111daae9u, 0x3c578786u, 0xa84bf109u, 0x53674162u};
    assert_memory_equal(&map, &expected_map, sizeof map);
    assert_memory_equal(&weights, &expected_weights, sizeof weights);
    static const uint64_t element[6] = {0, 1, 2, 31, 32, 1000000};
    static const uint32_t select[6] = {0x19d8u, 0x301eu, 0x3e26u, 0xd025u, 0x3012u, 0x3db3u};
    static const uint64_t refine[2] = {UINT64_C(0x53244b6101c4), UINT64_C(0x297fe6052d74)};
    for (int i = 0; i < 6; i++) assert_int_equal(ftdn_site_select_bits(map, element[i]), select[i]);
    for (int i = 0; i < 2; i++) assert_int_equal(ftdn_site_refine_bits(map, element[i]), refine[i]);
    static const uint32_t hit[] = {5, 83, 446, 756, 788};
    uint32_t offset[1024];
    int n_hits = ftdn_site_find(ftdn_site_scan_portable, map, ftdn_site_threshold_of(0.01), 0, 1024, offset);
    assert_int_equal(n_hits, sizeof hit / sizeof *hit);
    assert_memory_equal(offset, hit, sizeof hit);
}

static const double rates[] = {0, 1e-9, 1e-5, 0.0001, 0.01, 0.1, 0.25, 0.5, 0.9, 0.999999, 1};
enum { n_rates = sizeof rates / sizeof *rates };

static void every_scan_finds_what_the_definition_says(void **state)
{
    (void)state;
    ftdn_site_scan scans[3] = {ftdn_site_scan_portable, ftdn_site_scan_choose(), ftdn_site_scan_choose()};
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) scans[2] = ftdn_site_scan_avx2;
#endif
    /* Starts around 2^32 blocks and at large indices; lengths that end inside words and groups. */
    static const uint64_t starts[] = {0, 128, 4096, (UINT64_C(1) << 35) - 4096, UINT64_C(1) << 40};
    static const int lengths[] = {0, 1, 31, 32, 33, 127, 129, 1000, FTDN_SITE_CHUNK};
    for (int s = 0; s < 3; s++) {
        for (int r = 0; r < n_rates; r++) {
            for (size_t a = 0; a < sizeof starts / sizeof *starts; a++) {
                ftdn_site_stream stream = stream_of(11 + a, "layer", a);
                ftdn_site_threshold threshold = ftdn_site_threshold_of(rates[r]);
                int n_elements = lengths[(a + (size_t)r * 5) % (sizeof lengths / sizeof *lengths)];
                uint32_t offset[FTDN_SITE_CHUNK];
                int n_hits = ftdn_site_find(scans[s], stream, threshold, starts[a], n_elements, offset);
                int n_expected = 0;
                for (int i = 0; i < n_elements; i++) {
                    if (!ftdn_site_is_hit(stream, starts[a] + (uint64_t)i, threshold)) continue;
                    assert_true(n_expected < n_hits);
                    assert_int_equal(offset[n_expected++], i);
                }
                assert_int_equal(n_hits, n_expected);
            }
        }
    }
}

/* A tie in the first 16 bits happens once in 65,536: force many by a threshold with those bits in use. */
static void ties_are_settled_by_all_64_bits(void **state)
{
    (void)state;
    ftdn_site_stream stream = stream_of(3, "ties", 1);
    uint32_t offset[FTDN_SITE_CHUNK];
    int n_ties = 0;
    for (uint64_t first = 0; first < 400 * FTDN_SITE_CHUNK; first += FTDN_SITE_CHUNK) {
        for (uint64_t e = first; e < first + 16; e++) {
            uint64_t u = (uint64_t)ftdn_site_select_bits(stream, e) << 48 | ftdn_site_refine_bits(stream, e);
            const ftdn_site_threshold at = {u, 0}, above = {u + 1, 0};
            assert_false(ftdn_site_is_hit(stream, e, at));
            assert_true(ftdn_site_is_hit(stream, e, above));
            int without = ftdn_site_find(ftdn_site_scan_choose(), stream, at, first, 16, offset);
            int with = ftdn_site_find(ftdn_site_scan_choose(), stream, above, first, 16, offset);
            assert_int_equal(with, without + 1);
            n_ties++;
        }
    }
    assert_int_equal(n_ties, 6400);
}

static void a_larger_rate_hits_a_superset(void **state)
{
    (void)state;
    ftdn_site_stream stream = stream_of(5, "nested", 77);
    uint32_t smaller[FTDN_SITE_CHUNK], larger[FTDN_SITE_CHUNK];
    for (uint64_t first = 0; first < 50 * FTDN_SITE_CHUNK; first += FTDN_SITE_CHUNK) {
        int n_smaller = 0;
        for (int r = 0; r < n_rates; r++) {
            int n_larger = ftdn_site_find(ftdn_site_scan_choose(), stream, ftdn_site_threshold_of(rates[r]), first,
                                          FTDN_SITE_CHUNK, larger);
            int at = 0;
            for (int i = 0; i < n_smaller; i++) {
                while (at < n_larger && larger[at] < smaller[i]) at++;
                assert_true(at < n_larger && larger[at] == smaller[i]);
            }
            memcpy(smaller, larger, sizeof larger);
            n_smaller = n_larger;
        }
    }
}

/* Chi-square of `n` counts against equal expectations. */
static double chi_square(const int64_t *count, int n, double expected)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    return sum;
}

/* Chi-square is about normal(n - 1, 2 (n - 1)) for large n: five sigma. */
static double five_sigma(int n)
{
    return (n - 1) + 5 * sqrt(2.0 * (n - 1));
}

/* 64 streams of 1,048,576 elements at 1 %: counts per stream, per position modulo 128 (every lane and
 * half of the scan), and per 4,096-element stretch must all be even. */
static void rate_and_position_pass_a_chi_square_test(void **state)
{
    (void)state;
    enum { n_streams = 64, n_chunks = 256, n_elements = n_chunks * FTDN_SITE_CHUNK };
    const double rate = 0.01;
    static int64_t per_stream[n_streams], per_lane[128], per_chunk[n_chunks];
    uint32_t offset[FTDN_SITE_CHUNK];
    int64_t total = 0;
    for (int s = 0; s < n_streams; s++) {
        ftdn_site_stream stream = stream_of(1000, "chi", (uint64_t)s);
        for (int c = 0; c < n_chunks; c++) {
            int n_hits = ftdn_site_find(ftdn_site_scan_choose(), stream, ftdn_site_threshold_of(rate),
                                        (uint64_t)c * FTDN_SITE_CHUNK, FTDN_SITE_CHUNK, offset);
            per_stream[s] += n_hits;
            per_chunk[c] += n_hits;
            for (int i = 0; i < n_hits; i++) per_lane[offset[i] & 127]++;
            total += n_hits;
        }
    }
    double expected = rate * n_streams * n_elements;
    assert_true(fabs((double)total - expected) < 4 * sqrt(expected * (1 - rate)));
    assert_true(chi_square(per_stream, n_streams, expected / n_streams) < five_sigma(n_streams));
    assert_true(chi_square(per_lane, 128, expected / 128) < five_sigma(128));
    assert_true(chi_square(per_chunk, n_chunks, expected / n_chunks) < five_sigma(n_chunks));
    assert_true(chi_square(per_stream, n_streams, expected / n_streams) > n_streams - 1 - 5 * sqrt(2.0 * n_streams));
}

/* Streams that differ in one coordinate share no more hits than chance allows. */
static void streams_are_independent(void **state)
{
    (void)state;
    const ftdn_site_stream base = ftdn_site_stream_make(1, 10, FTDN_LOCATION_WEIGHTS, 0, 0);
    const ftdn_site_stream others[] = {
        ftdn_site_stream_make(2, 10, FTDN_LOCATION_WEIGHTS, 0, 0),
        ftdn_site_stream_make(1, 11, FTDN_LOCATION_WEIGHTS, 0, 0),
        ftdn_site_stream_make(1, 10, FTDN_LOCATION_FEATURE_MAP, 0, 0),
        ftdn_site_stream_make(1, 10, FTDN_LOCATION_WEIGHTS, 1, 0),
        ftdn_site_stream_make(1, 10, FTDN_LOCATION_WEIGHTS, 0, 1),
        ftdn_site_stream_make(1, 10, FTDN_LOCATION_WEIGHTS, 0, UINT64_C(1) << 32),
        ftdn_site_stream_make(UINT64_C(1) << 32 | 1, 10, FTDN_LOCATION_WEIGHTS, 0, 0),
    };
    const ftdn_site_threshold tenth = ftdn_site_threshold_of(0.1);
    const int n = 20000;
    for (size_t o = 0; o < sizeof others / sizeof *others; o++) {
        int both = 0;
        for (uint64_t e = 0; e < (uint64_t)n; e++) {
            both += ftdn_site_is_hit(base, e, tenth) && ftdn_site_is_hit(others[o], e, tenth);
        }
        assert_true(fabs(both - 0.01 * n) < 5 * sqrt(0.01 * 0.99 * n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_vectors_hold),
        cmocka_unit_test(every_scan_finds_what_the_definition_says),
        cmocka_unit_test(ties_are_settled_by_all_64_bits),
        cmocka_unit_test(a_larger_rate_hits_a_superset),
        cmocka_unit_test(rate_and_position_pass_a_chi_square_test),
        cmocka_unit_test(streams_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
