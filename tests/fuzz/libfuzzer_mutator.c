/* libfuzzer_mutator.c - libFuzzer's mutations, then checksums made right, for readers that have them. */
#include "tests/fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n_bytes, size_t max_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n_bytes, size_t max_bytes, unsigned seed)
{
    n_bytes = LLVMFuzzerMutate(bytes, n_bytes, max_bytes);
    if (ftdn_fuzz_reader_under_attack.mend && seed % 4) ftdn_fuzz_reader_under_attack.mend((char *)bytes, n_bytes);
    return n_bytes;
}
