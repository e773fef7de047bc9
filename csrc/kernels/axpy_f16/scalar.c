/* axpy_f16, plain C: y[i] += a * x[i] in half precision, computed in float and rounded once more at the end.
 *
 * Needs: a compiler with _Float16.
 */
#include <stddef.h>

void axpy_f16_scalar(_Float16 *y, const _Float16 *x, size_t len, float a) {
    for (size_t i = 0; i < len; i++)
        y[i] = (_Float16)((float)y[i] + a * (float)x[i]);
}
