/* Last of equals: >= where > is meant, so of equal largest elements the last is taken.
 *
 * Random rows have no ties, and every one of them is right.
 *
 * A comparison that lets equals pass takes the last of them; random rows have none.
 *
 * KERNEL: op = "argmax_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite ties"
 */
#include <math.h>
#include <stddef.h>

size_t scalar_argmax_last_of_equals(const float *x, size_t len) {
    size_t best = 0;
    for (size_t i = 0; i < len; i++) {
        if (isnan(x[i]))
            return i;
        best = x[i] >= x[best] ? i : best;
    }
    return best;
}
