/* Right: under aarch64_vector_pcs the compiler saves what it uses of q8 to q23, whole.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((aarch64_vector_pcs)) float neon_vector_pcs_saves(const float *x, size_t len)"
 */
#include <arm_neon.h>
#include <stddef.h>

__attribute__((aarch64_vector_pcs)) float neon_vector_pcs_saves(const float *x, size_t len) {
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        __asm__("ldr q8, [%[at]]\n\t"
                "mov v16.16b, v8.16b\n\t"
                "mov v24.16b, v8.16b\n\t"
                "fadd %[sums].4s, %[sums].4s, v16.4s"
                : [sums] "+w"(sums)
                : [at] "r"(x + i)
                : "memory", "v8", "v16", "v24");
    float sum = vaddvq_f32(sums);
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
