// void sve_scale(float *x, size_t n, float a): x0, x1, s0 (AAPCS64 6.8.2).

    .include "function.inc"

    function sve_scale
    mov     x2, xzr
    mov     z0.s, s0
    whilelo p0.s, x2, x1
    b.none  2f
1:  ld1w    {z1.s}, p0/z, [x0, x2, lsl #LOG2_BYTES]
    fmul    z1.s, p0/m, z1.s, z0.s
    st1w    {z1.s}, p0, [x0, x2, lsl #LOG2_BYTES]
    incw    x2
    whilelo p0.s, x2, x1
    b.first 1b
2:  ret
    .size sve_scale, . - sve_scale
    .section .note.GNU-stack, "", %progbits
