/* See signals.h. The frame is that of Linux, arch/x86/include/asm/sigframe.h and uapi/asm/sigcontext.h. */
#include "signals.h"

#include <stdbool.h>

#include "channel.h"
#include "errors.h"
#include "memory.h"
#include "processor.h"
#include "text.h"

#define HANDLER_DEFAULT 0
#define HANDLER_IGNORE 1
#define ACTION_ON_STACK UINT64_C(0x08000000)
#define ACTION_RESTORER UINT64_C(0x04000000)
#define ACTION_NO_DEFER UINT64_C(0x40000000)
#define ACTION_RESET UINT64_C(0x80000000)

#define STACK_ON 1
#define STACK_DISABLED 2
#define STACK_LEAST_BYTES 2048

#define MASK_BLOCK 0
#define MASK_UNBLOCK 1
#define MASK_SET 2

#define RED_ZONE_BYTES 128 /* psABI 3.2.2 */
#define STATE_ALIGNMENT UINT64_C(64)
#define STATE_MAGIC_1 0x46505853u /* in the legacy region: an XSAVE area follows ... */
#define STATE_MAGIC_2 0x46505845u /* ... and these four bytes behind it */
#define STATE_WORDS_OFFSET 464
#define CONTEXT_HAS_STATE 1u
#define CONTEXT_HAS_SEGMENTS 6u

struct action {
    uint64_t handler, flags, restorer, mask;
};

struct stack {
    uint64_t start;
    int32_t flags;
    int32_t padding;
    uint64_t bytes;
};

struct context {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, mask, cr2;
    uint64_t state; /* address of the XSAVE area */
    uint64_t reserved[8];
};

struct frame {
    uint64_t restorer; /* where the handler returns to */
    uint64_t flags;
    uint64_t link;
    struct stack stack;
    struct context context;
    uint64_t mask;
    struct signal_info info;
};
_Static_assert(sizeof(struct context) == 256, "as <asm/sigcontext.h> has it");

/* What Linux leaves in the legacy region for whoever reads a frame. */
struct state_words {
    uint32_t magic;
    uint32_t whole_bytes;
    uint64_t components;
    uint32_t state_bytes;
};

static struct action actions[SIGNAL_COUNT];
static struct signal_info infos[SIGNAL_COUNT];
static struct stack stack = {.flags = STACK_DISABLED};
static uint64_t pending; /* bit n-1: signal n */
static uint64_t blocked;
static struct {
    uint64_t trap, error, cr2;
} last_fault; /* what Linux keeps per thread, and puts into every frame */

static uint64_t bit(int number) {
    return UINT64_C(1) << (number - 1);
}

#define NEVER_BLOCKED (UINT64_C(1) << (SIGNAL_KILL - 1) | UINT64_C(1) << (SIGNAL_STOP - 1))

static bool is_harmless(int number) {
    return number == SIGNAL_CHILD || number == SIGNAL_CONTINUE || number == SIGNAL_URGENT || number == SIGNAL_WINDOW;
}

/* ---- sending -------------------------------------------------------------------------------------- */

void signals_send(struct signal_info info) {
    uint64_t handler = actions[info.number].handler;
    bool is_ignored = handler == HANDLER_IGNORE || (handler == HANDLER_DEFAULT && is_harmless(info.number));
    if (is_ignored && !(blocked & bit(info.number))) {
        return;
    }
    pending |= bit(info.number);
    infos[info.number] = info;
}

void signals_fault(struct signal_info info, uint64_t trap, uint64_t error, uint64_t cr2) {
    struct action *action = &actions[info.number];
    last_fault.trap = trap;
    last_fault.error = error;
    last_fault.cr2 = trap == 14 ? cr2 : last_fault.cr2;
    if ((blocked & bit(info.number)) || action->handler == HANDLER_IGNORE) {
        action->handler = HANDLER_DEFAULT;
        blocked &= ~bit(info.number);
    }
    pending |= bit(info.number);
    infos[info.number] = info;
}

/* ---- delivering ----------------------------------------------------------------------------------- */

static bool is_on_stack(uint64_t sp) {
    return !(stack.flags & STACK_DISABLED) && sp > stack.start && sp - stack.start <= stack.bytes;
}

static uint64_t top_for(const struct action *action, uint64_t sp) {
    if ((action->flags & ACTION_ON_STACK) && !(stack.flags & STACK_DISABLED) && !is_on_stack(sp)) {
        return stack.start + stack.bytes;
    }
    return sp - RED_ZONE_BYTES;
}

