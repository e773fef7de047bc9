/* The guest: runs the cases of a pack with one kernel, and writes what happened.
 *
 *     guest PACK OUT
 *
 * See wire.h for what goes in and comes out, status.h for how it ends. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <time.h>

#include "adapter.h"
#include "calls.h"
#include "children.h"
#include "crc32.h"
#include "descriptors.h"
#include "memory.h"
#include "stale_memory.h"
#include "status.h"
#include "syscalls.h"

_Static_assert(ARGUMENT_LIMIT >= PACK_PARAMETER_LIMIT, "the signature describes every parameter");

static void fail(int status, const char *what, const char *why) {
    fprintf(stderr, "guest: %s: %s\n", what, why);
    exit(status);
}

/* Of this thread: while a profiling timer runs, Linux rounds the process's clock to scheduler ticks. */
static uint64_t cpu_nanoseconds(void) {
    struct timespec now = {0};
    guest_syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, (long)&now, 0, 0);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- one call ------------------------------------------------------------------------------------- */

static void point_at_buffers(struct sealed *sealed, const struct case_view *view) {
    const struct pack *pack = &guest_frozen.pack;
    memcpy(sealed->values, view->values, pack->header->parameter_count * sizeof *sealed->values);
    for (uint32_t i = 0; i < pack->header->buffer_count; i++) {
        sealed->values[pack->buffer_parameter[i]] = (uint64_t)(uintptr_t)sealed->arena.buffers[i].start;
    }
}

static void set_seal(struct sealed *sealed) {
    const uint8_t *end = sealed->recorder.base + sealed->recorder.used_bytes;
    sealed->entry.seal_base = (uint64_t)(uintptr_t)sealed;
    sealed->entry.seal_bytes = memory_round_to_page((uint64_t)(end - (const uint8_t *)sealed));
}

/* Returns the CPU time that the call took; sealed->fault says how it ended. */
static uint64_t call(struct sealed *sealed, uint32_t cpu_timeout_ms) {
    struct abi_exit *leaving = guest_frozen.exit;
    sealed->fault = (struct fault){.status = TRIAL_RETURNED, .access = ACCESS_UNKNOWN};
    memset(leaving->result, 0, sizeof leaving->result);
    set_seal(sealed);
    fault_arm_watchdog(cpu_timeout_ms);
    uint64_t start = cpu_nanoseconds();
    sealed->in_call = true;
    guest_enter(sealed->values, leaving->result);
    if (guest_getpid() != guest_frozen.pid) {
        guest_exit(EXIT_STATUS_CHILD);
    }
    memory_unseal();
    sealed->in_call = false;
    calls_end(sealed);
    return cpu_nanoseconds() - start;
}

/* ---- one trial ------------------------------------------------------------------------------------ */

struct violation_sink {
    struct recorder *recorder;
    struct trial_header *header;
};

/* What is printed before a call ends so belongs to it: the host reads it off the process's error stream, as far as
 * there. The kernel may have closed or damaged libc's. */
static void mark_end(uint32_t case_index) {
    char line[] = "\nguest: end of case 0000000000\n"; /* the host looks for it */
    for (char *digit = line + sizeof line - 3; case_index > 0; case_index /= 10) {
        *digit-- = (char)('0' + case_index % 10);
    }
    guest_syscall(SYS_write, 2, (long)line, sizeof line - 1, 0);
}

/* How code gives up on purpose: abort and its kin, traps of compilers. */
static bool gave_up(const struct fault *fault) {
    return fault->status == TRIAL_SIGNAL &&
           (fault->signal == SIGABRT || fault->signal == SIGILL || fault->signal == SIGTRAP);
}

static void report_violation(void *context, const char *name, const char *rule, uint64_t before, uint64_t after) {
    struct violation_sink *sink = context;
    struct violation violation = {.before = before, .after = after};
    if (sink->header->violation_count < VIOLATION_LIMIT) {
        memcpy(violation.name, name, strnlen(name, sizeof violation.name));
        memcpy(violation.rule, rule, strnlen(rule, sizeof violation.rule));
        record_append(sink->recorder, &violation, sizeof violation);
        sink->header->violation_count++;
    }
}

static void describe_fault(const struct sealed *sealed, struct trial_header *header) {
    const struct fault *fault = &sealed->fault;
    header->status = fault->status;
    header->signal = fault->signal;
    header->fault_buffer = NO_BUFFER;
    header->fault_is_write = (uint16_t)fault->access;
    header->fault_streaming = fault->is_streaming;
    header->fault_pc = fault->pc;
    header->fault_kind = fault->kind;
    header->register_count = fault->register_count;
    if (fault->has_address) {
        header->fault_address = fault->address;
        header->fault_buffer = arena_find(&sealed->arena, fault->address);
    }
    if (header->fault_buffer != NO_BUFFER) {
        uint64_t start = (uint64_t)(uintptr_t)sealed->arena.buffers[header->fault_buffer].start;
        header->fault_offset = (int64_t)(fault->address - start);
    }
}

