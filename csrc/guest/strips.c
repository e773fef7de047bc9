/* See strips.h. */
#include "strips.h"

#include <string.h>

#include "adapter.h"
#include "fills.h"
#include "memory.h"

struct guest_strip guest_strips(uint64_t elements, uint64_t lanes, enum guest_choice choice) {
    bool is_asked_for = (guest_frozen.sealed->trial->flags & TRIAL_ALTERNATE_LANES) != 0;
    return (struct guest_strip){
        .elements = elements,
        .lanes = lanes,
        .phases = choice == GUEST_ALTERNATING && is_asked_for ? 2 : 1,
    };
}

bool guest_next_strip(struct guest_strip *strip) {
    if (!strip->has_begun) {
        strip->has_begun = true;
    } else if (++strip->phase == strip->phases) {
        strip->phase = 0;
        strip->first += strip->lanes;
    }
    return strip->first < strip->elements;
}

uint64_t guest_strip_length(const struct guest_strip *strip) {
    uint64_t left = strip->elements - strip->first;
    return left < strip->lanes ? left : strip->lanes;
}

static bool is_active(const struct guest_strip *strip, uint64_t lane) {
    return lane < guest_strip_length(strip) && lane % strip->phases == strip->phase;
}

static bool is_full(const struct guest_strip *strip) {
    return strip->phases == 1 && guest_strip_length(strip) == strip->lanes;
}

uint64_t guest_strip_mask(const struct guest_strip *strip) {
    uint64_t mask = 0;
    for (uint64_t lane = 0; lane < strip->lanes; lane++) {
        mask |= (uint64_t)is_active(strip, lane) << lane;
    }
    return mask;
}

void guest_lay_predicate(const struct guest_strip *strip, uint32_t lane_bytes, uint8_t *image) {
    memset(image, 0, strip->lanes * lane_bytes);
    for (uint64_t lane = 0; lane < strip->lanes; lane++) {
        image[lane * lane_bytes] = is_active(strip, lane);
    }
}

static bool is_poisoned(void) {
    bool is_waived = (guest_signature.flags & SIGNATURE_DEPENDENT_LANES) != 0;
    return trial_fill(guest_frozen.sealed->trial, TRIAL_BENIGN_LANES) != FILL_BENIGN && !is_waived;
}

static uint8_t *row_of(uint32_t parameter) {
    return (uint8_t *)(uintptr_t)guest_frozen.sealed->values[parameter];
}

void guest_lay_vector(const struct guest_strip *strip, uint32_t parameter, uint8_t *image) {
    const struct pack_parameter *described = &guest_frozen.pack.parameters[parameter];
    const uint8_t *row = row_of(parameter);
    uint32_t bytes = described->element_bytes;
    if (is_full(strip)) {
        memcpy(image, row + strip->first * bytes, strip->lanes * bytes);
        return;
    }
    bool has_poison = is_poisoned();
    uint64_t poison = fill_word(guest_frozen.sealed->trial->fill, described);
    for (uint64_t lane = 0; lane < strip->lanes; lane++) {
        uint64_t element = strip->first + lane < strip->elements ? strip->first + lane : strip->elements - 1;
        bool takes_poison = has_poison && !is_active(strip, lane);
        memcpy(image + lane * bytes, takes_poison ? (const uint8_t *)&poison : row + element * bytes, bytes);
    }
}

void guest_store_vector(const struct guest_strip *strip, uint32_t parameter, const uint8_t *image) {
    uint32_t bytes = guest_frozen.pack.parameters[parameter].element_bytes;
    uint8_t *row = row_of(parameter) + strip->first * bytes;
    if (is_full(strip)) {
        memcpy(row, image, strip->lanes * bytes);
        return;
    }
    for (uint64_t lane = 0; lane < strip->lanes; lane++) {
        if (is_active(strip, lane)) {
            memcpy(row + lane * bytes, image + lane * bytes, bytes);
        }
    }
}
