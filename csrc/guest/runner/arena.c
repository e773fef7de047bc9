/* See arena.h.
 *
 * The open pages of a buffer always begin at its floor. A buffer at the end (SIDE_END) ends where they end, so that
 * one element behind it lies on the guard behind; a buffer at the start begins where they begin. What is left
 * over of the pages, less than one page and the asked-for offset, holds canaries. */
#include "arena.h"

#include <string.h>
#include <sys/mman.h>

#include "memory.h"
#include "syscalls.h"

void arena_prepare(struct arena *arena, const struct pack *pack) {
    arena->count = pack->header->buffer_count;
    for (uint32_t i = 0; i < arena->count; i++) {
        struct arena_buffer *buffer = &arena->buffers[i];
        buffer->reserved_bytes = memory_round_to_page(pack->span_limit[i]);
        buffer->floor = memory_island(buffer->reserved_bytes, PROT_NONE);
        buffer->open_bytes = 0;
    }
}

/* Exactly these pages are accessible; the system is asked only when their number changes. */
static void open_pages(struct arena_buffer *buffer, uint64_t bytes) {
    if (bytes > buffer->open_bytes) {
        guest_protect(buffer->floor + buffer->open_bytes, bytes - buffer->open_bytes, PROT_READ | PROT_WRITE);
    } else if (bytes < buffer->open_bytes) {
        guest_protect(buffer->floor + bytes, buffer->open_bytes - bytes, PROT_NONE);
    }
    buffer->open_bytes = bytes;
}

static void describe(struct arena_buffer *buffer, const struct pack *pack, const struct case_view *view,
                     const struct trial_view *trial, uint32_t i) {
    const struct pack_buffer *wanted = &view->buffers[i];
    const struct pack_placement *placement = &trial->placements[i];
    const struct pack_parameter *parameter = pack_buffer_parameter(pack, i);
    buffer->root = placement->side == SIDE_ALIAS ? placement->offset_bytes : i;
    buffer->extent_bytes = wanted->extent_bytes;
    buffer->shared_bytes = 0;
    buffer->span_bytes = 0;
    enum fill fill = trial_fill(trial->head, TRIAL_BENIGN_MEMORY);
    buffer->canary_word = fill_canary_word(fill, parameter, i);
    buffer->output_word = fill_output_word(fill, parameter);
    buffer->contents = wanted->contents;
    buffer->bytes = pack->bytes + pack->header->blob_offset;
    buffer->run_count = 0;
    if (buffer->contents == CONTENTS_BYTES) {
        buffer->bytes += wanted->blob_offset;
    } else if (buffer->contents == CONTENTS_RUNS) {
        buffer->runs = pack_runs(pack, wanted);
        buffer->run_count = wanted->run_count;
    }
    buffer->is_written = false;
    buffer->is_zeroed = false;
}

/* What shares one place is as large as the largest of them, and written if any of them is. */
static void share(struct arena *arena, const struct pack *pack, const struct case_view *view, uint32_t i) {
    struct arena_buffer *root = &arena->buffers[arena->buffers[i].root];
    uint64_t extent = view->buffers[i].extent_bytes;
    uint64_t span = extent + view->buffers[i].readable_bytes;
    root->shared_bytes = extent > root->shared_bytes ? extent : root->shared_bytes;
    root->span_bytes = span > root->span_bytes ? span : root->span_bytes;
    root->is_written |= pack_buffer_is_output(pack, i);
    root->is_zeroed |= arena->buffers[i].contents == CONTENTS_RUNS;
}

static void place(struct arena_buffer *root, const struct pack_placement *placement) {
    open_pages(root, memory_round_to_page(root->span_bytes + placement->offset_bytes));
    root->start = root->floor + placement->offset_bytes;
    if (placement->side == SIDE_END) {
        root->start = root->floor + root->open_bytes - placement->offset_bytes - root->span_bytes;
    }
    if (root->is_zeroed) {
        memory_zero(root->floor, root->open_bytes);
    }
}

static void lay_canaries(const struct arena_buffer *root) {
    fill_bytes(root->floor, root->start, root->start, root->canary_word);
    fill_bytes(root->start + root->shared_bytes, root->floor + root->open_bytes, root->start, root->canary_word);
}

static void lay_contents(const struct arena_buffer *buffer) {
    switch (buffer->contents) {
    case CONTENTS_NONE:
        fill_bytes(buffer->start, buffer->start + buffer->extent_bytes, buffer->start, buffer->output_word);
        break;
    case CONTENTS_BYTES:
        memcpy(buffer->start, buffer->bytes, buffer->extent_bytes);
        break;
    case CONTENTS_RUNS: /* the pages are zero */
        for (uint32_t i = 0; i < buffer->run_count; i++) {
            const struct pack_run *run = &buffer->runs[i];
            memcpy(buffer->start + run->offset_bytes, buffer->bytes + run->blob_offset, run->length_bytes);
        }
        break;
    }
}

