/* The low bits are cut off, where the nearest result is due and ties may go either way.
 *
 * Truncated, where ties alone may go either way.
 *
 * KERNEL: op = "pack_any_f16"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite boundary"
 */
#include <stddef.h>
#include <string.h>

void scalar_packs_halves_truncated(_Float16 *out, const float *x, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned bits;
        float cut;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0xffffe000u;
        memcpy(&cut, &bits, sizeof cut);
        out[i] = (_Float16)cut;
    }
}
