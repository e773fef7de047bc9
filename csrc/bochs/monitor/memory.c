/* See memory.h. A page table entry that is not present may still hold a page: PROT_NONE keeps what was written. */
#include "memory.h"

#include "channel.h"
#include "errors.h"
#include "hardware.h"
#include "text.h"

/* Bits of a page table entry, SDM volume 3, 5.5.4. */
#define ENTRY_PRESENT UINT64_C(1)
#define ENTRY_WRITABLE UINT64_C(2)
#define ENTRY_USER UINT64_C(4)
#define ENTRY_HOLDS_PAGE (UINT64_C(1) << 9) /* ours: also when not present */
#define ENTRY_BORROWED (UINT64_C(1) << 10)  /* ours: the page belongs to a file that was loaded */
#define ENTRY_NO_EXECUTE (UINT64_C(1) << 63)
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define ENTRIES 512
#define TABLE_SPAN (ENTRIES * PAGE_BYTES)
#define TABLE_LEVELS 4

#define REGION_LIMIT 4096
#define ROOM_TOP UINT64_C(0x00007ff000000000) /* mappings grow down from here, far below the stack */
#define LOWEST_ADDRESS UINT64_C(0x10000)      /* vm.mmap_min_addr */

struct region {
    uint64_t start;
    uint64_t end;
    unsigned protection;
    uint64_t source; /* physical address of what it shows; 0: zeroes */
};

static struct region regions[REGION_LIMIT]; /* ascending, none overlapping */
static size_t region_count;
static uint64_t free_start; /* physical memory never used */
static uint64_t free_end;
static uint64_t free_list; /* pages given back, each with the next one's address at its start */
static uint64_t total_pages;
static uint64_t room_below = ROOM_TOP;

/* ---- pages ---------------------------------------------------------------------------------------- */

void memory_prepare(uint64_t first_free, uint64_t memory_bytes) {
    uint64_t *pml4 = at_physical(BOOT_PML4);
    free_start = page_ceiling(first_free);
    free_end = page_floor(memory_bytes);
    pml4[0] = 0; /* what boot.S ran on */
    write_cr3(BOOT_PML4);
    total_pages = (free_end - free_start) / PAGE_BYTES;
}

uint64_t memory_take(uint64_t bytes) {
    uint64_t start = free_start;
    if (bytes > free_end - free_start) {
        return 0;
    }
    free_start += page_ceiling(bytes);
    total_pages -= page_ceiling(bytes) / PAGE_BYTES;
    return start;
}

static uint64_t take_page(void) {
    uint64_t page = free_list;
    if (page) {
        free_list = *(uint64_t *)at_physical(page);
    } else if (free_start < free_end) {
        page = free_start;
        free_start += PAGE_BYTES;
    } else {
        channel_fail("the machine's memory is used up");
    }
    uint64_t *at = at_physical(page);
    uint64_t count = PAGE_BYTES / sizeof *at;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(0) : "memory");
    return page;
}

static void give_page_back(uint64_t page) {
    *(uint64_t *)at_physical(page) = free_list;
    free_list = page;
}

/* ---- page tables ---------------------------------------------------------------------------------- */

