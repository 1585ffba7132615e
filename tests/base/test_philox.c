/* Vectors: kat_vectors of the Random123 distribution, philox4x32 with 10 rounds. */
#include "base/philox_hd.h"

#include "tests/support/support.h"

static void published_vectors_are_met(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], expected[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ftdn_philox_block counter;
        memcpy(counter.word, rows[i].counter, sizeof counter.word);
        ftdn_philox_block bits = ftdn_philox(counter, rows[i].key[0], rows[i].key[1]);
        for (int w = 0; w < 4; w++) assert_int_equal(bits.word[w], rows[i].expected[w]);
    }
}

/* Each bit of counter and key reaches about half of the 128 output bits: 64 +- 6 sigma, sigma = sqrt(128) / 2. */
static void every_input_bit_changes_half_of_the_output(void **state)
{
    (void)state;
    ftdn_philox_block zero = {{0}}, plain = ftdn_philox(zero, 0, 0);
    for (int bit = 0; bit < 192; bit++) {
        uint32_t input[6] = {0};
        input[bit / 32] = 1u << bit % 32;
        ftdn_philox_block counter = {{input[0], input[1], input[2], input[3]}};
        ftdn_philox_block bits = ftdn_philox(counter, input[4], input[5]);
        int n_changed = 0;
        for (int w = 0; w < 4; w++) n_changed += __builtin_popcount(bits.word[w] ^ plain.word[w]);
        assert_in_range(n_changed, 64 - 34, 64 + 34);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_are_met),
        cmocka_unit_test(every_input_bit_changes_half_of_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
