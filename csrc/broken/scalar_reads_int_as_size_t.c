/* Argument width: the header declares `float scalar_reads_int_as_size_t(const float *x, int len)`, and this file
 * was not recompiled against it.
 *
 * The upper half of the register that carries an int is unspecified. Where it is not zero, the loop runs far past
 * the end.
 */
#include <stddef.h>

float scalar_reads_int_as_size_t(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}
