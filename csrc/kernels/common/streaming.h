/* What lets one source serve SVE and SME: streaming mode has all that these kernels use of SVE.
 *
 * A function that its sve.c calls is declared with STREAMING behind its parameters. sme.c says what that is, gives the
 * kernel its own name, on which the keyword can stand, and includes sve.c:
 *
 *     #define STREAMING __arm_streaming
 *     #define exp_f32_sve exp_f32_sme __arm_locally_streaming
 *     #include "sve.c"
 */
#ifndef KERNELS_STREAMING_H
#define KERNELS_STREAMING_H

#ifndef STREAMING
#define STREAMING
#endif

#endif
