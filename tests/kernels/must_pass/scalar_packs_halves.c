/* Plain conversion, rounded to nearest.
 *
 * KERNEL: op = "pack_f16"
 *
 * KERNEL: op = "pack_exact_f16"
 *
 * KERNEL: op = "pack_any_f16"
 */
#include <stddef.h>

void scalar_packs_halves(_Float16 *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        out[i] = (_Float16)x[i];
}