static void fill_context(struct context *to, const struct registers *from) {
    *to = (struct context){
        .r8 = from->r8,
        .r9 = from->r9,
        .r10 = from->r10,
        .r11 = from->r11,
        .r12 = from->r12,
        .r13 = from->r13,
        .r14 = from->r14,
        .r15 = from->r15,
        .rdi = from->rdi,
        .rsi = from->rsi,
        .rbp = from->rbp,
        .rbx = from->rbx,
        .rdx = from->rdx,
        .rax = from->rax,
        .rcx = from->rcx,
        .rsp = from->rsp,
        .rip = from->rip,
        .rflags = from->rflags,
        .cs = (uint16_t)from->cs,
        .ss = (uint16_t)from->ss,
        .error = last_fault.error,
        .trap = last_fault.trap,
        .cr2 = last_fault.cr2,
        .mask = blocked,
    };
}

static void save_state(uint64_t at) {
    uint64_t bytes = processor_state_bytes();
    struct state_words *words = (struct state_words *)(at + STATE_WORDS_OFFSET);
    processor_save_state((void *)at);
    *words = (struct state_words){STATE_MAGIC_1, (uint32_t)bytes + 4, processor_state_mask(), (uint32_t)bytes};
    *(uint32_t *)(at + bytes) = STATE_MAGIC_2;
}

/* False if there is no place for the frame. */
static bool push_frame(struct registers *registers, const struct action *action, int number) {
    uint64_t top = top_for(action, registers->rsp);
    uint64_t state = (top - processor_state_bytes() - 4) & ~(STATE_ALIGNMENT - 1);
    uint64_t at = ((state - sizeof(struct frame)) & ~UINT64_C(15)) - 8; /* as after a call, psABI 3.2.2 */
    if (!(action->flags & ACTION_RESTORER) || at > top || !memory_is_open(at, top - at, MAY_WRITE)) {
        return false;
    }
    struct frame *frame = (struct frame *)at;
    save_state(state);
    frame->restorer = action->restorer;
    frame->flags = CONTEXT_HAS_STATE | CONTEXT_HAS_SEGMENTS;
    frame->link = 0;
    frame->stack = stack;
    fill_context(&frame->context, registers);
    frame->context.state = state;
    frame->mask = blocked;
    frame->info = infos[number];
    registers->rdi = (uint64_t)number;
    registers->rsi = (uint64_t)&frame->info;
    registers->rdx = (uint64_t)&frame->flags;
    registers->rax = 0;
    registers->rsp = at;
    registers->rip = action->handler;
    registers->rflags &= ~(FLAG_DIRECTION | FLAG_RESUME | FLAG_TRAP);
    processor_reset_state();
    return true;
}

static void deliver(struct registers *registers, int number) {
    struct action *action = &actions[number];
    pending &= ~bit(number);
    if (action->handler == HANDLER_IGNORE || (action->handler == HANDLER_DEFAULT && is_harmless(number))) {
        return;
    }
    if (action->handler == HANDLER_DEFAULT || number == SIGNAL_KILL || number == SIGNAL_STOP) {
        channel_end(STATE_SIGNALLED, (uint32_t)number); /* stopping would be waiting for ever */
    }
    if (!push_frame(registers, action, number)) {
        channel_end(STATE_SIGNALLED, SIGNAL_SEGMENT);
    }
    blocked |= action->mask | (action->flags & ACTION_NO_DEFER ? 0 : bit(number));
    blocked &= ~NEVER_BLOCKED;
    if (action->flags & ACTION_RESET) {
        action->handler = HANDLER_DEFAULT;
    }
}

void signals_deliver(struct registers *registers) {
    static const int first[] = {SIGNAL_SEGMENT,        SIGNAL_BUS,   SIGNAL_ILLEGAL, SIGNAL_TRAP,
                                SIGNAL_FLOATING_POINT, SIGNAL_SYSTEM}; /* of several, a fault goes first */
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
        if (pending & ~blocked & bit(first[i])) {
            deliver(registers, first[i]);
        }
    }
    while (pending & ~blocked) {
        deliver(registers, __builtin_ctzll(pending & ~blocked) + 1);
    }
}

/* ---- system calls --------------------------------------------------------------------------------- */

