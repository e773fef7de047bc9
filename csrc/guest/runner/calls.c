/* See calls.h and guest_ready in adapter.h. */
#include "calls.h"

#include <stdbool.h>
#include <string.h>

#include "adapter.h"
#include "state.h"
#include "status.h"
#include "syscalls.h"

extern void guest_trampoline(void);

void calls_begin(struct sealed *sealed, const struct pack_trial *trial) {
    sealed->trial = trial;
    sealed->call_count = 0;
    sealed->violation_count = 0;
    sealed->entry.is_ready = 0;
}

static void keep_violation(void *context, const char *name, const char *rule, uint64_t before, uint64_t after) {
    struct sealed *sealed = context;
    struct violation violation = {.before = before, .after = after};
    memcpy(violation.name, name, strnlen(name, sizeof violation.name));
    memcpy(violation.rule, rule, strnlen(rule, sizeof violation.rule));
    for (uint32_t i = 0; i < sealed->violation_count; i++) {
        if (memcmp(sealed->violations[i].name, violation.name, sizeof violation.name) == 0) {
            return;
        }
    }
    if (sealed->violation_count < VIOLATION_LIMIT) {
        sealed->violations[sealed->violation_count++] = violation;
    }
}

void calls_end(struct sealed *sealed) {
    abi_settle(&sealed->entry, guest_frozen.exit);
    bool was_made = sealed->call_count > 0 && !sealed->entry.is_ready; /* the trampoline takes the readiness away */
    if (was_made && sealed->fault.status == TRIAL_RETURNED) {
        state_check(&sealed->entry, guest_frozen.exit, keep_violation, sealed);
    }
}

/* In the adapter, between two calls: the same as after the last one, and then everything as for the first. All of it
 * counts as part of the call, because the watchdog ends nothing else. */
void *guest_ready(void (*kernel)(void)) {
    struct sealed *sealed = guest_frozen.sealed;
    if (kernel != guest_kernel) {
        guest_misuse("the adapter's HARNESS_CALL names a function that is not the kernel");
    }
    if (sealed->entry.is_ready) { /* for a call that never came */
        return (void *)guest_trampoline;
    }
    if (sealed->call_count > 0) {
        memory_unseal();
        calls_end(sealed);
        abi_set_trial(&sealed->entry, sealed->trial);
    }
    const char *complaint = abi_caller_complaint(&sealed->entry);
    if (complaint) {
        guest_misuse(complaint);
    }
    sealed->call_count++;
    sealed->entry.is_ready = 1;
    return (void *)guest_trampoline;
}

void guest_not_ready(void) {
    guest_misuse("the adapter has a HARNESS_CALL among the arguments of another: give its result a name first");
}

/* libc's stderr may be the kernel's by now. */
void guest_misuse(const char *what) {
    static const char start[] = "\nharness_adapter: "; /* the host looks for it */
    guest_syscall(SYS_write, 2, (long)start, sizeof start - 1, 0);
    guest_syscall(SYS_write, 2, (long)what, (long)strlen(what), 0);
    guest_syscall(SYS_write, 2, (long)"\n", 1, 0);
    guest_exit(EXIT_STATUS_BAD_ADAPTER);
}

void calls_report(const struct sealed *sealed, fault_report *report, void *context) {
    for (uint32_t i = 0; i < sealed->violation_count; i++) {
        const struct violation *violation = &sealed->violations[i];
        report(context, violation->name, violation->rule, violation->before, violation->after);
    }
}
