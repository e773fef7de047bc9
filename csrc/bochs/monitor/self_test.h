/* Instructions whose results this Bochs is known to have, or might have, wrong. */
#ifndef HARNESS_BOCHS_SELF_TEST_H
#define HARNESS_BOCHS_SELF_TEST_H

#include <stdint.h>

/* Of enum wrong_instruction in ../exchange.h. The processor must have AVX-512F. */
uint32_t self_test(void);

#endif