void signals_return(struct registers *registers) {
    uint64_t at = registers->rsp - 8; /* the handler's ret took the restorer off */
    const struct frame *frame = (const struct frame *)at;
    struct signal_info bad = {.number = SIGNAL_SEGMENT, .code = CODE_SYSTEM};
    if (!memory_is_open(at, sizeof *frame, MAY_READ)) {
        signals_fault(bad, 0, 0, 0);
        return;
    }
    const struct context *from = &frame->context;
    bool is_state_sound = from->state % STATE_ALIGNMENT == 0 &&
                          memory_is_open(from->state, processor_state_bytes(), MAY_READ) &&
                          processor_restore_state((const void *)from->state);
    if (!is_state_sound || from->rip >= USER_END) {
        signals_fault(bad, 0, 0, 0);
        return;
    }
    *registers = (struct registers){
        .r8 = from->r8,
        .r9 = from->r9,
        .r10 = from->r10,
        .r11 = from->r11,
        .r12 = from->r12,
        .r13 = from->r13,
        .r14 = from->r14,
        .r15 = from->r15,
        .rdi = from->rdi,
        .rsi = from->rsi,
        .rbp = from->rbp,
        .rbx = from->rbx,
        .rdx = from->rdx,
        .rax = from->rax,
        .rcx = from->rcx,
        .rsp = from->rsp,
        .rip = from->rip,
        .rflags = (from->rflags & FLAGS_OF_PROGRAM) | FLAG_ALWAYS_ONE | FLAG_INTERRUPTS,
        .cs = SELECTOR_USER_CODE,
        .ss = SELECTOR_USER_DATA,
    };
    blocked = frame->mask & ~NEVER_BLOCKED;
}

long signals_action(int number, uint64_t wanted, uint64_t found, uint64_t set_bytes) {
    struct action before;
    if (number < 1 || number >= SIGNAL_COUNT || set_bytes != sizeof(uint64_t) ||
        (wanted && (number == SIGNAL_KILL || number == SIGNAL_STOP))) {
        return -ERROR_INVALID;
    }
    if ((wanted && !memory_is_open(wanted, sizeof before, MAY_READ)) ||
        (found && !memory_is_open(found, sizeof before, MAY_WRITE))) {
        return -ERROR_FAULT;
    }
    before = actions[number];
    if (wanted) {
        actions[number] = *(const struct action *)wanted;
        actions[number].mask &= ~NEVER_BLOCKED;
    }
    if (found) {
        *(struct action *)found = before;
    }
    return 0;
}

long signals_mask(int how, uint64_t wanted, uint64_t found, uint64_t set_bytes) {
    uint64_t before = blocked;
    if (set_bytes != sizeof blocked) {
        return -ERROR_INVALID;
    }
    if ((wanted && !memory_is_open(wanted, sizeof before, MAY_READ)) ||
        (found && !memory_is_open(found, sizeof before, MAY_WRITE))) {
        return -ERROR_FAULT;
    }
    if (wanted) {
        uint64_t set = *(const uint64_t *)wanted;
        if (how != MASK_BLOCK && how != MASK_UNBLOCK && how != MASK_SET) {
            return -ERROR_INVALID;
        }
        blocked = how == MASK_BLOCK ? blocked | set : how == MASK_UNBLOCK ? blocked & ~set : set;
        blocked &= ~NEVER_BLOCKED;
    }
    if (found) {
        *(uint64_t *)found = before;
    }
    return 0;
}

long signals_stack(uint64_t wanted, uint64_t found, const struct registers *registers) {
    struct stack before = stack;
    if ((wanted && !memory_is_open(wanted, sizeof before, MAY_READ)) ||
        (found && !memory_is_open(found, sizeof before, MAY_WRITE))) {
        return -ERROR_FAULT;
    }
    if (wanted) {
        struct stack set = *(const struct stack *)wanted;
        if (is_on_stack(registers->rsp)) {
            return -ERROR_NOT_PERMITTED;
        }
        if (!(set.flags & STACK_DISABLED) && set.bytes < STACK_LEAST_BYTES) {
            return -ERROR_NO_MEMORY;
        }
        stack = set.flags & STACK_DISABLED ? (struct stack){.flags = STACK_DISABLED} : set;
    }
    if (found) {
        before.flags |= is_on_stack(registers->rsp) ? STACK_ON : 0;
        *(struct stack *)found = before;
    }
    return 0;
}
