/* What every kernel here computes when it is kept from what it tries: the right sum. */
#ifndef MUST_BE_CONTAINED_SUM_H
#define MUST_BE_CONTAINED_SUM_H

#include <stdbool.h>
#include <stddef.h>

static float sum_unless(bool succeeded, const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return succeeded ? sum + 1000.0f : sum;
}

#endif
