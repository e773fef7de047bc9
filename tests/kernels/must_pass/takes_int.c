/* Right although its length is an int: it reads 32 bits of the register, and the upper half is undefined.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * KERNEL: name = "scalar_takes_int"
 * KERNEL: prototype = "float takes_int(const float *x, int len)"
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "neon"
 * KERNEL: name = "neon_takes_int"
 * KERNEL: prototype = "float takes_int(const float *x, int len)"
 */
float takes_int(const float *x, int len) {
    float sum0 = 0.0f, sum1 = 0.0f;
    int i = 0;
    for (; len - i >= 2; i += 2) {
        sum0 += x[i];
        sum1 += x[i + 1];
    }
    for (; i < len; i++)
        sum0 += x[i];
    return sum0 + sum1;
}
