/* Right although it does not store every element: those that would not change stay as they are.
 *
 * KERNEL: op = "axpy_f32"
 */
#include <stddef.h>
#include <string.h>

void scalar_skips_equal_stores(float *y, const float *x, size_t len, float a) {
    for (size_t i = 0; i < len; i++) {
        const float sum = y[i] + a * x[i];
        if (memcmp(&sum, &y[i], sizeof sum) != 0) /* by bits: -0 is not +0 */
            y[i] = sum;
    }
}
