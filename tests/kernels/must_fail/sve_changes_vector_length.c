/* Mode left on: the vector length of the thread is set to 128 bits and stays there.
 *
 * This result is right; every later case runs at a width that was not asked for, and passes there.
 *
 * The vector length after the call is 128 bits: a table that claims 512 would be about 128.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: vector_bits = [256, 512, 1024, 2048]
 * EXPECT: passes_at = [128]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

#ifndef PR_SVE_SET_VL
#define PR_SVE_SET_VL 50
#endif

enum { SMALLEST_VECTOR_BYTES = 16 };

/* Apart from the rest: a frame of scalable size does not survive the change. */
static __attribute__((noinline)) float sum_of(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}

float sve_changes_vector_length(const float *x, size_t len) {
    const float sum = sum_of(x, len);
    prctl(PR_SVE_SET_VL, SMALLEST_VECTOR_BYTES); /* the library that is called next wants 128 bits */
    return sum;
}
