#define _GNU_SOURCE /* memmem */
#include "tests/cli/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGEST_MAPPING ((size_t)1 << 30) /* larger ones are reserved, and not memory that is in use */

/* Parent and state out of /proc/ID/stat; the name in between may hold anything. */
static bool read_stat(const char *id, long *ret_parent, char *ret_state)
{
    char path[300], line[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", id);
    FILE *file = fopen(path, "r");
    const char *behind = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    bool is_read = behind && sscanf(behind, ") %c %ld", ret_state, ret_parent) == 2;
    if (file) fclose(file);
    return is_read;
}

int ftdn_find_children(pid_t parent, pid_t *ret_child, int n_most)
{
    int n = 0;
    DIR *entries = opendir("/proc");
    for (const struct dirent *entry; entries && n < n_most && (entry = readdir(entries));) {
        long its_parent;
        char state;
        if (!isdigit((unsigned char)entry->d_name[0]) || !read_stat(entry->d_name, &its_parent, &state)) continue;
        if (its_parent == parent && state != 'Z') ret_child[n++] = (pid_t)atol(entry->d_name);
    }
    if (entries) closedir(entries);
    return n;
}

/* One mapping of the process; false where it cannot be written. */
static bool damage_mapping(int memory, off_t start, size_t n_all, const void *bytes, size_t n_bytes, int *n_places)
{
    unsigned char *copy = n_all <= LARGEST_MAPPING ? malloc(n_all) : NULL;
    bool is_good = true;
    if (copy && pread(memory, copy, n_all, start) == (ssize_t)n_all) {
        unsigned char *at = copy, *end = copy + n_all;
        while (is_good && (at = memmem(at, (size_t)(end - at), bytes, n_bytes))) {
            unsigned char damaged = at[0] ^ 1;
            is_good = pwrite(memory, &damaged, 1, start + (at - copy)) == 1;
            (*n_places)++;
            at += n_bytes;
        }
    }
    free(copy);
    return is_good;
}

int ftdn_damage_memory(pid_t process, const void *bytes, size_t n_bytes)
{
    char path[64], line[512];
    int n_places = 0;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)process);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)process);
    int memory = open(path, O_RDWR);
    bool is_good = maps && memory >= 0;
    while (is_good && fgets(line, sizeof line, maps)) {
        unsigned long start, end;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3 || strncmp(rights, "rw", 2)) continue;
        is_good = damage_mapping(memory, (off_t)start, (size_t)(end - start), bytes, n_bytes, &n_places);
    }
    if (maps) fclose(maps);
    if (memory >= 0) close(memory);
    return is_good ? n_places : -1;
}
