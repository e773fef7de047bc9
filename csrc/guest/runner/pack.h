/* The pack, mapped read-only and checked whole before anything in it is used. */
#ifndef HARNESS_GUEST_PACK_H
#define HARNESS_GUEST_PACK_H

#include <stdint.h>

#include "wire.h"

#define PACK_PARAMETER_LIMIT 64u

struct pack {
    const uint8_t *bytes;
    uint64_t size;
    const struct pack_header *header;
    const struct pack_parameter *parameters;
    uint64_t cases_offset;                           /* of the first case */
    uint64_t blob_bytes;                             /* behind header->blob_offset */
    uint32_t buffer_parameter[PACK_PARAMETER_LIMIT]; /* which parameter buffer number i is */
    uint64_t span_limit[PACK_PARAMETER_LIMIT];       /* most bytes that buffer number i needs in any trial */
    uint64_t output_limit;                           /* most output bytes of any case, all its trials */
    uint32_t trial_limit;                            /* most trials of any case */
};

struct case_view {
    const struct pack_case *head;
    const uint64_t *values;
    const struct pack_buffer *buffers;
    const uint8_t *trials;
    uint64_t next_offset; /* of the case behind this one */
};

struct trial_view {
    const struct pack_trial *head;
    const struct pack_placement *placements;
};

/* Returns NULL, or what is wrong with the file. */
const char *pack_open(struct pack *pack, const char *path);

/* The case at this offset of a pack that pack_open accepted. */
struct case_view pack_case_at(const struct pack *pack, uint64_t offset);

struct trial_view pack_trial(const struct pack *pack, const struct case_view *view, uint32_t number);

/* Of a buffer whose contents are CONTENTS_RUNS. */
const struct pack_run *pack_runs(const struct pack *pack, const struct pack_buffer *buffer);

static inline const struct pack_parameter *pack_buffer_parameter(const struct pack *pack, uint32_t buffer) {
    return &pack->parameters[pack->buffer_parameter[buffer]];
}

/* Whether the kernel may write buffer number i. */
static inline int pack_buffer_is_output(const struct pack *pack, uint32_t buffer) {
    return (pack_buffer_parameter(pack, buffer)->flow & FLOW_OUT) != 0;
}

#endif
