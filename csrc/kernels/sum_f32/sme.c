/* sum_f32, SME at any streaming vector length: the kernel for SVE, in streaming mode.
 *
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>

#define sum_f32_sve sum_f32_sme __arm_locally_streaming
#include "sve.c"
