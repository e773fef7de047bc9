/* Right although its helpers and its main have names that the program around it uses, too: all of them are its own.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

float record_begin(float sum, float x);
void fill_bytes(float *row, size_t len, float value);
uint32_t crc32_of(const void *start, uint64_t bytes);

float record_begin(float sum, float x) {
    return sum + x;
}

void fill_bytes(float *row, size_t len, float value) {
    for (size_t i = 0; i < len; i++)
        row[i] = value;
}

uint32_t crc32_of(const void *start, uint64_t bytes) {
    return start ? (uint32_t)bytes : 0;
}

float scalar_names_like_the_runner(const float *x, size_t len) {
    float parts[4];
    fill_bytes(parts, 4, 0.0f);
    for (size_t i = 0; i < len; i++)
        parts[i % 4] = record_begin(parts[i % 4], x[i]);
    return (parts[0] + parts[1]) + (parts[2] + parts[3]);
}

int main(void) {
    const float row[] = {1.0f, 2.0f};
    printf("%g %u\n", (double)scalar_names_like_the_runner(row, 2), crc32_of(row, sizeof row));
    return 0;
}
