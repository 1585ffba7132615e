#include "tests/fuzz/mutation.h"

#include "tests/support/support.h"

#define CAPACITY 64

static const char *const words[] = {"<word>", NULL};
const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "mutation", .max_bytes = CAPACITY, .word = words};

static void make(const ftdn_fuzz_corpus *corpus, uint64_t seed, char bytes[CAPACITY], size_t *ret_n_bytes)
{
    ftdn_mutation mutation = {.bytes = bytes, .capacity = CAPACITY, .random = seed};
    ftdn_mutation_make(&mutation, corpus, &ftdn_fuzz_reader_under_attack);
    *ret_n_bytes = mutation.n_bytes;
}

static void a_seed_gives_the_same_damage_again_and_no_more_bytes_than_there_is_room_for(void **state)
{
    (void)state;
    ftdn_fuzz_corpus corpus = {0};
    size_t n_longest = 0, n_shortest = CAPACITY;
    bool has_word = false, has_splice = false, has_extreme = false;
    ftdn_fuzz_add_text(&corpus, "abc 123 def");
    ftdn_fuzz_add_text(&corpus, "UVWXYZ");
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        char bytes[CAPACITY + 1] = {0}, again[CAPACITY + 1] = {0};
        size_t n_bytes, n_again;
        make(&corpus, seed * UINT64_C(0x9E3779B97F4A7C15), bytes, &n_bytes);
        make(&corpus, seed * UINT64_C(0x9E3779B97F4A7C15), again, &n_again);
        assert_true(n_bytes <= CAPACITY && n_again == n_bytes);
        assert_memory_equal(bytes, again, n_bytes);
        bytes[n_bytes] = 0;
        if (n_bytes > n_longest) n_longest = n_bytes;
        if (n_bytes < n_shortest) n_shortest = n_bytes;
        has_word |= strstr(bytes, "<word>") != NULL;
        has_splice |= strstr(bytes, "abcXYZ") || strstr(bytes, "abc YZ") || strstr(bytes, "123 XYZ");
        has_extreme |= strstr(bytes, "9223372036854775808") != NULL;
    }
    assert_true(n_longest == CAPACITY && n_shortest == 0 && has_word && has_splice && has_extreme);
    ftdn_fuzz_corpus_done(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_same_damage_again_and_no_more_bytes_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