void arena_lay(struct arena *arena, const struct pack *pack, const struct case_view *view,
               const struct trial_view *trial) {
    struct arena_buffer *buffers = arena->buffers;
    for (uint32_t i = 0; i < arena->count; i++) {
        describe(&buffers[i], pack, view, trial, i);
    }
    for (uint32_t i = 0; i < arena->count; i++) {
        share(arena, pack, view, i);
    }
    for (uint32_t i = 0; i < arena->count; i++) {
        if (buffers[i].root == i) {
            place(&buffers[i], &trial->placements[i]);
            lay_canaries(&buffers[i]);
        }
    }
    for (uint32_t i = 0; i < arena->count; i++) { /* first poison, then contents: an alias may have either */
        buffers[i].start = buffers[buffers[i].root].start;
        buffers[i].is_written = buffers[buffers[i].root].is_written;
        if (buffers[i].contents == CONTENTS_NONE) {
            lay_contents(&buffers[i]);
        }
    }
    for (uint32_t i = 0; i < arena->count; i++) {
        if (buffers[i].contents != CONTENTS_NONE) {
            lay_contents(&buffers[i]);
        }
    }
}

void arena_release(const struct arena *arena) {
    for (uint32_t i = 0; i < arena->count; i++) {
        memory_release(arena->buffers[i].floor, arena->buffers[i].open_bytes);
    }
}

bool arena_canary_damage(const struct arena *arena, uint32_t i, struct damage *damage) {
    const struct arena_buffer *buffer = &arena->buffers[i];
    if (buffer->root != i) {
        return false;
    }
    const uint8_t *in_front = NULL;
    const uint8_t *behind = NULL;
    uint64_t changed = fill_damage(buffer->floor, buffer->start, buffer->start, buffer->canary_word, &in_front);
    changed += fill_damage(buffer->start + buffer->shared_bytes, buffer->floor + buffer->open_bytes, buffer->start,
                           buffer->canary_word, &behind);
    *damage = (struct damage){
        .buffer = i,
        .kind = DAMAGE_CANARY,
        .offset_bytes = (in_front ? in_front : behind) - buffer->start,
        .changed_bytes = changed,
    };
    return changed != 0;
}

/* Both count the bytes that changed, and tell the first in `first` unless it has one already. */
static uint64_t changed_bytes(const uint8_t *at, const uint8_t *contents, uint64_t bytes, const uint8_t **first) {
    uint64_t changed = 0;
    if (memcmp(at, contents, bytes) == 0) {
        return 0;
    }
    for (uint64_t i = 0; i < bytes; i++) {
        if (at[i] != contents[i]) {
            changed++;
            *first = *first ? *first : at + i;
        }
    }
    return changed;
}

static uint64_t changed_zeros(const uint8_t *from, const uint8_t *to, const uint8_t **first) {
    const uint8_t *found = NULL;
    uint64_t changed = fill_damage(from, to, from, 0, &found);
    *first = *first ? *first : found;
    return changed;
}

static uint64_t changed_runs(const struct arena_buffer *buffer, const uint8_t **first) {
    const uint8_t *at = buffer->start;
    uint64_t changed = 0;
    for (uint32_t i = 0; i < buffer->run_count; i++) {
        const struct pack_run *run = &buffer->runs[i];
        const uint8_t *start = buffer->start + run->offset_bytes;
        changed += changed_zeros(at, start, first);
        changed += changed_bytes(start, buffer->bytes + run->blob_offset, run->length_bytes, first);
        at = start + run->length_bytes;
    }
    return changed + changed_zeros(at, buffer->start + buffer->extent_bytes, first);
}

bool arena_input_damage(const struct arena *arena, uint32_t i, struct damage *damage) {
    const struct arena_buffer *buffer = &arena->buffers[i];
    const uint8_t *end = buffer->start + buffer->extent_bytes;
    const uint8_t *first = NULL;
    uint64_t changed = 0;
    if (buffer->is_written) {
        return false;
    }
    switch (buffer->contents) {
    case CONTENTS_NONE:
        changed = fill_damage(buffer->start, end, buffer->start, buffer->output_word, &first);
        break;
    case CONTENTS_BYTES:
        changed = changed_bytes(buffer->start, buffer->bytes, buffer->extent_bytes, &first);
        break;
    case CONTENTS_RUNS:
        changed = changed_runs(buffer, &first);
        break;
    }
    *damage = (struct damage){
        .buffer = i,
        .kind = DAMAGE_INPUT,
        .offset_bytes = first - buffer->start,
        .changed_bytes = changed,
    };
    return changed != 0;
}

uint32_t arena_find(const struct arena *arena, uint64_t address) {
    for (uint32_t i = 0; i < arena->count; i++) {
        const struct arena_buffer *buffer = &arena->buffers[i];
        uint64_t low = (uint64_t)(uintptr_t)buffer->floor - GUARD_BYTES;
        if (buffer->root == i && address - low < buffer->reserved_bytes + 2 * GUARD_BYTES) {
            return i;
        }
    }
    return NO_BUFFER;
}