static void append_damage(struct sealed *sealed, struct trial_header *header) {
    for (uint32_t i = 0; i < sealed->arena.count; i++) {
        struct damage damage;
        if (arena_canary_damage(&sealed->arena, i, &damage)) {
            record_append(&sealed->recorder, &damage, sizeof damage);
            header->damage_count++;
        }
        if (arena_input_damage(&sealed->arena, i, &damage)) {
            record_append(&sealed->recorder, &damage, sizeof damage);
            header->damage_count++;
        }
    }
}

/* A kernel that meddles with signals does so the first time, if not every time. */
#define CASES_BETWEEN_FULL_CHECKS 32

static void append_violations(struct sealed *sealed, struct trial_header *header) {
    struct violation_sink sink = {.recorder = &sealed->recorder, .header = header};
    calls_report(sealed, report_violation, &sink);
    fault_check_call(report_violation, &sink);
    if (sealed->cases_done % CASES_BETWEEN_FULL_CHECKS == 0) {
        fault_check_all(report_violation, &sink);
    }
    children_check(report_violation, &sink);
    descriptors_check(&sealed->descriptors, report_violation, &sink);
}

static bool is_sparse(const struct case_view *view) {
    return (view->head->flags & CASE_SPARSE) != 0;
}

static void append_outputs(struct sealed *sealed, const struct case_view *view, const struct trial_header *header) {
    static const struct output none = {.form = OUTPUT_NONE};
    const struct pack *pack = &guest_frozen.pack;
    for (uint32_t i = 0; i < sealed->arena.count; i++) {
        const struct arena_buffer *buffer = &sealed->arena.buffers[i];
        if (header->status != TRIAL_RETURNED || !pack_buffer_is_output(pack, i)) {
            record_append(&sealed->recorder, &none, sizeof none);
        } else if (is_sparse(view)) {
            uint32_t element_bytes = pack_buffer_parameter(pack, i)->element_bytes;
            record_append_runs(&sealed->recorder, buffer->start, buffer->extent_bytes, element_bytes);
        } else {
            record_append_output(&sealed->recorder, buffer->start, buffer->extent_bytes);
        }
    }
}

static struct trial_header *append_header(struct sealed *sealed, enum trial_status status) {
    struct trial_header header = {.status = status, .fault_buffer = NO_BUFFER, .fault_is_write = ACCESS_UNKNOWN};
    return record_append(&sealed->recorder, &header, sizeof header);
}

/* Returns how the trial ended. */
static enum trial_status run_trial(struct sealed *sealed, const struct case_view *view, uint32_t number) {
    const struct pack *pack = &guest_frozen.pack;
    struct trial_view trial = pack_trial(pack, view, number);
    arena_lay(&sealed->arena, pack, view, &trial);
    point_at_buffers(sealed, view);
    abi_set_trial(&sealed->entry, trial.head);
    fill_set_poison(trial_fill(trial.head, TRIAL_BENIGN_LANES));
    calls_begin(sealed, trial.head);
    stale_memory_set_errno(trial_fill(trial.head, TRIAL_BENIGN_MEMORY));
    uint64_t spent = call(sealed, view->head->cpu_timeout_ms);

    struct trial_header *header = append_header(sealed, TRIAL_RETURNED);
    describe_fault(sealed, header);
    header->cpu_nanoseconds = spent;
    memcpy(header->result, guest_frozen.exit->result, sizeof header->result);
    append_damage(sealed, header);
    append_violations(sealed, header);
    if (gave_up(&sealed->fault)) {
        mark_end(view->head->index);
    }
    record_append(&sealed->recorder, sealed->fault.registers, header->register_count * sizeof(uint64_t));
    append_outputs(sealed, view, header);
    return header->status;
}

/* ---- cases and records ---------------------------------------------------------------------------- */

static void run_case(struct sealed *sealed) {
    struct case_view view = pack_case_at(&guest_frozen.pack, sealed->case_offset);
    struct case_header header = {.index = view.head->index, .trial_count = view.head->trial_count};
    enum trial_status status = TRIAL_RETURNED;
    record_begin(&sealed->recorder);
    record_append(&sealed->recorder, &header, sizeof header);
    for (uint32_t i = 0; i < view.head->trial_count; i++) {
        if (status == TRIAL_RETURNED) {
            status = run_trial(sealed, &view, i);
        } else {
            append_outputs(sealed, &view, append_header(sealed, TRIAL_SKIPPED));
        }
    }
    fault_cancel_timers();
    record_send(&sealed->recorder, RECORD_CASE);
    if (is_sparse(&view)) {
        arena_release(&sealed->arena);
    }
    sealed->case_offset = view.next_offset;
    sealed->cases_done++;
    sealed->cases_timed_out += status == TRIAL_TIMEOUT;
}

