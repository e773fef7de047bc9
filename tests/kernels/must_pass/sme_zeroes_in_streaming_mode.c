/* Right although it zeroes and copies memory in streaming mode: compilers call __arm_sc_memset and __arm_sc_memcpy for
 * that, which are no more in every toolchain than the support routines of SME are.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PART = 192 };

__arm_locally_streaming float sme_zeroes_in_streaming_mode(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (size_t start = 0; start < len; start += PART) {
        float part[PART + 1];
        const size_t here = len - start < PART ? len - start : PART;
        memset(part, 0, sizeof part);
        memcpy(part + 1, x + start, here * sizeof *x);
        memmove(part, part + 1, here * sizeof *x);
        for (uint64_t i = 0; i < here; i += svcntw()) {
            const svbool_t active = svwhilelt_b32_u64(i, here);
            sum = svadd_f32_m(active, sum, svld1_f32(active, part + i));
        }
    }
    return svaddv_f32(svptrue_b32(), sum);
}
