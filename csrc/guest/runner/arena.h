/* The kernel's buffers, each between guard pages, with canaries in what the pages leave over. */
#ifndef HARNESS_GUEST_ARENA_H
#define HARNESS_GUEST_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "fills.h"
#include "pack.h"

struct arena_buffer {
    /* Fixed: where the pages are. Everything around the open ones is PROT_NONE. */
    uint8_t *floor;
    uint64_t reserved_bytes;
    uint64_t open_bytes; /* accessible from floor on: as many pages as the trial needs */
    /* Of the current trial: */
    uint32_t root;         /* the buffer whose place this one shares; itself, if none */
    uint8_t *start;        /* the pointer it gets    */
    uint64_t extent_bytes; /* of this buffer */
    uint64_t shared_bytes; /* largest extent of those that share this place */
    uint64_t span_bytes;   /* the same with the declared over-read */
    uint64_t canary_word;
    uint64_t output_word; /* poison of the extent where there are no contents */
    enum contents_form contents;
    const uint8_t *bytes;        /* CONTENTS_BYTES: these; CONTENTS_RUNS: the blob that the runs refer to */
    const struct pack_run *runs; /* CONTENTS_RUNS */
    uint32_t run_count;
    bool is_written; /* by the kernel, under this name or another */
    bool is_zeroed;  /* some of what shares this place is CONTENTS_RUNS */
};

struct arena {
    uint32_t count;
    struct arena_buffer buffers[PACK_PARAMETER_LIMIT];
};

void arena_prepare(struct arena *arena, const struct pack *pack);

/* Places every buffer as the trial says and lays canaries, poison and contents afresh. */
void arena_lay(struct arena *arena, const struct pack *pack, const struct case_view *view,
               const struct trial_view *trial);

/* After a sparse case: no memory is held for its buffers any more. */
void arena_release(const struct arena *arena);

/* The two ways in which buffer number i can be damaged. Each returns whether it is, and tells what. */
bool arena_canary_damage(const struct arena *arena, uint32_t i, struct damage *damage);
bool arena_input_damage(const struct arena *arena, uint32_t i, struct damage *damage);

/* The buffer whose pages or guards hold this address, or NO_BUFFER. */
uint32_t arena_find(const struct arena *arena, uint64_t address);

#endif
