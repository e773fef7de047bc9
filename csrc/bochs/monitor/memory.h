/* The program's memory: regions, as mmap() and mprotect() make them, and 4 KiB pages behind them on demand. */
#ifndef HARNESS_BOCHS_MEMORY_H
#define HARNESS_BOCHS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES UINT64_C(4096)

/* PROT_READ, PROT_WRITE and PROT_EXEC of <sys/mman.h>. */
enum protection {
    MAY_READ = 1,
    MAY_WRITE = 2,
    MAY_EXECUTE = 4,
};

enum resolution {
    PAGE_IS_THERE,
    PAGE_IS_NOT_MAPPED,
    PAGE_IS_PROTECTED,
};

static inline uint64_t page_floor(uint64_t address) {
    return address & ~(PAGE_BYTES - 1);
}

static inline uint64_t page_ceiling(uint64_t address) {
    return page_floor(address + PAGE_BYTES - 1);
}

/* Takes over what is behind `first_free`, and the page tables that boot.S made. */
void memory_prepare(uint64_t first_free, uint64_t memory_bytes);

/* Physically contiguous memory for what is loaded; 0 if there is not that much. */
uint64_t memory_take(uint64_t bytes);

/* These return 0 or a negative error number, as the system calls do. With a source, a physical address, the region
 * shows what lies there; otherwise zeroes. What was mapped there before is replaced. */
long memory_map(uint64_t start, uint64_t bytes, unsigned protection, uint64_t source);
long memory_unmap(uint64_t start, uint64_t bytes);
long memory_protect(uint64_t start, uint64_t bytes, unsigned protection);

/* An address where nothing is mapped, as high as possible. */
uint64_t memory_find_room(uint64_t bytes);

/* Called by page faults: puts the page there if the program may do what it tried. `access` is one of enum protection.
 */
enum resolution memory_resolve(uint64_t address, unsigned access);

/* Whether the program may do that to all of these bytes; puts the pages there, so that the monitor may do it too. */
bool memory_is_open(uint64_t address, uint64_t bytes, unsigned access);

#endif
