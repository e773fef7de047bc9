#include <arm_neon.h>

float32x4_t soft_sign_q(float32x4_t x) {
    return vdivq_f32(x, vaddq_f32(vabsq_f32(x), vdupq_n_f32(1.0f)));
}

float32x2_t soft_sign_d(float32x2_t x) {
    return vdiv_f32(x, vadd_f32(vabs_f32(x), vdup_n_f32(1.0f)));
}

__attribute__((aarch64_vector_pcs)) float32x4_t soft_sign_vpcs(float32x4_t x) {
    return vdivq_f32(x, vaddq_f32(vabsq_f32(x), vdupq_n_f32(1.0f)));
}
