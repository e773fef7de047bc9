/* See memory.h. */
#include "memory.h"

#include <sys/mman.h>

#include "fills.h"
#include "status.h"
#include "syscalls.h"

struct guest_frozen guest_frozen;

uint8_t *memory_island(uint64_t bytes, int protection) {
    bytes = memory_round_to_page(bytes);
    uint8_t *start = mmap(NULL, bytes + 2 * GUARD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED ||
        (protection != PROT_NONE && bytes > 0 && mprotect(start + GUARD_BYTES, bytes, protection) != 0)) {
        guest_exit(EXIT_STATUS_NO_MEMORY);
    }
    return start + GUARD_BYTES;
}

void memory_release(uint8_t *start, uint64_t bytes) {
    guest_syscall(SYS_madvise, (long)start, (long)bytes, MADV_DONTNEED, 0);
}

/* Emulators may take the advice for a hint and leave the pages as they are: one byte tells. */
void memory_zero(uint8_t *start, uint64_t bytes) {
    if (bytes > 0) {
        *(volatile uint8_t *)start = 1;
        memory_release(start, bytes);
        guest_syscall(SYS_madvise, (long)start, (long)bytes, MADV_HUGEPAGE, 0); /* hundreds of times fewer faults */
        if (*(volatile uint8_t *)start != 0) {
            fill_bytes(start, start + bytes, start, 0);
        }
    }
}

void memory_prepare(uint64_t record_bytes) {
    uint64_t sealed_bytes = memory_round_to_page(sizeof(struct sealed));
    uint8_t *base = memory_island(sealed_bytes + record_bytes, PROT_READ | PROT_WRITE);
    guest_frozen.sealed = (struct sealed *)base;
    guest_frozen.exit = (struct abi_exit *)memory_island(sizeof(struct abi_exit), PROT_READ | PROT_WRITE);
    guest_frozen.sealed->recorder.base = base + sealed_bytes;
}

void memory_freeze(void) {
    guest_protect(&guest_frozen, sizeof guest_frozen, PROT_READ);
}

void memory_unseal(void) {
    const struct abi_entry *entry = &guest_frozen.sealed->entry;
    guest_protect((void *)entry->seal_base, entry->seal_bytes, PROT_READ | PROT_WRITE);
}
