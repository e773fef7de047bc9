/* Sixteen interleaved chains of additions.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

enum { CHAINS = 16 };

float scalar_sixteen_sums(const float *x, size_t len) {
    float sums[CHAINS] = {0.0f};
    for (size_t i = 0; i < len; i++)
        sums[i % CHAINS] += x[i];
    float sum = 0.0f;
    for (int chain = 0; chain < CHAINS; chain++)
        sum += sums[chain];
    return sum;
}