static enum fill heap_fill(void) {
    const struct pack *pack = &guest_frozen.pack;
    if (pack->header->case_count == 0) {
        return FILL_BENIGN;
    }
    struct case_view view = pack_case_at(pack, pack->cases_offset);
    return trial_fill(pack_trial(pack, &view, 0).head, TRIAL_BENIGN_HEAP);
}

static bool is_out_of_patience(const struct sealed *sealed) {
    uint32_t limit = guest_frozen.pack.header->timeout_limit;
    return limit != 0 && sealed->cases_timed_out >= limit;
}

static void say_hello(struct sealed *sealed) {
    struct fact facts[ABI_FACT_LIMIT];
    memset(facts, 0, sizeof facts);
    struct hello_header header = {
        .fact_count = abi_facts(facts),
        .case_count = guest_frozen.pack.header->case_count,
    };
    record_begin(&sealed->recorder);
    record_append(&sealed->recorder, &header, sizeof header);
    record_append(&sealed->recorder, facts, header.fact_count * sizeof *facts);
    record_send(&sealed->recorder, RECORD_HELLO);
}

static void say_bye(struct sealed *sealed) {
    struct bye bye = {.cases_done = sealed->cases_done};
    record_begin(&sealed->recorder);
    record_append(&sealed->recorder, &bye, sizeof bye);
    record_send(&sealed->recorder, RECORD_BYE);
}

/* ---- the straight line ---------------------------------------------------------------------------- */

/* What a kernel prints appears at once: nothing of it is lost when the kernel crashes, and nothing of it
 * has to be flushed by a libc that the kernel may have damaged. */
static void unbuffer_output(void) {
    static char line[BUFSIZ];
    setvbuf(stdout, line, _IOLBF, sizeof line);
}

static struct sealed *prepare(const char *pack_path, const char *output_path) {
    unbuffer_output();
    /* A kernel that sleeps uses no CPU time: without this it would outlive a host that is killed. */
    guest_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    guest_frozen.pid = guest_getpid();
    guest_frozen.page_bytes = getauxval(AT_PAGESZ);
    crc32_prepare();
    const char *complaint = pack_open(&guest_frozen.pack, pack_path);
    if (complaint) {
        fail(EXIT_STATUS_BAD_PACK, pack_path, complaint);
    }
    if (!record_set_path(output_path)) {
        fail(EXIT_STATUS_BAD_OUTPUT, output_path, "the path is too long");
    }
    uint64_t room = record_room(&guest_frozen.pack);
    memory_prepare(room);
    struct sealed *sealed = guest_frozen.sealed;
    sealed->recorder.room_bytes = room;
    arena_prepare(&sealed->arena, &guest_frozen.pack);
    abi_prepare(&sealed->entry);
    fault_prepare();
    descriptors_prepare(&sealed->descriptors);
    memory_freeze();
    return sealed;
}

/* Constructors of the kernel, and static initialisers, may read the vector length and keep it: it must be what was
 * asked for by then. A pack that cannot be read is main's to complain of. */
static void before_constructors(int argc, char **argv, char **environment) {
    (void)environment;
    struct pack_header header = {0};
    long file = argc == 3 ? guest_syscall(SYS_openat, AT_FDCWD, (long)argv[1], O_RDONLY, 0) : -1;
    if (file >= 0) {
        guest_syscall(SYS_read, file, (long)&header, sizeof header, 0);
        guest_syscall(SYS_close, file, 0, 0, 0);
    }
    abi_before_constructors(header.magic == PACK_MAGIC && header.version == WIRE_VERSION ? header.vector_bits : 0);
}

__attribute__((section(".preinit_array"), used)) static void (*const first_of_all)(int, char **,
                                                                                   char **) = before_constructors;

/* By this name, since a kernel's file may have a main of its own: the linker wraps it (--wrap=main). */
int __wrap_main(int argc, char **argv);

int __wrap_main(int argc, char **argv) {
    if (argc != 3) {
        fail(EXIT_STATUS_USAGE, "usage", "guest PACK OUT");
    }
    struct sealed *sealed = prepare(argv[1], argv[2]);
    sealed->case_offset = guest_frozen.pack.cases_offset;
    stale_memory_lay(heap_fill());
    say_hello(sealed);
    for (uint32_t i = 0; i < guest_frozen.pack.header->case_count && !is_out_of_patience(sealed); i++) {
        run_case(sealed);
    }
    say_bye(sealed);
    guest_exit(EXIT_STATUS_DONE);
}
