/* Right although it uses first-faulting loads and changes FFR: only what FFR reports as loaded is summed, and FFR
 * belongs to nobody.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_loads_first_faulting(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    while (i < len) {
        const svbool_t wanted = svwhilelt_b32_u64(i, len);
        svsetffr();
        const svfloat32_t v = svldff1_f32(wanted, x + i);
        const svbool_t loaded = svrdffr_z(wanted);
        sum = svadd_f32_m(loaded, sum, v);
        i += svcntp_b32(wanted, loaded);
    }
    return svaddv_f32(svptrue_b32(), sum);
}