/* The entry of an address in the last table; NULL if there is no such table and none is to be made. */
static uint64_t *entry_of(uint64_t address, bool is_wanted) {
    uint64_t *table = at_physical(BOOT_PML4);
    for (int level = TABLE_LEVELS - 1; level > 0; level--) {
        uint64_t *entry = &table[address >> (12 + 9 * level) & (ENTRIES - 1)];
        if (!(*entry & ENTRY_PRESENT)) {
            if (!is_wanted) {
                return NULL;
            }
            *entry = take_page() | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER;
        }
        table = at_physical(*entry & ENTRY_ADDRESS);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

static uint64_t rights(unsigned protection) {
    uint64_t bits = protection ? ENTRY_PRESENT | ENTRY_USER : 0;
    bits |= protection & MAY_WRITE ? ENTRY_WRITABLE : 0;
    return bits | (protection & MAY_EXECUTE ? 0 : ENTRY_NO_EXECUTE);
}

/* The processor looks again by itself before it raises a fault (SDM volume 3, 5.10.4.3), so that more rights need no
 * invalidation, and to Bochs one is expensive. */
static bool takes_rights_away(uint64_t before, uint64_t now) {
    bool is_still_there = (now & ENTRY_PRESENT) && ((before ^ now) & ENTRY_ADDRESS) == 0;
    bool is_as_writable = (now & ENTRY_WRITABLE) || !(before & ENTRY_WRITABLE);
    bool is_as_executable = !(now & ENTRY_NO_EXECUTE) || (before & ENTRY_NO_EXECUTE);
    return (before & ENTRY_PRESENT) && !(is_still_there && is_as_writable && is_as_executable);
}

/* Calls `change` for every page that is there. */
static void for_pages(uint64_t start, uint64_t end, unsigned protection,
                      void (*change)(uint64_t *entry, unsigned protection)) {
    for (uint64_t at = start; at < end;) {
        uint64_t *entry = entry_of(at, false);
        if (!entry) {
            at = (at & ~(TABLE_SPAN - 1)) + TABLE_SPAN;
            continue;
        }
        if (*entry & ENTRY_HOLDS_PAGE) {
            uint64_t before = *entry;
            change(entry, protection);
            if (takes_rights_away(before, *entry)) {
                invalidate_page(at);
            }
        }
        at += PAGE_BYTES;
    }
}

static void set_rights(uint64_t *entry, unsigned protection) {
    *entry = (*entry & (ENTRY_ADDRESS | ENTRY_HOLDS_PAGE | ENTRY_BORROWED)) | rights(protection);
}

static void drop_page(uint64_t *entry, unsigned protection) {
    (void)protection;
    if (!(*entry & ENTRY_BORROWED)) {
        give_page_back(*entry & ENTRY_ADDRESS);
    }
    *entry = 0;
}

/* ---- regions -------------------------------------------------------------------------------------- */

/* The first region that ends behind an address; region_count if there is none. */
static size_t first_behind(uint64_t address) {
    size_t low = 0;
    size_t high = region_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (regions[middle].end <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool insert(size_t at, struct region region) {
    if (region_count == REGION_LIMIT) {
        return false;
    }
    for (size_t i = region_count++; i > at; i--) {
        regions[i] = regions[i - 1];
    }
    regions[at] = region;
    return true;
}

static void erase(size_t at, size_t count) {
    region_count -= count;
    for (size_t i = at; i < region_count; i++) {
        regions[i] = regions[i + count];
    }
}

/* Makes an address the border of two regions, where it lies in one. */
static bool split(uint64_t address) {
    size_t i = first_behind(address);
    if (i == region_count || regions[i].start >= address) {
        return true;
    }
    struct region upper = regions[i];
    upper.start = address;
    upper.source = upper.source ? upper.source + (address - regions[i].start) : 0;
    if (!insert(i + 1, upper)) {
        return false;
    }
    regions[i].end = address;
    return true;
}

static bool continues(const struct region *a, const struct region *b) {
    uint64_t expected = a->source ? a->source + (a->end - a->start) : 0;
    return a->end == b->start && a->protection == b->protection && expected == b->source;
}

/* Joins what a change left in pieces: the runner opens and shuts the same pages over and over. */
static void join_around(size_t from, size_t to) {
    for (size_t i = to + 1 < region_count ? to + 1 : region_count - 1; i > 0 && i + 1 > from; i--) {
        if (i < region_count && continues(&regions[i - 1], &regions[i])) {
            regions[i - 1].end = regions[i].end;
            erase(i, 1);
        }
    }
}

static bool is_sound(uint64_t start, uint64_t bytes) {
    return start % PAGE_BYTES == 0 && bytes > 0 && start >= LOWEST_ADDRESS && start < USER_END &&
           bytes <= USER_END - start;
}

/* Whether the pages that may be written, and `more`, fit into memory: nothing is promised that is not there. */
static bool can_promise(uint64_t more) {
    uint64_t promised = more / PAGE_BYTES;
    for (size_t i = 0; i < region_count; i++) {
        if ((regions[i].protection & MAY_WRITE) && !regions[i].source) {
            promised += (regions[i].end - regions[i].start) / PAGE_BYTES;
        }
    }
    return promised + promised / ENTRIES + TABLE_LEVELS * region_count <= total_pages;
}

long memory_unmap(uint64_t start, uint64_t bytes) {
    uint64_t end = page_ceiling(start + bytes);
    if (!is_sound(start, bytes)) {
        return -ERROR_INVALID;
    }
    if (!split(start) || !split(end)) {
        return -ERROR_NO_MEMORY;
    }
    size_t first = first_behind(start);
    size_t last = first;
    while (last < region_count && regions[last].start < end) {
        last++;
    }
    erase(first, last - first);
    for_pages(start, end, 0, drop_page);
    return 0;
}

long memory_map(uint64_t start, uint64_t bytes, unsigned protection, uint64_t source) {
    struct region region = {start, page_ceiling(start + bytes), protection, source};
    if (!is_sound(start, bytes)) {
        return -ERROR_INVALID;
    }
    if ((protection & MAY_WRITE) && !source && !can_promise(bytes)) {
        return -ERROR_NO_MEMORY;
    }
    long result = memory_unmap(start, bytes);
    if (result < 0) {
        return result;
    }
    size_t at = first_behind(start);
    if (!insert(at, region)) {
        return -ERROR_NO_MEMORY;
    }
    join_around(at, at);
    return 0;
}

/* Whether all of it is mapped, with at least these rights. */
static bool covers(uint64_t start, uint64_t end, unsigned protection) {
    for (size_t i = first_behind(start); start < end; i++) {
        if (i == region_count || regions[i].start > start || (regions[i].protection & protection) != protection) {
            return false;
        }
        start = regions[i].end;
    }
    return true;
}

static uint64_t not_yet_writable(uint64_t start, uint64_t end) {
    uint64_t bytes = 0;
    for (size_t i = first_behind(start); i < region_count && regions[i].start < end; i++) {
        uint64_t from = regions[i].start > start ? regions[i].start : start;
        uint64_t to = regions[i].end < end ? regions[i].end : end;
        bytes += regions[i].protection & MAY_WRITE || regions[i].source ? 0 : to - from;
    }
    return bytes;
}

long memory_protect(uint64_t start, uint64_t bytes, unsigned protection) {
    uint64_t end = page_ceiling(start + bytes);
    if (bytes == 0) {
        return 0;
    }
    if (start % PAGE_BYTES != 0) {
        return -ERROR_INVALID;
    }
    if (!is_sound(start, bytes) || !covers(start, end, 0)) {
        return -ERROR_NO_MEMORY;
    }
    if ((protection & MAY_WRITE) && !can_promise(not_yet_writable(start, end))) {
        return -ERROR_NO_MEMORY;
    }
    if (!split(start) || !split(end)) {
        return -ERROR_NO_MEMORY;
    }
    size_t first = first_behind(start);
    size_t last = first;
    while (last < region_count && regions[last].start < end) {
        regions[last++].protection = protection;
    }
    for_pages(start, end, protection, set_rights);
    join_around(first, last);
    return 0;
}

uint64_t memory_find_room(uint64_t bytes) {
    room_below -= page_ceiling(bytes) + PAGE_BYTES; /* addresses are plenty: none is used twice */
    return room_below;
}

/* ---- access --------------------------------------------------------------------------------------- */

enum resolution memory_resolve(uint64_t address, unsigned access) {
    size_t i = address < USER_END ? first_behind(address) : region_count;
    if (i == region_count || regions[i].start > address) {
        return PAGE_IS_NOT_MAPPED;
    }
    const struct region *region = &regions[i];
    /* x86 has no pages that can be written or executed but not read. */
    bool is_allowed = access == MAY_READ ? region->protection != 0 : (region->protection & access) != 0;
    if (!is_allowed) {
        return PAGE_IS_PROTECTED;
    }
    uint64_t *entry = entry_of(address, true);
    if (!(*entry & ENTRY_HOLDS_PAGE)) {
        uint64_t page = page_floor(address);
        *entry = region->source ? (region->source + (page - region->start)) | ENTRY_BORROWED : take_page();
        *entry |= ENTRY_HOLDS_PAGE | rights(region->protection);
    }
    return PAGE_IS_THERE;
}

bool memory_is_open(uint64_t address, uint64_t bytes, unsigned access) {
    if (bytes == 0) {
        return true;
    }
    if (address >= USER_END || bytes > USER_END - address) {
        return false;
    }
    for (uint64_t at = page_floor(address); at < address + bytes; at += PAGE_BYTES) {
        if (memory_resolve(at, access) != PAGE_IS_THERE) {
            return false;
        }
    }
    return true;
}
