/* The two disks, as files. */
#ifndef HARNESS_BOCHS_IMAGES_H
#define HARNESS_BOCHS_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "../exchange.h"

#define IN_NAME "in.img"
#define OUT_NAME "out.img"

struct machine_files {
    const char *program; /* NULL: the self-test */
    const char *input;   /* may be NULL, and so may be: */
    const char *output;
    char **arguments;
    int argument_count;
};

struct geometry {
    uint64_t in_cylinders;
    uint64_t out_cylinders;
    uint64_t memory_mib;
};

#define HEADS 16
#define SECTORS_PER_TRACK 63

struct geometry images_make(const char *directory, const struct machine_files *files);

/* What comes out of the second disk. */
struct stream {
    int disk;
    int output;
    uint64_t passed_bytes;
    uint64_t left; /* of the piece begun */
    uint32_t channel;
};

struct stream stream_open(const char *directory, const char *output);
bool stream_report(const struct stream *stream, struct exchange_report *report); /* false: none yet */
void stream_pass_on(struct stream *stream, uint64_t up_to_bytes);

#endif
