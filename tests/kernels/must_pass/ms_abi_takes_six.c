/* Right: the Windows x64 convention numbers arguments through both sequences, a in xmm2 and the integers in rcx, rdx
 * and r9, and passes what follows behind 32 bytes of shadow space.
 *
 * KERNEL: op = "weigh_by_three_f32"
 * KERNEL: isa = "avx2"
 * KERNEL: name = "avx2_ms_abi_takes_six"
 * KERNEL: prototype = """\
 * KERNEL: __attribute__((ms_abi)) void ms_abi_takes_six(float *out, const float *x, float a, int32_t len, float b, \
 * KERNEL: int8_t c)"""
 */
#include <stdint.h>

__attribute__((ms_abi)) void ms_abi_takes_six(float *out, const float *x, float a, int32_t len, float b, int8_t c) {
    for (int32_t i = 0; i < len; i++)
        out[i] = x[i] * (a + b + (float)c);
}
