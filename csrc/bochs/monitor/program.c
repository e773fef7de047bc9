/* See program.h. The layouts are those of the System V gABI (chapters 4 and 5) and of the AMD64 psABI (3.4.1). */
#include "program.h"

#include "channel.h"
#include "memory.h"
#include "processor.h"
#include "text.h"

#define PROGRAM_STACK_BYTES (UINT64_C(8) << 20)
#define STACK_TOP USER_END
#define LOAD_LIMIT 16 /* program headers that are looked at */
#define WORD_LIMIT 96 /* of argc, argv, envp and the auxiliary vector */

#define ELF_CLASS_64 2
#define ELF_TYPE_EXECUTABLE 2
#define ELF_MACHINE_X86_64 62
#define SEGMENT_LOAD 1
#define SEGMENT_INTERPRETER 3
#define SEGMENT_EXECUTE 1
#define SEGMENT_WRITE 2
#define SEGMENT_READ 4

struct elf_header {
    uint8_t magic[4];
    uint8_t class;
    uint8_t rest[11];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments_offset, sections_offset;
    uint32_t flags;
    uint16_t header_bytes, segment_bytes, segment_count, section_bytes, section_count, names_index;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};

/* Types of the auxiliary vector, <linux/auxvec.h>. */
enum auxiliary {
    AUXILIARY_SEGMENTS = 3,
    AUXILIARY_SEGMENT_BYTES = 4,
    AUXILIARY_SEGMENT_COUNT = 5,
    AUXILIARY_PAGE_BYTES = 6,
    AUXILIARY_ENTRY = 9,
    AUXILIARY_UID = 11,
    AUXILIARY_EUID = 12,
    AUXILIARY_GID = 13,
    AUXILIARY_EGID = 14,
    AUXILIARY_PLATFORM = 15,
    AUXILIARY_HWCAP = 16,
    AUXILIARY_CLOCK_TICKS = 17,
    AUXILIARY_SECURE = 23,
    AUXILIARY_RANDOM = 25,
    AUXILIARY_HWCAP2 = 26,
    AUXILIARY_NAME = 31,
    AUXILIARY_SIGNAL_FRAME_BYTES = 51,
};

static uint64_t heap_start;
static uint64_t heap_end;

/* ---- segments ------------------------------------------------------------------------------------- */

static unsigned protection_of(const struct elf_segment *segment) {
    return (segment->flags & SEGMENT_READ ? MAY_READ : 0) | (segment->flags & SEGMENT_WRITE ? MAY_WRITE : 0) |
           (segment->flags & SEGMENT_EXECUTE ? MAY_EXECUTE : 0);
}

static void load_segment(const uint8_t *image, const struct elf_segment *segment) {
    uint64_t start = page_floor(segment->address);
    uint64_t end = page_ceiling(segment->address + segment->memory_bytes);
    if (memory_map(start, end - start, MAY_READ | MAY_WRITE, 0) != 0 ||
        !memory_is_open(segment->address, segment->file_bytes, MAY_WRITE)) {
        channel_fail("a segment of the program cannot be mapped");
    }
    memcpy((void *)segment->address, image + segment->offset, segment->file_bytes);
    memory_protect(start, end - start, protection_of(segment));
    heap_start = end > heap_start ? end : heap_start;
}

static bool is_program(const struct elf_header *header, uint64_t bytes) {
    return bytes >= sizeof *header && header->magic[0] == 0x7f && header->magic[1] == 'E' && header->magic[2] == 'L' &&
           header->magic[3] == 'F' && header->class == ELF_CLASS_64 && header->machine == ELF_MACHINE_X86_64 &&
           header->type == ELF_TYPE_EXECUTABLE && header->segment_bytes == sizeof(struct elf_segment) &&
           header->segment_count <= LOAD_LIMIT && header->segments_offset <= bytes &&
           header->segment_count * sizeof(struct elf_segment) <= bytes - header->segments_offset;
}

/* Returns the address at which the program finds its own program headers. */
static uint64_t load_segments(const uint8_t *image, uint64_t bytes) {
    const struct elf_header *header = (const struct elf_header *)image;
    uint64_t headers = 0;
    if (!is_program(header, bytes)) {
        channel_fail("the program is no static x86-64 ELF executable with a fixed address");
    }
    const struct elf_segment *segments = (const struct elf_segment *)(image + header->segments_offset);
    for (unsigned i = 0; i < header->segment_count; i++) {
        const struct elf_segment *segment = &segments[i];
        if (segment->type == SEGMENT_INTERPRETER) {
            channel_fail("the program is linked dynamically");
        }
        if (segment->type != SEGMENT_LOAD) {
            continue;
        }
        if (segment->offset > bytes || segment->file_bytes > bytes - segment->offset ||
            segment->file_bytes > segment->memory_bytes) {
            channel_fail("the program is truncated");
        }
        load_segment(image, segment);
        if (header->segments_offset - segment->offset < segment->file_bytes) {
            headers = segment->address + (header->segments_offset - segment->offset);
        }
    }
    return headers;
}

