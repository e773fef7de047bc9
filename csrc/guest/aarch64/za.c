/* See za.h. */
#include "za.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "../runner/adapter.h"
#include "../runner/fills.h"
#include "../runner/memory.h"

#define SVCR_SM UINT64_C(1)
#define SVCR_ZA UINT64_C(2)
#define SLICE_LIMIT 256u /* of as many bytes each */

/* TPIDR2_EL0 points at one (AAPCS64 6.4.3). */
struct tpidr2_block {
    uint64_t za_save_buffer;
    uint16_t num_za_save_slices;
    uint8_t reserved[6];
};

/* Writable while the kernel runs, as a caller's stack is. */
struct za_area {
    struct tpidr2_block block;
    uint64_t known[SLICE_LIMIT * SLICE_LIMIT / sizeof(uint64_t)];
    uint64_t save_buffer[SLICE_LIMIT * SLICE_LIMIT / sizeof(uint64_t)];
    uint64_t after[SLICE_LIMIT * SLICE_LIMIT / sizeof(uint64_t)];
};

static struct za_area *area_of(const struct abi_entry *entry) {
    return (struct za_area *)(uintptr_t)(entry->za_known - offsetof(struct za_area, known));
}

void za_prepare(struct abi_entry *entry) {
    struct za_area *area = (struct za_area *)memory_island(sizeof *area, PROT_READ | PROT_WRITE);
    entry->za_known = (uint64_t)(uintptr_t)area->known;
    entry->za_after = (uint64_t)(uintptr_t)area->after;
}

/* ---- before the call ------------------------------------------------------------------------------ */

/* What an argument holds must be defined, and a contract has no name for ZA: zeros, as from a caller that accumulates.
 * All else is a fill, distinct in every slice, so that swapped ones show. */
static uint64_t known_word(const struct abi_entry *entry, uint64_t i) {
    uint64_t words_per_slice = entry->streaming_bytes / sizeof(uint64_t);
    if (guest_signature.flags & SIGNATURE_ZA_INPUT) {
        return 0;
    }
    uint64_t fill = UINT64_C(0x0101010101010101) * fill_byte(entry->laid_fill);
    return i % words_per_slice == 0 ? fill ^ (i / words_per_slice + 1) : fill;
}

static uint64_t word_count(const struct abi_entry *entry) {
    return entry->streaming_bytes * entry->streaming_bytes / sizeof(uint64_t);
}

static void lay_dormant_state(struct abi_entry *entry) {
    struct za_area *area = area_of(entry);
    area->block = (struct tpidr2_block){
        .za_save_buffer = (uint64_t)(uintptr_t)area->save_buffer,
        .num_za_save_slices = (uint16_t)entry->streaming_bytes,
    };
    memcpy(entry->due_za_block, &area->block, sizeof entry->due_za_block);
    memset(area->save_buffer, 0, entry->streaming_bytes * entry->streaming_bytes); /* no earlier call's */
    entry->tpidr2 = (uint64_t)(uintptr_t)&area->block;
}

void za_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    bool is_shared = (guest_signature.flags & SIGNATURE_SHARED_ZA) != 0;
    bool is_dormant = !is_shared && (trial->flags & TRIAL_ZA_DORMANT);
    entry->gates &= ~(GATE_ZA | GATE_ZA_KEPT | GATE_ZA_SAVED | GATE_ZT0_KEPT);
    entry->tpidr2 = 0;
    memset(entry->due_za_block, 0, sizeof entry->due_za_block);
    if (!is_shared && !is_dormant) {
        return;
    }
    entry->gates |= GATE_ZA;
    for (uint64_t i = 0; i < word_count(entry); i++) {
        area_of(entry)->known[i] = known_word(entry, i);
    }
    bool is_zt0_input = (guest_signature.flags & SIGNATURE_ZT0_INPUT) != 0;
    memset(entry->known_zt0, is_zt0_input ? 0 : fill_byte(trial_fill(trial, TRIAL_BENIGN_REGISTERS)),
           sizeof entry->known_zt0);
    if (is_dormant) {
        lay_dormant_state(entry);
    }
}

/* ---- after the call ------------------------------------------------------------------------------- */

/* The first word that is not what ZA was entered with. */
static void compare(struct abi_entry *entry, struct abi_exit *exit, const uint64_t *found) {
    for (uint64_t i = 0; i < word_count(entry); i++) {
        entry->due_za_word = known_word(entry, i);
        exit->za_word = found[i];
        if (entry->due_za_word != exit->za_word) {
            return;
        }
    }
}

/* Dormant: as it was (6.6.7), or off with everything saved (6.6.6). */
static void settle_dormant(struct abi_entry *entry, struct abi_exit *exit) {
    struct za_area *area = area_of(entry);
    memcpy(exit->za_block, &area->block, sizeof exit->za_block);
    if (exit->svcr & SVCR_ZA) {
        entry->due_svcr |= SVCR_ZA;
        entry->due_tpidr2 = entry->tpidr2;
        entry->gates |= GATE_ZA_KEPT;
        compare(entry, exit, area->after);
    } else {
        entry->gates |= GATE_ZA_SAVED;
        compare(entry, exit, area->save_buffer);
    }
}

/* Active, and what is shared is as it was unless the kernel may change it. */
static void settle_shared(struct abi_entry *entry, struct abi_exit *exit) {
    entry->due_svcr |= SVCR_ZA;
    if (!(exit->svcr & SVCR_ZA)) {
        return;
    }
    if (guest_signature.flags & SIGNATURE_ZA_KEPT) {
        entry->gates |= GATE_ZA_KEPT;
        compare(entry, exit, area_of(entry)->after);
    }
    bool is_zt0_kept = (guest_signature.flags & SIGNATURE_ZT0_KEPT) && (entry->gates & GATE_SME2);
    entry->gates |= is_zt0_kept ? GATE_ZT0_KEPT : 0;
}

void za_settle(struct abi_entry *entry, struct abi_exit *exit) {
    entry->due_svcr = entry->gates & GATE_STREAMING ? SVCR_SM : 0;
    entry->due_tpidr2 = 0;
    memset(exit->za_block, 0, sizeof exit->za_block);
    if (guest_signature.flags & SIGNATURE_SHARED_ZA) {
        settle_shared(entry, exit);
    } else if (entry->gates & GATE_ZA) {
        settle_dormant(entry, exit);
    } else {
        entry->due_tpidr2 = entry->runner_tpidr2;
    }
}
