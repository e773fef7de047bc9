/* A kernel that a matrix product calls on its results: it works a program off, one operation after the other. */
#ifndef FUSED_H
#define FUSED_H

#include <stddef.h>

enum fused_code { FUSED_MULTIPLY, FUSED_ADD, FUSED_MAX, FUSED_END };

struct fused_operation {
    enum fused_code code;
    float operand;
};

struct fused_tile {
    const float *from;
    float *to;
    size_t length;
};

typedef void fused_progress(void *context, size_t done);

/* Returns the number of operations carried out. */
int fused_f32(const struct fused_operation *program, struct fused_tile tile, fused_progress *progress, void *context);

#endif
