#include <riscv_vector.h>

vfloat32m2_t soft_sign_m2(vfloat32m2_t x, size_t vl) {
    const vfloat32m2_t magnitude = __riscv_vfabs_v_f32m2(x, vl);
    return __riscv_vfdiv_vv_f32m2(x, __riscv_vfadd_vf_f32m2(magnitude, 1.0f, vl), vl);
}

__attribute__((riscv_vector_cc)) vfloat32m1_t soft_sign_m1(vfloat32m1_t x, size_t vl) {
    const vfloat32m1_t magnitude = __riscv_vfabs_v_f32m1(x, vl);
    return __riscv_vfdiv_vv_f32m1(x, __riscv_vfadd_vf_f32m1(magnitude, 1.0f, vl), vl);
}
