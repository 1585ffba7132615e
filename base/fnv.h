/* fnv.h - FNV-1a, 64 bits: a stable number for a name (image ids, streams of formula weights). */
#ifndef FTDN_BASE_FNV_H
#define FTDN_BASE_FNV_H

#include <stdint.h>

/* Of the bytes of text, without its final 0: "" 14695981039346656037, "a" 0xaf63dc4c8601ec8c. */
static inline uint64_t ftdn_fnv1a64(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = text; *c; c++) hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

#endif
