/* print_sites.c - the vectors of docs/fault-sites.md as the headers give them; see test-documented-sites. */
#include <inttypes.h>
#include <stdio.h>

#include "base/fnv.h"
#include "injectors/fault.h"
#include "injectors/fault_hits.h"
#include "injectors/site_hd.h"

static void print_words(const char *title, const uint32_t word[4])
{
    printf("%s %08" PRIx32 " %08" PRIx32 " %08" PRIx32 " %08" PRIx32 "\n", title, word[0], word[1], word[2], word[3]);
}

static void print_stream(const char *title, ftdn_site_stream stream)
{
    print_words(title, (const uint32_t[4]){stream.key0, stream.key1, stream.counter2, stream.counter3});
}

/* The elements hit among n_elements from `first`, as offsets. */
static void print_hits(ftdn_site_stream stream, double rate, uint64_t first, uint64_t n_elements)
{
    printf("hit");
    for (uint64_t i = 0; i < n_elements; i++)
        if (ftdn_site_is_hit(stream, first + i, ftdn_site_threshold_of(rate))) printf(" %" PRIu64, i);
    printf("\n");
}

/* Of filter k of 72 weights. */
static void print_filter_hits(ftdn_site_stream stream, int k)
{
    printf("filter");
    for (uint64_t i = 0; i < 72; i++) {
        if (ftdn_site_is_hit(stream, (uint64_t)k * 72 + i, ftdn_site_threshold_of(0.1))) printf(" %" PRIu64, i);
    }
    printf("\n");
}

/* Of channel 3 of 64 in a map of 10 x 19. */
static void print_channel_hits(ftdn_site_stream stream)
{
    printf("channel");
    for (uint64_t cell = 0; cell < 190; cell++) {
        if (ftdn_site_is_hit(stream, cell * 64 + 3, ftdn_site_threshold_of(0.1))) printf(" %" PRIu64, cell);
    }
    printf("\n");
}

/* The first six, which differ. */
static void print_picks(ftdn_site_stream stream, uint64_t total)
{
    printf("picks");
    for (uint64_t i = 0; i < 6; i++) printf(" %" PRIu64, ftdn_site_pick(stream, i, total));
    printf("\n");
}

/* The first seven different ones of ten elements. */
static void print_different_picks(ftdn_site_stream stream)
{
    unsigned seen = 0;
    printf("some");
    for (uint64_t i = 0; __builtin_popcount(seen) < 7; i++) {
        uint64_t element = ftdn_site_pick(stream, i, 10);
        if (!(seen >> element & 1)) printf(" %" PRIu64, element);
        seen |= 1u << element;
    }
    printf("\n");
}

/* The first four, which differ, among layers of 100, 250 and 650 elements. */
static void print_places(ftdn_site_stream stream)
{
    printf("places");
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t element = ftdn_site_pick(stream, i, 1000), layer = (element >= 100) + (element >= 350);
        printf(" %" PRIu64 " %" PRIu64, layer, element - (layer == 0 ? 0 : layer == 1 ? 100 : 350));
    }
    printf("\n");
}

static const char *const model_name[] = {"random", "any", "exponent", "cleared", "set"};

int main(void)
{
    static const uint64_t element[] = {0, 1, 2, 31, 32, 1000000};
    uint32_t layer = ftdn_layer_id("base_net.1.3");
    uint64_t image = ftdn_fnv1a64("000021"), large_seed = (UINT64_C(1) << 40) + 7;
    ftdn_site_stream map = ftdn_site_stream_make(7, layer, FTDN_LOCATION_FEATURE_MAP, 0, 21);
    ftdn_site_stream weights = ftdn_site_stream_make(7, layer, FTDN_LOCATION_WEIGHTS, 1, 0);
    ftdn_site_stream photo = ftdn_site_stream_make(large_seed, layer, FTDN_LOCATION_FEATURE_MAP, 0, image);

    print_words("philox", ftdn_philox((ftdn_philox_block){{0}}, 0, 0).word);
    printf("layer %08" PRIx32 "\n", layer);
    print_stream("map", map);
    print_stream("weights", weights);
    printf("select");
    for (int i = 0; i < 6; i++) printf(" %04" PRIx32, ftdn_site_select_bits(map, element[i]));
    printf("\nrefine");
    for (int i = 0; i < 2; i++) printf(" %012" PRIx64, ftdn_site_refine_bits(map, element[i]));
    printf("\n");
    print_hits(map, 0.01, 0, 1024);
    printf("image %016" PRIx64 "\n", image);
    print_stream("photo", photo);
    print_hits(photo, 0.1, UINT64_C(1) << 40, 128);
    printf("value");
    for (int i = 0; i < 6; i++) printf(" %08" PRIx32, ftdn_fault_random(map, element[i]));
    printf("\n");
    const ftdn_fault_model models[] = {
        {.type = FTDN_FAULT_RANDOM, .has_range = 1, .low = -1, .high = 2.5f},
        {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 0, .n_bits = 32},
        {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 23, .n_bits = 8},
        {.type = FTDN_FAULT_STUCK_AT_0, .first_bit = 23, .n_bits = 8},
        {.type = FTDN_FAULT_STUCK_AT_1, .first_bit = 0, .n_bits = 23},
    };
    for (int m = 0; m < 5; m++) {
        printf("%s", model_name[m]);
        for (int i = 0; i < 6; i++)
            printf(" %08" PRIx32,
                   ftdn_fault_value(&models[m], ftdn_float_bits(0.1f), ftdn_fault_random(map, element[i])));
        printf("\n");
    }
    for (int k = 5; k <= 6; k++) print_filter_hits(weights, k);
    print_channel_hits(ftdn_site_stream_make(7, layer, FTDN_LOCATION_FEATURE_MAP, 2, 21));
    print_stream("redrawn", ftdn_site_stream_make(7, layer, FTDN_LOCATION_WEIGHTS, 0, image));
    ftdn_site_stream once = ftdn_site_pick_stream(7, FTDN_LOCATION_WEIGHTS, 0);
    ftdn_site_stream few = ftdn_site_pick_stream(7, FTDN_LOCATION_FEATURE_MAP, 21);
    print_picks(once, 14710464);
    print_different_picks(few);
    ftdn_fault_picks all;
    ftdn_fault_picks_make(&all, 7, FTDN_LOCATION_FEATURE_MAP, 21, 10, 10);
    printf("all");
    for (int i = 0; i < all.n_picks; i++) printf(" %" PRIu64, all.element[i]);
    printf("\nlarge %" PRIu64 "\n", ftdn_site_pick(once, 0, (UINT64_C(1) << 56) - 1));
    print_places(few);
    return 0;
}
