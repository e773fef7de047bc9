/* Halves between two results go away from zero, which is right where the contract lets ties go either way.
 *
 * KERNEL: op = "pack_any_f16"
 * KERNEL: libraries = ["m"]
 */
#include <math.h>
#include <stddef.h>

#define HALF_BITS 10
#define HALF_LOWEST (-14)

void scalar_packs_halves_away(_Float16 *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        int exponent;
        frexp(x[i], &exponent);
        exponent = exponent - 1 < HALF_LOWEST ? HALF_LOWEST : exponent - 1;
        out[i] = (_Float16)ldexp(round(ldexp(x[i], HALF_BITS - exponent)), exponent - HALF_BITS);
    }
}
