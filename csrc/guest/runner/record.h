/* Writes the observation: one record at a time, built in sealed memory, appended whole. */
#ifndef HARNESS_GUEST_RECORD_H
#define HARNESS_GUEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pack.h"

#define DIGEST_SLOTS 1024u /* a power of two */

struct sent_output {
    uint64_t digest;
    uint64_t length_bytes;
};

struct recorder {
    uint8_t *base; /* of the record under construction; room for the largest was made at start */
    uint64_t used_bytes;
    uint64_t room_bytes;
    uint32_t sequence;
    /* What has been sent, by digest. A newcomer takes the slot of whoever was there: the cost of
     * forgetting is only that an output travels twice. */
    struct sent_output sent[DIGEST_SLOTS];
};

/* How much room the largest record needs that this pack can lead to. */
uint64_t record_room(const struct pack *pack);

/* Takes an absolute path, or makes one: the kernel may change the directory. Returns whether it fits. */
bool record_set_path(const char *path);

void record_begin(struct recorder *recorder);
void *record_append(struct recorder *recorder, const void *part, uint64_t bytes); /* returns the copy */
void record_append_output(struct recorder *recorder, const void *contents, uint64_t bytes);
void record_append_runs(struct recorder *recorder, const void *contents, uint64_t bytes, uint32_t element_bytes);
void record_send(struct recorder *recorder, uint32_t type); /* ends the process if it cannot */

#endif
