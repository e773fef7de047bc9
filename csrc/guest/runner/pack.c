/* Opens the pack and checks it: every count and offset, once, so that what follows can trust them. */
#include "pack.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32.h"

/* No case is larger; sums of that many sizes cannot overflow 64 bits. */
#define SIZE_LIMIT (UINT64_C(1) << 36)

static uint64_t padded(uint64_t bytes) {
    return (bytes + 7) & ~UINT64_C(7);
}

static uint64_t trial_bytes(const struct pack *pack) {
    return sizeof(struct pack_trial) + (uint64_t)pack->header->buffer_count * sizeof(struct pack_placement);
}

struct case_view pack_case_at(const struct pack *pack, uint64_t offset) {
    const uint8_t *at = pack->bytes + offset;
    struct case_view view = {.head = (const struct pack_case *)at};
    at += sizeof *view.head;
    view.values = (const uint64_t *)at;
    at += pack->header->parameter_count * sizeof *view.values;
    view.buffers = (const struct pack_buffer *)at;
    at += pack->header->buffer_count * sizeof *view.buffers;
    view.trials = at;
    view.next_offset = (uint64_t)(at - pack->bytes) + view.head->trial_count * trial_bytes(pack);
    return view;
}

struct trial_view pack_trial(const struct pack *pack, const struct case_view *view, uint32_t number) {
    const uint8_t *at = view->trials + number * trial_bytes(pack);
    return (struct trial_view){
        .head = (const struct pack_trial *)at,
        .placements = (const struct pack_placement *)(at + sizeof(struct pack_trial)),
    };
}

static const char *check_header(struct pack *pack) {
    const struct pack_header *header = pack->header;
    if (pack->size < sizeof *header || header->magic != PACK_MAGIC) {
        return "not a pack";
    }
    if (header->version != WIRE_VERSION) {
        return "a pack of another version";
    }
    if (header->total_bytes != pack->size) {
        return "truncated, or longer than it says";
    }
    if (crc32_of(pack->bytes + sizeof *header, pack->size - sizeof *header) != header->body_crc32) {
        return "damaged: the checksum differs";
    }
    if (header->parameter_count > PACK_PARAMETER_LIMIT || header->buffer_count > header->parameter_count) {
        return "too many parameters";
    }
    pack->cases_offset = sizeof *header + header->parameter_count * sizeof(struct pack_parameter);
    if (header->blob_offset > pack->size || header->blob_offset % 8 != 0 || pack->cases_offset > header->blob_offset) {
        return "parts overlap or lie outside";
    }
    pack->parameters = (const struct pack_parameter *)(header + 1);
    pack->blob_bytes = pack->size - header->blob_offset;
    return NULL;
}

static const char *check_parameters(struct pack *pack) {
    uint32_t buffers = 0;
    for (uint32_t i = 0; i < pack->header->parameter_count; i++) {
        const struct pack_parameter *parameter = &pack->parameters[i];
        if (parameter->kind > PARAMETER_BUFFER || parameter->flow < FLOW_IN || parameter->flow > FLOW_INOUT ||
            parameter->element_bytes == 0 || parameter->element_class > ELEMENT_INTEGER) {
            return "a parameter of no known kind";
        }
        if (parameter->kind == PARAMETER_BUFFER) {
            pack->buffer_parameter[buffers++] = i;
        }
    }
    return buffers == pack->header->buffer_count ? NULL : "another number of buffers than it says";
}

static bool blob_holds(const struct pack *pack, uint64_t offset, uint64_t bytes) {
    return offset <= pack->blob_bytes && bytes <= pack->blob_bytes - offset;
}

const struct pack_run *pack_runs(const struct pack *pack, const struct pack_buffer *buffer) {
    return (const struct pack_run *)(pack->bytes + pack->header->blob_offset + buffer->blob_offset);
}

static bool runs_are_sound(const struct pack *pack, const struct pack_buffer *buffer) {
    if (buffer->blob_offset % 8 != 0 ||
        !blob_holds(pack, buffer->blob_offset, buffer->run_count * sizeof(struct pack_run))) {
        return false;
    }
    const struct pack_run *runs = pack_runs(pack, buffer);
    uint64_t end = 0;
    for (uint32_t i = 0; i < buffer->run_count; i++) {
        if (runs[i].offset_bytes < end || runs[i].offset_bytes > buffer->extent_bytes ||
            runs[i].length_bytes > buffer->extent_bytes - runs[i].offset_bytes ||
            !blob_holds(pack, runs[i].blob_offset, runs[i].length_bytes)) {
            return false;
        }
        end = runs[i].offset_bytes + runs[i].length_bytes;
    }
    return true;
}

static bool contents_are_sound(const struct pack *pack, const struct pack_buffer *buffer) {
    switch (buffer->contents) {
    case CONTENTS_NONE:
        return true;
    case CONTENTS_BYTES:
        return blob_holds(pack, buffer->blob_offset, buffer->extent_bytes);
    case CONTENTS_RUNS:
        return runs_are_sound(pack, buffer);
    default:
        return false;
    }
}

