/* See self_test.h. Expected results are exact, as bits of floats, except where the instruction promises less: then
 * they are the correctly rounded ones, and a relative error of 2^-14 is what SDM volume 2C allows. */
#include "self_test.h"

#include <stdbool.h>

#include "../exchange.h"

#define LANES 16
#define EXACT 0
#define UNITS_OF_2_TO_MINUS_14 (UINT32_C(1) << 10) /* of a float's 23 bits: 2^-14 is 512 to 1024 of them */

typedef void function(uint32_t *to, const uint32_t *a, const uint32_t *b);

extern function self_test_vrsqrt14, self_test_vrcp14, self_test_vfmadd, self_test_vpermt2, self_test_vcompress,
    self_test_vscalef, self_test_vgetexp, self_test_vgetmant, self_test_vrndscale;

struct test {
    enum wrong_instruction name;
    function *run;
    uint32_t units; /* by which a result may differ */
    uint32_t expected[LANES];
};

/* 0.125 0.25 0.5 1 2 4 8 32 3 5 0.1 1e-20 1e20 1.5 7.75 1000.5: powers of two of both parities, and others */
static const uint32_t a[LANES] = {0x3e000000, 0x3e800000, 0x3f000000, 0x3f800000, 0x40000000, 0x40800000,
                                  0x41000000, 0x42000000, 0x40400000, 0x40a00000, 0x3dcccccd, 0x1e3ce508,
                                  0x60ad78ec, 0x3fc00000, 0x40f80000, 0x447a2000};
/* 1 2 3 -1 -2 0.5 0.25 -3 4 5 -6 7 8 -9 10 2.5 */
static const uint32_t b[LANES] = {0x3f800000, 0x40000000, 0x40400000, 0xbf800000, 0xc0000000, 0x3f000000,
                                  0x3e800000, 0xc0400000, 0x40800000, 0x40a00000, 0xc0c00000, 0x40e00000,
                                  0x41000000, 0xc1100000, 0x41200000, 0x40200000};

static const struct test tests[] = {
    {WRONG_VRSQRT14,
     self_test_vrsqrt14,
     UNITS_OF_2_TO_MINUS_14,
     {0x403504f3, 0x40000000, 0x3fb504f3, 0x3f800000, 0x3f3504f3, 0x3f000000, 0x3eb504f3, 0x3e3504f3, 0x3f13cd3a,
      0x3ee4f92e, 0x404a62c2, 0x501502f9, 0x2edbe6ff, 0x3f5105ec, 0x3eb7ea74, 0x3d017e99}},
    {WRONG_VRCP14,
     self_test_vrcp14,
     UNITS_OF_2_TO_MINUS_14,
     {0x41000000, 0x40800000, 0x40000000, 0x3f800000, 0x3f000000, 0x3e800000, 0x3e000000, 0x3d000000, 0x3eaaaaab,
      0x3e4ccccd, 0x41200000, 0x60ad78ec, 0x1e3ce508, 0x3f2aaaab, 0x3e042108, 0x3a8301aa}},
    {WRONG_VFMADD,
     self_test_vfmadd,
     EXACT,
     {0x3e800000, 0x3f400000, 0x40000000, 0x00000000, 0xc0000000, 0x40c00000, 0x41200000, 0xc2800000, 0x41700000,
      0x41f00000, 0xbf000000, 0x1fbce508, 0x6243280a, 0xc1400000, 0x42aa8000, 0x455adc00}},
    {WRONG_VPERMT2,
     self_test_vpermt2,
     EXACT,
     {0x3e000000, 0x3f800000, 0x3e800000, 0x40000000, 0x3f000000, 0x40400000, 0x3f800000, 0xbf800000, 0x40000000,
      0xc0000000, 0x40800000, 0x3f000000, 0x41000000, 0x3e800000, 0x42000000, 0xc0400000}},
    {WRONG_VCOMPRESS,
     self_test_vcompress,
     EXACT,
     {0x3e800000, 0x3f800000, 0x40800000, 0x42000000, 0x40a00000, 0x1e3ce508, 0x3fc00000, 0x447a2000, 0x00000000,
      0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000}},
    {WRONG_VSCALEF,
     self_test_vscalef,
     EXACT,
     {0x3e800000, 0x3f800000, 0x40800000, 0x3f000000, 0x3f000000, 0x40800000, 0x41000000, 0x40800000, 0x42400000,
      0x43200000, 0x3acccccd, 0x21bce508, 0x64ad78ec, 0x3b400000, 0x45f80000, 0x457a2000}},
    {WRONG_VGETEXP,
     self_test_vgetexp,
     EXACT,
     {0xc0400000, 0xc0000000, 0xbf800000, 0x00000000, 0x3f800000, 0x40000000, 0x40400000, 0x40a00000, 0x3f800000,
      0x40000000, 0xc0800000, 0xc2860000, 0x42840000, 0x00000000, 0x40000000, 0x41100000}},
    {WRONG_VGETMANT,
     self_test_vgetmant,
     EXACT,
     {0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3f800000, 0x3fc00000,
      0x3fa00000, 0x3fcccccd, 0x3fbce508, 0x3fad78ec, 0x3fc00000, 0x3ff80000, 0x3ffa2000}},
    {WRONG_VRNDSCALE,
     self_test_vrndscale,
     EXACT,
     {0x00000000, 0x00000000, 0x00000000, 0x3f800000, 0x40000000, 0x40800000, 0x41000000, 0x42000000, 0x40400000,
      0x40a00000, 0x00000000, 0x00000000, 0x60ad78ec, 0x40000000, 0x41000000, 0x447a0000}},
};

/* The results here are never zero where they may differ, and have the right sign if they are right. */
static bool is_close(uint32_t got, uint32_t expected, uint32_t units) {
    uint32_t distance = got > expected ? got - expected : expected - got;
    return distance <= units;
}

static bool passes(const struct test *test) {
    uint32_t got[LANES];
    test->run(got, a, b);
    for (unsigned i = 0; i < LANES; i++) {
        if (!is_close(got[i], test->expected[i], test->units)) {
            return false;
        }
    }
    return true;
}

uint32_t self_test(void) {
    uint32_t wrong = 0;
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
        wrong |= passes(&tests[i]) ? 0 : tests[i].name;
    }
    return wrong;
}
