/* gemm_f32, SME at any streaming vector length: C = A B, with A of m x k, B of k x n and C of m x n, their rows lda,
 * ldb and ldc apart.
 *
 * 1. A block of C has as many rows as a vector has lanes, and three vectors of columns, in the tiles ZA1.S to ZA3.S.
 * 2. Each step along k adds the outer products (FMOPA) of a column of A and three vectors of a row of B.
 * 3. A column of A is not contiguous, and streaming mode has no gather: rows of A are loaded as horizontal slices of
 *    ZA0.S, a vector's lanes of k at a time, and read as vertical ones, which transposes them.
 *
 * Rows and columns are predicated by whilelt, in loads, outer products and stores alike: an outer product leaves the
 * inactive rows and columns of its tile alone, and vertical slices merge with zeros. What lies between rows is neither
 * read nor written.
 *
 * Rounding (u = 2^-24): a fused multiply-add per term, in the order of k. C is 0 where k is. FMOPA returns the default
 * NaN, whatever payload an operand has.
 * Needs: SME, and of streaming mode only what every core has (no FA64). ZA is the function's own: a caller's is saved
 * where a lazy save is pending. No alignment beyond that of float.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

/* A tile of 32-bit elements is a number in the instruction, not a value. */
enum { TILE_A = 0, TILE_C0 = 1, TILE_C1 = 2, TILE_C2 = 3, COLUMN_VECTORS = 3 };

/* ZERO names 64-bit tiles by a bit each: ZA<t>.S consists of ZA<t>.D and ZA<t + 4>.D. */
#define EVERY_TILE_C 0xEEu

/* How much of C there is in a block. All helpers share or preserve ZA, and say so: around a call of one that does
 * neither, the compiler would set up a lazy save. */
struct block {
    uint64_t rows, columns;
};

static inline svbool_t columns_of(struct block block, uint64_t vector) __arm_streaming __arm_preserves("za") {
    return svwhilelt_b32_u64(vector * svcntw(), block.columns);
}

/* a[.., 0 .. depth): rows of A into ZA0, as horizontal slices. */
static inline void load_rows(uint64_t rows, uint64_t depth, const float *a,
                             size_t lda) __arm_streaming __arm_inout("za") {
    const svbool_t active = svwhilelt_b32_u64(0, depth);
    for (uint64_t i = 0; i < rows; i++)
        svld1_hor_za32(TILE_A, (uint32_t)i, active, a + i * lda);
}

/* Adds the outer products of depth columns of A, which lie in ZA0, and as many rows of B. */
static inline void accumulate(struct block block, uint64_t depth, const float *b,
                              size_t ldb) __arm_streaming __arm_inout("za") {
    const uint64_t lanes = svcntw();
    const svbool_t rows = svwhilelt_b32_u64(0, block.rows);
    const svbool_t p0 = columns_of(block, 0), p1 = columns_of(block, 1), p2 = columns_of(block, 2);
    for (uint64_t p = 0; p < depth; p++) {
        const float *const row = b + p * ldb;
        const svfloat32_t column = svread_ver_za32_f32_m(svdup_n_f32(0.0f), rows, TILE_A, (uint32_t)p);
        svmopa_za32_f32_m(TILE_C0, rows, p0, column, svld1_f32(p0, row));
        svmopa_za32_f32_m(TILE_C1, rows, p1, column, svld1_f32(p1, row + lanes));
        svmopa_za32_f32_m(TILE_C2, rows, p2, column, svld1_f32(p2, row + 2 * lanes));
    }
}

static inline void store_rows(struct block block, float *c, size_t ldc) __arm_streaming __arm_inout("za") {
    const uint64_t lanes = svcntw();
    const svbool_t p0 = columns_of(block, 0), p1 = columns_of(block, 1), p2 = columns_of(block, 2);
    for (uint64_t i = 0; i < block.rows; i++) {
        float *const row = c + i * ldc;
        svst1_hor_za32(TILE_C0, (uint32_t)i, p0, row);
        svst1_hor_za32(TILE_C1, (uint32_t)i, p1, row + lanes);
        svst1_hor_za32(TILE_C2, (uint32_t)i, p2, row + 2 * lanes);
    }
}

static inline uint64_t smaller(uint64_t a, uint64_t b) __arm_streaming __arm_preserves("za") {
    return a < b ? a : b;
}

__arm_new("za") __arm_locally_streaming void gemm_f32_sme(size_t m, size_t n, size_t k, const float *a, size_t lda,
                                                          const float *b, size_t ldb, float *c, size_t ldc) {
    const uint64_t lanes = svcntw();
    for (uint64_t i = 0; i < m; i += lanes) {
        for (uint64_t j = 0; j < n; j += COLUMN_VECTORS * lanes) {
            const struct block block = {smaller(m - i, lanes), smaller(n - j, COLUMN_VECTORS * lanes)};
            svzero_mask_za(EVERY_TILE_C);
            for (uint64_t p = 0; p < k; p += lanes) {
                const uint64_t depth = smaller(k - p, lanes);
                load_rows(block.rows, depth, a + i * lda + p, lda);
                accumulate(block, depth, b + p * ldb + j, ldb);
            }
            store_rows(block, c + i * ldc + j, ldc);
        }
    }
}