static const char *check_buffers(const struct pack *pack, const struct pack_buffer *buffers) {
    for (uint32_t i = 0; i < pack->header->buffer_count; i++) {
        const struct pack_buffer *buffer = &buffers[i];
        if (buffer->extent_bytes > SIZE_LIMIT || buffer->readable_bytes > SIZE_LIMIT) {
            return "a buffer of absurd size";
        }
        if (!contents_are_sound(pack, buffer)) {
            return "contents that lie outside";
        }
    }
    return NULL;
}

/* An alias must name a buffer that has a place of its own. */
static bool placement_is_sound(const struct pack *pack, const struct trial_view *trial, uint32_t buffer) {
    const struct pack_placement *placement = &trial->placements[buffer];
    if (placement->side != SIDE_ALIAS) {
        return placement->side <= SIDE_START;
    }
    return placement->offset_bytes < pack->header->buffer_count &&
           trial->placements[placement->offset_bytes].side != SIDE_ALIAS;
}

static const char *check_trial(struct pack *pack, const struct case_view *view, const struct trial_view *trial) {
    if (trial->head->fill >= FILL_COUNT || (trial->head->flags & ~TRIAL_FLAGS) != 0) {
        return "a trial of no known kind";
    }
    for (uint32_t i = 0; i < pack->header->buffer_count; i++) {
        if (!placement_is_sound(pack, trial, i)) {
            return "a placement of no known kind";
        }
        const struct pack_placement *placement = &trial->placements[i];
        uint32_t root = placement->side == SIDE_ALIAS ? placement->offset_bytes : i;
        uint64_t span = view->buffers[i].extent_bytes + view->buffers[i].readable_bytes;
        span += root == i ? placement->offset_bytes : trial->placements[root].offset_bytes;
        pack->span_limit[root] = span > pack->span_limit[root] ? span : pack->span_limit[root];
    }
    return NULL;
}

/* How much of a record the output of one buffer may take, in one trial. */
static uint64_t output_room(const struct pack *pack, const struct case_view *view, uint32_t buffer) {
    if (!pack_buffer_is_output(pack, buffer)) {
        return 0;
    }
    if ((view->head->flags & CASE_SPARSE) != 0) {
        return OUTPUT_RUN_LIMIT * sizeof(struct output_run);
    }
    return padded(view->buffers[buffer].extent_bytes);
}

static bool runs_can_hold(const struct pack *pack, uint32_t buffer) {
    return pack_buffer_parameter(pack, buffer)->element_bytes <= sizeof(((struct output_run *)NULL)->element);
}

/* Checks that a case lies inside before anything of it is read, and notes the largest sizes on the way. */
static const char *check_case(struct pack *pack, uint64_t *offset) {
    uint64_t limit = pack->header->blob_offset;
    uint64_t fixed = sizeof(struct pack_case) + pack->header->parameter_count * sizeof(uint64_t) +
                     pack->header->buffer_count * sizeof(struct pack_buffer);
    if (fixed > limit - *offset) {
        return "a case that lies outside";
    }
    uint32_t trials = ((const struct pack_case *)(pack->bytes + *offset))->trial_count;
    if (trials == 0 || trials > (limit - *offset - fixed) / trial_bytes(pack)) {
        return "a case with trials that lie outside";
    }
    struct case_view view = pack_case_at(pack, *offset);
    if ((view.head->flags & ~CASE_SPARSE) != 0) {
        return "a case of no known kind";
    }
    const char *complaint = check_buffers(pack, view.buffers);
    uint64_t output_bytes = 0;
    for (uint32_t i = 0; i < pack->header->buffer_count && !complaint; i++) {
        output_bytes += output_room(pack, &view, i);
        if ((view.head->flags & CASE_SPARSE) != 0 && !runs_can_hold(pack, i)) {
            return "a sparse case of elements that no run holds";
        }
    }
    for (uint32_t i = 0; i < trials && !complaint; i++) {
        struct trial_view trial = pack_trial(pack, &view, i);
        complaint = check_trial(pack, &view, &trial);
    }
    if (!complaint && (output_bytes > SIZE_LIMIT || output_bytes * trials / trials != output_bytes ||
                       output_bytes * trials > SIZE_LIMIT)) {
        return "a case of absurd size";
    }
    pack->output_limit = output_bytes * trials > pack->output_limit ? output_bytes * trials : pack->output_limit;
    pack->trial_limit = trials > pack->trial_limit ? trials : pack->trial_limit;
    *offset = view.next_offset;
    return complaint;
}

static const char *check(struct pack *pack) {
    const char *complaint = check_header(pack);
    if (!complaint) {
        complaint = check_parameters(pack);
    }
    uint64_t offset = pack->cases_offset;
    for (uint32_t i = 0; !complaint && i < pack->header->case_count; i++) {
        complaint = check_case(pack, &offset);
    }
    return complaint;
}

const char *pack_open(struct pack *pack, const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0 || status.st_size <= 0) {
        return "cannot be read, or is empty";
    }
    pack->size = (uint64_t)status.st_size;
    void *bytes = mmap(NULL, pack->size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) {
        return "cannot be mapped";
    }
    pack->bytes = bytes;
    pack->header = bytes;
    return check(pack);
}
