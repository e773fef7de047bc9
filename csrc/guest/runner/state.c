/* See state.h. */
#include "state.h"

#include <stdbool.h>
#include <string.h>

static uint64_t load(const uint8_t *at, uint64_t bytes) {
    uint64_t word = 0;
    if (bytes >= sizeof word) {
        memcpy(&word, at, sizeof word); /* a length that the compiler knows costs no call */
    } else {
        memcpy(&word, at, bytes);
    }
    return word;
}

/* The first word in which the register differs, as both sides have it. */
static bool differs(const uint8_t *before, const uint8_t *after, uint64_t bytes, uint64_t mask, uint64_t word[2]) {
    for (uint64_t done = 0; done < bytes; done += sizeof *word) {
        word[0] = load(before + done, bytes - done);
        word[1] = load(after + done, bytes - done);
        if (((word[0] ^ word[1]) & mask) != 0) {
            return true;
        }
    }
    return false;
}

void state_check(const struct abi_entry *entry, const struct abi_exit *exit, fault_report *report, void *context) {
    uint64_t open = abi_open_gates(entry, exit);
    for (uint32_t i = 0; i < abi_row_count; i++) {
        const struct abi_row *row = &abi_rows[i];
        if ((row->gates & ~open) != 0) {
            continue;
        }
        uint64_t unit_bytes = abi_unit_bytes(entry, row->unit);
        uint64_t distance = row->index * unit_bytes;
        uint64_t word[2];
        if (differs((const uint8_t *)entry + row->before + distance, (const uint8_t *)exit + row->after + distance,
                    row->bytes ? row->bytes : unit_bytes, row->mask ? row->mask : UINT64_MAX, word)) {
            report(context, row->name, row->rule, word[0], word[1]);
        }
    }
}
