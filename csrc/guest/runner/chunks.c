/* See chunks.h. */
#include "chunks.h"

#include <string.h>

#include "adapter.h"
#include "fills.h"
#include "memory.h"

struct guest_chunk guest_chunks(uint64_t elements, uint64_t lanes, enum guest_choice choice) {
    bool is_asked_for = (guest_frozen.sealed->trial->flags & TRIAL_ALTERNATE_LANES) != 0;
    return (struct guest_chunk){
        .elements = elements,
        .lanes = lanes,
        .phases = choice == GUEST_ALTERNATING && is_asked_for ? 2 : 1,
    };
}

bool guest_next_chunk(struct guest_chunk *chunk) {
    if (!chunk->has_begun) {
        chunk->has_begun = true;
    } else if (++chunk->phase == chunk->phases) {
        chunk->phase = 0;
        chunk->first += chunk->lanes;
    }
    return chunk->first < chunk->elements;
}

uint64_t guest_chunk_length(const struct guest_chunk *chunk) {
    uint64_t left = chunk->elements - chunk->first;
    return left < chunk->lanes ? left : chunk->lanes;
}

static bool is_active(const struct guest_chunk *chunk, uint64_t lane) {
    return lane < guest_chunk_length(chunk) && lane % chunk->phases == chunk->phase;
}

static bool is_full(const struct guest_chunk *chunk) {
    return chunk->phases == 1 && guest_chunk_length(chunk) == chunk->lanes;
}

uint64_t guest_chunk_mask(const struct guest_chunk *chunk) {
    uint64_t mask = 0;
    for (uint64_t lane = 0; lane < chunk->lanes; lane++) {
        mask |= (uint64_t)is_active(chunk, lane) << lane;
    }
    return mask;
}

void guest_lay_predicate(const struct guest_chunk *chunk, uint32_t lane_bytes, uint8_t *image) {
    memset(image, 0, chunk->lanes * lane_bytes);
    for (uint64_t lane = 0; lane < chunk->lanes; lane++) {
        image[lane * lane_bytes] = is_active(chunk, lane);
    }
}

static bool is_poisoned(void) {
    bool is_waived = (guest_signature.flags & SIGNATURE_DEPENDENT_LANES) != 0;
    return trial_fill(guest_frozen.sealed->trial, TRIAL_BENIGN_LANES) != FILL_BENIGN && !is_waived;
}

static uint8_t *row_of(uint32_t parameter) {
    return (uint8_t *)(uintptr_t)guest_frozen.sealed->values[parameter];
}

void guest_lay_vector(const struct guest_chunk *chunk, uint32_t parameter, uint8_t *image) {
    const struct pack_parameter *described = &guest_frozen.pack.parameters[parameter];
    const uint8_t *row = row_of(parameter);
    uint32_t bytes = described->element_bytes;
    if (is_full(chunk)) {
        memcpy(image, row + chunk->first * bytes, chunk->lanes * bytes);
        return;
    }
    bool has_poison = is_poisoned();
    uint64_t poison = fill_word(guest_frozen.sealed->trial->fill, described);
    for (uint64_t lane = 0; lane < chunk->lanes; lane++) {
        uint64_t element = chunk->first + lane < chunk->elements ? chunk->first + lane : chunk->elements - 1;
        bool takes_poison = has_poison && !is_active(chunk, lane);
        memcpy(image + lane * bytes, takes_poison ? (const uint8_t *)&poison : row + element * bytes, bytes);
    }
}

void guest_store_vector(const struct guest_chunk *chunk, uint32_t parameter, const uint8_t *image) {
    uint32_t bytes = guest_frozen.pack.parameters[parameter].element_bytes;
    uint8_t *row = row_of(parameter) + chunk->first * bytes;
    if (is_full(chunk)) {
        memcpy(row, image, chunk->lanes * bytes);
        return;
    }
    for (uint64_t lane = 0; lane < chunk->lanes; lane++) {
        if (is_active(chunk, lane)) {
            memcpy(row + lane * bytes, image + lane * bytes, bytes);
        }
    }
}
