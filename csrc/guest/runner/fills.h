/* The byte and word patterns of the fills, for memory and registers. */
#ifndef HARNESS_GUEST_FILLS_H
#define HARNESS_GUEST_FILLS_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* What a trial fills one source of undefined contents with: TRIAL_BENIGN_*. */
static inline enum fill trial_fill(const struct pack_trial *trial, uint32_t source) {
    return trial->flags & source ? FILL_BENIGN : (enum fill)trial->fill;
}

/* For places whose element type is unknown: vector registers, the stack, canaries of odd-sized elements. One
 * byte repeated, so that it means the same at every element width and alignment. */
uint8_t fill_byte(enum fill fill);

/* For general registers: read as 32 or as 64 bits, it is the extreme that the fill asks for. */
uint64_t fill_general_register(enum fill fill);

/* For memory that holds (or would hold, behind the end) elements of a known type: 64 bits, whole elements. */
uint64_t fill_word(enum fill fill, const struct pack_parameter *parameter);

/* For the canaries around buffer number i: fill_word with the number in the lowest bits of every element. A kernel that
 * copies one element too many would otherwise replace one canary by its like. */
uint64_t fill_canary_word(enum fill fill, const struct pack_parameter *parameter, uint32_t i);

/* For output buffers: fill_word, but recognisable under FILL_BENIGN too, where it must not pass for a result. */
uint64_t fill_output_word(enum fill fill, const struct pack_parameter *parameter);

/* Writes `word` over [from, to), in phase with `anchor`: elements start at anchor and at multiples of their size. */
void fill_bytes(uint8_t *from, uint8_t *to, const uint8_t *anchor, uint64_t word);

/* Looks for bytes in [from, to) that differ from what fill_bytes wrote. Returns how many, and the
 * first, or NULL. */
uint64_t fill_damage(const uint8_t *from, const uint8_t *to, const uint8_t *anchor, uint64_t word,
                     const uint8_t **first);

/* Sets guest_poison, which the hostile build's shims read. */
void fill_set_poison(enum fill fill);

#endif
