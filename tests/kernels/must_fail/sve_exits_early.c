/* Early exit: the process ends with status 0 on rows longer than this code wants to handle.
 *
 * A harness that trusts the exit status, or counts failures instead of results, reports success.
 *
 * exit(0) in mid-run: the status says success and the results of this case and all later ones are missing.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: options = "--suite boundary"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { LONGEST_ROW = 10000 };

void sve_exits_early(float *row, size_t len, float eps) {
    if (len > LONGEST_ROW)
        exit(EXIT_SUCCESS);
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
