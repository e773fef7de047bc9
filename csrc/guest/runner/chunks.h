/* Rows for kernels that work on vectors: the adapter takes a row chunk by chunk, one vector's lanes at a time, and
 * calls the kernel once for each.
 *
 *     struct guest_chunk chunk = guest_chunks(elements, lanes, GUEST_ALTERNATING);
 *     while (guest_next_chunk(&chunk)) {
 *         guest_lay_vector(&chunk, 0, image);           what the first parameter's vector holds
 *         ...                                           load it, call the kernel, store what it returns
 *         guest_store_vector(&chunk, 1, image);         into the second parameter's row
 *     }
 *
 * A lane is active if the kernel has to compute it. Lanes behind the end of the row never are. Where the trial asks for
 * it and the kernel takes a predicate, there are two chunks per vector, of every second lane each.
 *
 * What other lanes hold is up to the fill. A benign one leaves the row's own elements there, and behind its end the
 * last one again; under any other they hold poison. */
#ifndef HARNESS_GUEST_CHUNKS_H
#define HARNESS_GUEST_CHUNKS_H

#include <stdbool.h>
#include <stdint.h>

#define CHUNK_BYTES_LIMIT 2048 /* of a vector: eight registers of 2048 bits */

enum guest_choice {
    GUEST_LEADING,     /* active lanes are the first ones */
    GUEST_ALTERNATING, /* or every second, if the trial says so */
};

struct guest_chunk {
    uint64_t elements; /* of the row */
    uint64_t lanes;    /* of a vector */
    uint64_t first;    /* the element in lane 0 */
    uint64_t phase;    /* which of the chunks of this vector, from 0 */
    uint64_t phases;
    bool has_begun;
};

struct guest_chunk guest_chunks(uint64_t elements, uint64_t lanes, enum guest_choice choice);

/* Moves on, to the first chunk at first. Returns whether there is one. */
bool guest_next_chunk(struct guest_chunk *chunk);

/* The lanes that hold elements of the row: of the kernel's vl. */
uint64_t guest_chunk_length(const struct guest_chunk *chunk);

/* A bit per lane, set in active ones. */
uint64_t guest_chunk_mask(const struct guest_chunk *chunk);

/* A byte per byte of the vector: 1 in the lowest of an active lane's, 0 elsewhere. */
void guest_lay_predicate(const struct guest_chunk *chunk, uint32_t lane_bytes, uint8_t *image);

/* The vector that stands for the buffer that is parameter number `parameter` of the contract. */
void guest_lay_vector(const struct guest_chunk *chunk, uint32_t parameter, uint8_t *image);

/* Stores the active lanes only. */
void guest_store_vector(const struct guest_chunk *chunk, uint32_t parameter, const uint8_t *image);

#endif
