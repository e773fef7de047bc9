/* What the runner must not lose while foreign code runs in its process. A wild store of the kernel must fault instead
 * of changing the runner's mind, so everything the runner relies on lies in one of these places:
 *
 *     guest_frozen   written at start, read-only ever after
 *     struct sealed  written between calls, read-only while the kernel runs; the record under construction
 *                    follows it directly and is sealed with it
 *     struct abi_exit   writable while the kernel runs, and holds nothing until it has returned
 *
 * The latter two lie on islands: mappings at random addresses with guard pages around them. */
#ifndef HARNESS_GUEST_MEMORY_H
#define HARNESS_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "arena.h"
#include "descriptors.h"
#include "fault.h"
#include "pack.h"
#include "record.h"

#define GUARD_BYTES (UINT64_C(1) << 20) /* in front of and behind every island and buffer */
#define PAGE_LIMIT 65536                /* the largest page of any supported system */
#define CRC32_SLICES 8
#define OUTPUT_PATH_LIMIT 4096

struct sealed {
    struct abi_entry entry; /* first: the trampoline addresses it by offset */
    bool in_call;           /* the kernel has the processor: faults are its own */
    struct fault fault;
    struct arena arena;
    struct descriptors descriptors;
    struct recorder recorder;
    uint64_t values[PACK_PARAMETER_LIMIT]; /* the arguments of the next call */
    const struct pack_trial *trial;        /* the one that is on */
    uint32_t call_count;                   /* of the kernel in it, so far */
    uint32_t violation_count;
    struct violation violations[VIOLATION_LIMIT]; /* that these calls have left */
    uint64_t case_offset;
    uint32_t cases_done;
    uint32_t cases_timed_out;
};

struct guest_frozen {
    struct sealed *sealed; /* these two first: the trampoline addresses them by offset */
    struct abi_exit *exit;
    long pid;
    uint64_t page_bytes;
    struct pack pack;
    struct fault_setup fault;
    char output_path[OUTPUT_PATH_LIMIT];
    uint32_t crc32_tables[CRC32_SLICES][256];
} __attribute__((aligned(PAGE_LIMIT))); /* and thereby alone on its pages */

extern struct guest_frozen guest_frozen;

/* Maps `bytes` of zeroes with guards around them. Ends the process if there is no memory. */
uint8_t *memory_island(uint64_t bytes, int protection);

/* Whole pages: makes them read as zero without holding memory for them, or gives their memory back. */
void memory_zero(uint8_t *start, uint64_t bytes);
void memory_release(uint8_t *start, uint64_t bytes);

void memory_prepare(uint64_t record_bytes); /* makes the sealed and the exit region */
void memory_freeze(void);                   /* once: guest_frozen is read-only from here on */
void memory_unseal(void);                   /* the trampoline seals, as the last thing before the kernel runs */

static inline uint64_t memory_round_to_page(uint64_t bytes) {
    return (bytes + guest_frozen.page_bytes - 1) & ~(guest_frozen.page_bytes - 1);
}

#endif
