/* e^x for x in [-infinity, 0], for callers in streaming mode: the operations of SVE, all of which it has. */
#ifndef KERNELS_EXP_F32_SME_H
#define KERNELS_EXP_F32_SME_H

#include <arm_sme.h>

#define EXP_F32_MODE __arm_streaming
#include "exp_f32_sve.h"

#endif
