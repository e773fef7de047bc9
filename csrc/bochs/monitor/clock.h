/* Time, in instructions: the processor retires INSTRUCTIONS_PER_SECOND of them, and sleeping skips ahead. */
#ifndef HARNESS_BOCHS_CLOCK_H
#define HARNESS_BOCHS_CLOCK_H

#include <stdint.h>

#define INSTRUCTIONS_PER_SECOND UINT64_C(100000000) /* the launcher tells Bochs the same */

void clock_timer_came(void); /* the interrupt: sends the signals that are due */

long clock_get_time(int which, uint64_t to);
long clock_get_time_of_day(uint64_t to);
long clock_get_resolution(uint64_t to);
long clock_sleep(uint64_t wanted);
long clock_set_timer(int which, uint64_t wanted, uint64_t found);
long clock_get_timer(int which, uint64_t found);

#endif
