#include "fused.h"

#include <arm_neon.h>

static float32x4_t apply(const struct fused_operation *operation, float32x4_t x) {
    const float32x4_t operand = vdupq_n_f32(operation->operand);
    switch (operation->code) {
    case FUSED_MULTIPLY:
        return vmulq_f32(x, operand);
    case FUSED_ADD:
        return vaddq_f32(x, operand);
    case FUSED_MAX:
        return vmaxq_f32(x, operand);
    default:
        return x;
    }
}

static int run(const struct fused_operation *program, float32x4_t *x) {
    int count = 0;
    for (; program[count].code != FUSED_END; count++)
        *x = apply(&program[count], *x);
    return count;
}

int fused_f32(const struct fused_operation *program, struct fused_tile tile, fused_progress *progress, void *context) {
    int count = 0;
    size_t i = 0;
    for (; tile.length - i >= 4; i += 4) {
        float32x4_t x = vld1q_f32(tile.from + i);
        count = run(program, &x);
        vst1q_f32(tile.to + i, x);
    }
    for (; i < tile.length; i++) {
        float32x4_t x = vdupq_n_f32(tile.from[i]);
        count = run(program, &x);
        tile.to[i] = vgetq_lane_f32(x, 0);
    }
    progress(context, i);
    return count;
}
