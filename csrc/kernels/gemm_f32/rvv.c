/* gemm_f32, RVV at any vector length: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda, ldb and ldc
 * apart.
 *
 * A tile of C is four rows by a strip of columns, in four accumulators of four registers each: per step along k a group
 * of B and four elements of A feed four multiply-adds. Columns are strip-mined by vsetvl, and a tile keeps the vl that
 * its strip was granted from its first load to its last store, so that what is behind it never matters. What lies
 * between rows is neither read nor written.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in the order of k. C is 0 where k is.
 * Needs: V, or Zve32f. No alignment beyond that of float.
 */
#include <riscv_vector.h>
#include <stddef.h>

enum { ROWS = 4 };

static inline void four_rows(size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c, size_t ldc,
                             size_t vl) {
    vfloat32m4_t c0 = __riscv_vfmv_v_f_f32m4(0.0f, vl), c1 = c0, c2 = c0, c3 = c0;
    for (size_t p = 0; p < k; p++) {
        const vfloat32m4_t v = __riscv_vle32_v_f32m4(b + p * ldb, vl);
        c0 = __riscv_vfmacc_vf_f32m4(c0, a[p], v, vl);
        c1 = __riscv_vfmacc_vf_f32m4(c1, a[lda + p], v, vl);
        c2 = __riscv_vfmacc_vf_f32m4(c2, a[2 * lda + p], v, vl);
        c3 = __riscv_vfmacc_vf_f32m4(c3, a[3 * lda + p], v, vl);
    }
    __riscv_vse32_v_f32m4(c, c0, vl);
    __riscv_vse32_v_f32m4(c + ldc, c1, vl);
    __riscv_vse32_v_f32m4(c + 2 * ldc, c2, vl);
    __riscv_vse32_v_f32m4(c + 3 * ldc, c3, vl);
}

static inline void one_row(size_t k, const float *a, const float *b, size_t ldb, float *c, size_t vl) {
    vfloat32m4_t sums = __riscv_vfmv_v_f_f32m4(0.0f, vl);
    for (size_t p = 0; p < k; p++)
        sums = __riscv_vfmacc_vf_f32m4(sums, a[p], __riscv_vle32_v_f32m4(b + p * ldb, vl), vl);
    __riscv_vse32_v_f32m4(c, sums, vl);
}

void gemm_f32_rvv(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                  size_t ldc) {
    for (size_t j = 0, vl; j < n; j += vl) {
        vl = __riscv_vsetvl_e32m4(n - j);
        size_t i = 0;
        for (; m - i >= ROWS; i += ROWS)
            four_rows(k, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, vl);
        for (; i < m; i++)
            one_row(k, a + i * lda, b + j, ldb, c + i * ldc + j, vl);
    }
}
