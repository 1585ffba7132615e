#include "harness/plan/digest_index.h"

#include <assert.h>
#include <string.h>

#include "base/size.h"

struct ftdn_digest_slot {
    const char *digest; /* NULL: empty */
    int number;
};

ftdn_status ftdn_digest_index_init(ftdn_digest_index *index, size_t n_digests, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_slots = 2;
    while (n_slots / 2 < n_digests && ftdn_size_mul(n_slots, 2, &n_slots)) {}
    *index = (ftdn_digest_index){.n_slots = n_slots, .slot = FTDN_NEW(arena, n_slots, struct ftdn_digest_slot, err)};
    return index->slot ? FTDN_OK : FTDN_ERR_MEMORY;
}

uint64_t ftdn_digest_head(const char *digest)
{
    uint64_t head = 0;
    for (int i = 0; i < 16; i++) {
        int digit = digest[i] <= '9' ? digest[i] - '0' : digest[i] - 'a' + 10;
        assert(digit >= 0 && digit < 16);
        head = head << 4 | (uint64_t)digit;
    }
    return head;
}

/* Where the digest is, or would be. */
static struct ftdn_digest_slot *find_slot(const ftdn_digest_index *index, const char *digest)
{
    size_t at = (size_t)ftdn_digest_head(digest) & (index->n_slots - 1);
    while (index->slot[at].digest && strcmp(index->slot[at].digest, digest) != 0) at = (at + 1) & (index->n_slots - 1);
    return &index->slot[at];
}

int ftdn_digest_index_add(ftdn_digest_index *index, const char *digest, int number)
{
    struct ftdn_digest_slot *slot = find_slot(index, digest);
    if (!slot->digest) *slot = (struct ftdn_digest_slot){digest, number};
    return slot->number;
}

int ftdn_digest_index_find(const ftdn_digest_index *index, const char *digest)
{
    const struct ftdn_digest_slot *slot = find_slot(index, digest);
    return slot->digest ? slot->number : -1;
}
