/* The form in which contents of files travel. Inputs and outputs of kernels have long stretches of one value, and every
 * byte costs the engine time.
 *
 * Contents are cut into slabs. In a slab, struct section says how many blocks follow it literally, and how often the
 * last of them is repeated after that (zeros before the first); what is left of a slab, less than a block, follows its
 * last section. harness/backend/run_lengths.py is the other end. */
#ifndef HARNESS_SUPERVISOR_RUNS_H
#define HARNESS_SUPERVISOR_RUNS_H

#include <stdbool.h>
#include <stdint.h>

#define SLAB_BYTES (1u << 20)
#define BLOCK_BYTES 64u
#define LEAST_REPEATS 8u /* below that a section costs more than it saves */

struct slab {
    uint32_t raw_bytes;
    uint32_t encoded_bytes; /* which follow */
};

struct section {
    uint32_t literal_blocks;
    uint32_t repeats;
};

/* The longest that an encoded slab can be: every section but the last saves more than it takes. */
#define ENCODED_LIMIT (SLAB_BYTES + sizeof(struct section))

/* Encodes a slab, and returns how long that became. */
uint32_t runs_encode(const uint8_t *raw, uint32_t raw_bytes, uint8_t *encoded);

/* Decodes a slab, or returns false where it is none. */
bool runs_decode(const uint8_t *encoded, uint32_t encoded_bytes, uint8_t *raw, uint32_t raw_bytes);

#endif
