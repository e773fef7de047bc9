/* Right where the contract says that results are rounded to one side: it adds with rounding toward zero, and puts
 * FPCR back.
 *
 * KERNEL: op = "truncated_sum_f32"
 */
#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define TOWARD_ZERO (UINT64_C(3) << 22) /* FPCR.RMode */

float neon_truncates(const float *x, size_t len) {
    uint64_t fpcr;
    float sum = 0.0f;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    __asm__ volatile("msr fpcr, %1" : "+w"(sum) : "r"(fpcr | TOWARD_ZERO) : "memory");
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    __asm__ volatile("msr fpcr, %1" : "+w"(sum) : "r"(fpcr) : "memory");
    return sum;
}
