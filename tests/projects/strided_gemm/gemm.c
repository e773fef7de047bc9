/* C += A B, four columns at a time. What is wrong with it on request is what strides go wrong by. */
#include <arm_neon.h>

enum { LANES = 4 };

#ifndef LDB
#define LDB ldb
#endif
#ifndef DEPTH
#define DEPTH k
#endif

void gemm_neon(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc) {
    (void)ldb;
    for (int i = 0; i < m; i++) {
        int j = 0;
        for (; j + LANES <= n; j += LANES) {
            float32x4_t sum = vld1q_f32(c + i * ldc + j);
            for (int p = 0; p < DEPTH; p++)
                sum = vfmaq_n_f32(sum, vld1q_f32(b + p * LDB + j), a[i * lda + p]);
            vst1q_f32(c + i * ldc + j, sum);
        }
        for (; j < n; j++) {
            float sum = c[i * ldc + j];
            for (int p = 0; p < DEPTH; p++)
                sum += a[i * lda + p] * b[p * LDB + j];
            c[i * ldc + j] = sum;
        }
#ifdef WHOLE_VECTORS /* rounds the row up where there is room: behind the last row there is none */
        for (; j % LANES && i + 1 < m && j < ldc; j++)
            c[i * ldc + j] = 0.0f;
#endif
    }
}