uint64_t program_break(uint64_t wanted) {
    if (wanted >= heap_start) {
        uint64_t from = page_ceiling(heap_end);
        uint64_t to = page_ceiling(wanted);
        if (to < from) {
            memory_unmap(to, from - to);
        } else if (to > from && memory_map(from, to - from, MAY_READ | MAY_WRITE, 0) != 0) {
            return heap_end;
        }
        heap_end = wanted;
    }
    return heap_end;
}

/* ---- the stack ------------------------------------------------------------------------------------ */

struct words {
    uint64_t at[WORD_LIMIT];
    size_t count;
};

static void add(struct words *words, uint64_t word) {
    words->at[words->count++] = word;
}

static void add_auxiliary(struct words *words, enum auxiliary type, uint64_t value) {
    add(words, type);
    add(words, value);
}

static uint64_t push(uint64_t *sp, const void *from, uint64_t bytes) {
    *sp -= bytes;
    memcpy((void *)*sp, from, bytes);
    return *sp;
}

static void add_arguments(struct words *words, uint64_t strings, const struct exchange_request *request) {
    add(words, request->argument_count);
    for (uint32_t i = 0; i < request->argument_count; i++) {
        add(words, strings);
        strings += text_length((const char *)strings) + 1;
    }
    add(words, 0);
    add(words, 0); /* no environment */
}

static uint64_t make_stack(const struct elf_header *header, uint64_t headers, const struct exchange_request *request) {
    static const uint8_t random[16] = "not random bytes"; /* every run is the same run */
    struct words words = {.count = 0};
    uint64_t sp = STACK_TOP;
    if (memory_map(STACK_TOP - PROGRAM_STACK_BYTES, PROGRAM_STACK_BYTES, MAY_READ | MAY_WRITE, 0) != 0 ||
        !memory_is_open(STACK_TOP - 4 * PAGE_BYTES, 4 * PAGE_BYTES, MAY_WRITE)) {
        channel_fail("no memory for the program's stack");
    }
    uint64_t arguments = push(&sp, request->arguments, sizeof request->arguments);
    add_arguments(&words, arguments, request);
    add_auxiliary(&words, AUXILIARY_SEGMENTS, headers);
    add_auxiliary(&words, AUXILIARY_SEGMENT_BYTES, header->segment_bytes);
    add_auxiliary(&words, AUXILIARY_SEGMENT_COUNT, header->segment_count);
    add_auxiliary(&words, AUXILIARY_PAGE_BYTES, PAGE_BYTES);
    add_auxiliary(&words, AUXILIARY_ENTRY, header->entry);
    add_auxiliary(&words, AUXILIARY_UID, 0);
    add_auxiliary(&words, AUXILIARY_EUID, 0);
    add_auxiliary(&words, AUXILIARY_GID, 0);
    add_auxiliary(&words, AUXILIARY_EGID, 0);
    add_auxiliary(&words, AUXILIARY_SECURE, 0);
    add_auxiliary(&words, AUXILIARY_CLOCK_TICKS, 100);
    add_auxiliary(&words, AUXILIARY_HWCAP, processor_hwcap());
    add_auxiliary(&words, AUXILIARY_HWCAP2, processor_hwcap2());
    add_auxiliary(&words, AUXILIARY_SIGNAL_FRAME_BYTES, processor_state_bytes() + PAGE_BYTES);
    add_auxiliary(&words, AUXILIARY_NAME, arguments);
    add_auxiliary(&words, AUXILIARY_PLATFORM, push(&sp, "x86_64", 7));
    add_auxiliary(&words, AUXILIARY_RANDOM, push(&sp, random, sizeof random));
    add_auxiliary(&words, 0, 0);
    sp = (sp - words.count * sizeof *words.at) & ~UINT64_C(15);
    memcpy((void *)sp, words.at, words.count * sizeof *words.at);
    return sp;
}

void program_load(uint64_t image, const struct exchange_request *request, struct registers *registers) {
    const uint8_t *at = at_physical(image);
    uint64_t headers = load_segments(at, request->program.bytes);
    heap_end = heap_start;
    memset(registers, 0, sizeof *registers);
    registers->rip = ((const struct elf_header *)at)->entry;
    registers->rsp = make_stack((const struct elf_header *)at, headers, request);
    registers->rflags = FLAG_ALWAYS_ONE | FLAG_INTERRUPTS;
    registers->cs = SELECTOR_USER_CODE;
    registers->ss = SELECTOR_USER_DATA;
}
