/* Register used before it is set: the hand-written loop never zeroes its accumulator xmm15.
 *
 * Right whenever the caller left a zero there, as a small test program does.
 *
 * Assembly that relies on a caller-saved register being zero at entry.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <stddef.h>

float avx2_asm_forgets_to_zero(const float *x, size_t len) {
    float sum;
    __asm__("test %[count], %[count]\n\t"
            "jz 2f\n"
            "1:\n\t"
            "vaddss (%[at]), %%xmm15, %%xmm15\n\t"
            "add $4, %[at]\n\t"
            "dec %[count]\n\t"
            "jnz 1b\n"
            "2:\n\t"
            "vmovaps %%xmm15, %[sum]"
            : [sum] "=x"(sum), [at] "+r"(x), [count] "+r"(len)
            :
            : "xmm15", "cc", "memory");
    return sum;
}
