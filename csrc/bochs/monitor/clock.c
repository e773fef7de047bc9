/* See clock.h. */
#include "clock.h"

#include <stdbool.h>

#include "errors.h"
#include "hardware.h"
#include "memory.h"
#include "processor.h"
#include "signals.h"

#define NANOSECONDS_PER_SECOND UINT64_C(1000000000)
#define NANOSECONDS_PER_INSTRUCTION (NANOSECONDS_PER_SECOND / INSTRUCTIONS_PER_SECOND)
#define MICROSECONDS_PER_SECOND UINT64_C(1000000)
#define INSTRUCTIONS_PER_MICROSECOND (INSTRUCTIONS_PER_SECOND / MICROSECONDS_PER_SECOND)
#define LONGEST_SECONDS UINT64_C(1000000000)

/* Clocks of <linux/time.h> that tell the time used, not the time of day. */
#define CLOCK_OF_PROCESS 2
#define CLOCK_OF_THREAD 3
#define CLOCK_LAST 11

/* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF: there is one clock for all of them. */
#define TIMER_COUNT 3

struct timespec {
    uint64_t seconds, nanoseconds;
};

struct timeval {
    uint64_t seconds, microseconds;
};

struct interval_timer {
    struct timeval interval, value;
};

static const int timer_signals[TIMER_COUNT] = {SIGNAL_ALARM, SIGNAL_VIRTUAL_ALARM, SIGNAL_PROFILING};

static struct {
    uint64_t due; /* in instructions; 0: off */
    uint64_t interval;
} timers[TIMER_COUNT];
static uint64_t slept_nanoseconds;

/* ---- clocks --------------------------------------------------------------------------------------- */

static uint64_t nanoseconds(int which) {
    uint64_t used = read_tsc() * NANOSECONDS_PER_INSTRUCTION;
    return which == CLOCK_OF_PROCESS || which == CLOCK_OF_THREAD ? used : used + slept_nanoseconds;
}

long clock_get_time(int which, uint64_t to) {
    if (which < 0 || which > CLOCK_LAST) {
        return -ERROR_INVALID;
    }
    if (!memory_is_open(to, sizeof(struct timespec), MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    uint64_t now = nanoseconds(which);
    *(struct timespec *)to = (struct timespec){now / NANOSECONDS_PER_SECOND, now % NANOSECONDS_PER_SECOND};
    return 0;
}

long clock_get_time_of_day(uint64_t to) {
    if (!memory_is_open(to, sizeof(struct timeval), MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    uint64_t now = nanoseconds(0);
    *(struct timeval *)to = (struct timeval){now / NANOSECONDS_PER_SECOND, now % NANOSECONDS_PER_SECOND / 1000};
    return 0;
}

long clock_get_resolution(uint64_t to) {
    if (to && !memory_is_open(to, sizeof(struct timespec), MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    if (to) {
        *(struct timespec *)to = (struct timespec){0, NANOSECONDS_PER_INSTRUCTION};
    }
    return 0;
}

long clock_sleep(uint64_t wanted) {
    if (!memory_is_open(wanted, sizeof(struct timespec), MAY_READ)) {
        return -ERROR_FAULT;
    }
    struct timespec span = *(const struct timespec *)wanted;
    if (span.seconds > LONGEST_SECONDS || span.nanoseconds >= NANOSECONDS_PER_SECOND) {
        return -ERROR_INVALID;
    }
    slept_nanoseconds += span.seconds * NANOSECONDS_PER_SECOND + span.nanoseconds;
    return 0;
}

/* ---- timers --------------------------------------------------------------------------------------- */

/* The interrupt for whatever is due next. */
static void wait_for_next(void) {
    uint64_t now = read_tsc();
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < TIMER_COUNT; i++) {
        if (timers[i].due && timers[i].due < next) {
            next = timers[i].due;
        }
    }
    processor_set_timer(next == UINT64_MAX ? 0 : next > now ? next - now : 1);
}

void clock_timer_came(void) {
    uint64_t now = read_tsc();
    for (int i = 0; i < TIMER_COUNT; i++) {
        if (timers[i].due && timers[i].due <= now) {
            timers[i].due = timers[i].interval ? now + timers[i].interval : 0;
            signals_send((struct signal_info){.number = timer_signals[i], .code = CODE_SYSTEM});
        }
    }
    wait_for_next();
}

static bool instructions_of(struct timeval span, uint64_t *instructions) {
    *instructions = span.seconds * INSTRUCTIONS_PER_SECOND + span.microseconds * INSTRUCTIONS_PER_MICROSECOND;
    return span.seconds <= LONGEST_SECONDS && span.microseconds < MICROSECONDS_PER_SECOND;
}

static struct timeval span_of(uint64_t instructions) {
    return (struct timeval){
        instructions / INSTRUCTIONS_PER_SECOND,
        instructions % INSTRUCTIONS_PER_SECOND / INSTRUCTIONS_PER_MICROSECOND,
    };
}

long clock_get_timer(int which, uint64_t found) {
    if (which < 0 || which >= TIMER_COUNT) {
        return -ERROR_INVALID;
    }
    if (!memory_is_open(found, sizeof(struct interval_timer), MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    uint64_t now = read_tsc();
    uint64_t left = timers[which].due > now ? timers[which].due - now : 0;
    *(struct interval_timer *)found = (struct interval_timer){span_of(timers[which].interval), span_of(left)};
    return 0;
}

long clock_set_timer(int which, uint64_t wanted, uint64_t found) {
    uint64_t interval = 0;
    uint64_t value = 0;
    if (which < 0 || which >= TIMER_COUNT) {
        return -ERROR_INVALID;
    }
    if (wanted) {
        if (!memory_is_open(wanted, sizeof(struct interval_timer), MAY_READ)) {
            return -ERROR_FAULT;
        }
        struct interval_timer set = *(const struct interval_timer *)wanted;
        if (!instructions_of(set.interval, &interval) || !instructions_of(set.value, &value)) {
            return -ERROR_INVALID;
        }
    }
    if (found) {
        long result = clock_get_timer(which, found);
        if (result < 0) {
            return result;
        }
    }
    timers[which].interval = interval;
    timers[which].due = value ? read_tsc() + value : 0;
    wait_for_next();
    return 0;
}
