/* Declares its parameters as before C89, and takes an int for the size, which is wide enough.
 *
 * KERNEL: op = "sum_f32"
 */
float scalar_old_style(x, count) const float *x;
int count;
{
    float sum = 0.0f;
    while (count-- > 0)
        sum += *x++;
    return sum;
}
