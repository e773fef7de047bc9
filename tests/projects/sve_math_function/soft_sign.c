#include <arm_sve.h>

svfloat32_t sv_soft_sign(svfloat32_t x, svbool_t pg) {
    const svfloat32_t one = svdup_f32(1.0f);
    return svdiv_f32_x(pg, x, svadd_f32_x(pg, svabs_f32_x(pg, x), one));
}
