/* The wire format between host and guest: what goes in (the pack) and what comes out (the observation).
 *
 * harness/guest/ is the other end of this file; a unit test holds the constants and the sizes of the
 * structures in the two files against each other. Everything is little-endian, every structure has the
 * layout that C gives it without padding, and every variable-length part starts at a multiple of 8 bytes.
 *
 * Pack (one file, read whole before the first case):
 *
 *     pack_header
 *     pack_parameter[parameter_count]            the kernel's parameters, in prototype order
 *     case_count times:
 *         pack_case
 *         uint64_t value[parameter_count]        scalars as raw bits, sign- or zero-extended; 0 for buffers
 *         pack_buffer[buffer_count]              the pointer parameters, in prototype order
 *         trial_count times:
 *             pack_trial
 *             pack_placement[buffer_count]
 *     blob bytes                                 contents that pack_buffer and pack_run refer to by offset
 *
 * Observation (one file, only ever appended to, one record at a time):
 *
 *     RECORD_HELLO    once, before the first case: what this guest attests about itself
 *     RECORD_CASE     once per case, in pack order
 *     RECORD_BYE      once, after the last case or the last that timeout_limit allows: without it the observation
 *                     is incomplete
 */
#ifndef HARNESS_GUEST_WIRE_H
#define HARNESS_GUEST_WIRE_H

#include <stdint.h>

#define WIRE_VERSION 5u
#define PACK_MAGIC 0x4b434150u   /* "PACK" */
#define RECORD_MAGIC 0x43455248u /* "HREC" */

/* ---- pack ---------------------------------------------------------------------------------------- */

struct pack_header {
    uint32_t magic;           /* PACK_MAGIC */
    uint32_t version;         /* WIRE_VERSION */
    uint64_t nonce;           /* drawn by the host; every record repeats it */
    uint64_t total_bytes;     /* size of the whole pack */
    uint32_t parameter_count; /* of the prototype, buffers and scalars */
    uint32_t buffer_count;    /* pointer parameters among them */
    uint32_t case_count;
    uint32_t vector_bits;   /* asked for; 0 for code without a vector length. The guest asks the kernel for
                               it where the width can be set from inside (PR_SVE_SET_VL), then attests what
                               it really got. */
    uint64_t blob_offset;   /* from the start of the pack */
    uint32_t body_crc32;    /* of every byte behind this header */
    uint32_t timeout_limit; /* the guest stops behind the case that is the timeout_limit-th to run out of CPU time,
                               with RECORD_BYE; 0: never */
};

enum parameter_kind {
    PARAMETER_SCALAR = 0,
    PARAMETER_BUFFER = 1,
};

enum parameter_flow {
    FLOW_IN = 1,    /* the kernel may only read: a changed byte is reported */
    FLOW_OUT = 2,   /* the kernel writes: poisoned before the call */
    FLOW_INOUT = 3, /* both */
};

enum element_class {
    ELEMENT_FLOAT = 0,   /* IEEE or bfloat16; also where the type is not known */
    ELEMENT_INTEGER = 1, /* signed or unsigned */
};

struct pack_parameter {
    uint32_t kind;          /* enum parameter_kind */
    uint32_t flow;          /* enum parameter_flow; FLOW_IN for scalars */
    uint32_t element_bytes; /* of the pointed-to type, or of the scalar */
    uint32_t element_class; /* enum element_class: the extreme values that poison takes depend on it */
};

struct pack_case {
    uint32_t index;          /* the host's number for this case; repeated in the record */
    uint32_t trial_count;    /* calls of the kernel for this case, at least 1 */
    uint32_t cpu_timeout_ms; /* CPU time that one trial may take */
    uint32_t flags;          /* CASE_* */
};

#define CASE_SPARSE 1u /* buffers too long to travel: outputs come back as OUTPUT_RUNS */

enum contents_form {
    CONTENTS_NONE = 0,  /* poison fills the buffer before every call */
    CONTENTS_BYTES = 1, /* extent_bytes bytes */
    CONTENTS_RUNS = 2,  /* pack_run[run_count]: zeros but for these */
};

struct pack_buffer {
    uint64_t extent_bytes;   /* what the contract lets the kernel touch */
    uint64_t blob_offset;    /* of the contents, relative to pack_header.blob_offset */
    uint64_t readable_bytes; /* declared over-read: mapped and poisoned bytes behind the extent */
    uint32_t contents;       /* enum contents_form */
    uint32_t run_count;
};

/* Ascending, apart from one another, and inside the extent. */
struct pack_run {
    uint64_t offset_bytes; /* from the start of the buffer */
    uint64_t length_bytes;
    uint64_t blob_offset; /* of its bytes, relative to pack_header.blob_offset */
};

/* What the standard leaves undefined is filled with this before the call: caller-saved registers, the stack
 * below the kernel, canaries and slack, output buffers, and what the hostile build's shims leave behind. Output
 * buffers of a benign fill get the NaN or maximum of FILL_NAN: a store that is missing must show there too. */
enum fill {
    FILL_BENIGN = 0,        /* small non-zero values: what a plain run meets */
    FILL_NAN = 1,           /* floats: quiet NaN; integers: the maximum */
    FILL_HUGE_NEGATIVE = 2, /* floats: huge, finite, negative; integers: the minimum */
    FILL_HUGE_POSITIVE = 3, /* floats: huge, finite, positive; integers: the maximum */
    FILL_COUNT = 4,
};

struct pack_trial {
    uint32_t fill;  /* enum fill */
    uint32_t flags; /* TRIAL_* */
};

#define TRIAL_CLEAN_UPPERS 1u    /* x86: enter with clean upper halves and report if the kernel left them dirty */
#define TRIAL_STREAMING 2u       /* SME: enter a streaming-compatible kernel in streaming mode */
#define TRIAL_ZA_DORMANT 4u      /* SME: enter a private-ZA kernel while a lazy save of ZA is pending */
#define TRIAL_ALTERNATE_LANES 8u /* kernels on vectors: every second lane active, and then the others */

/* What keeps benign contents whatever the fill is: so it is found out which part of all that is undefined matters. */
#define TRIAL_BENIGN_ARGUMENTS 16u /* bits above narrow arguments, in registers and on the stack */
#define TRIAL_BENIGN_REGISTERS 32u /* registers, sticky flags, and the stack below the kernel */
#define TRIAL_BENIGN_LANES 64u     /* what the shims fill, and inactive lanes of kernels on vectors */
#define TRIAL_BENIGN_MEMORY 128u   /* beside buffers, in outputs, errno */
#define TRIAL_BENIGN_HEAP 256u     /* fresh heap and the deep stack; of a process, its first trial decides */
#define TRIAL_BENIGN                                                                                                   \
    (TRIAL_BENIGN_ARGUMENTS | TRIAL_BENIGN_REGISTERS | TRIAL_BENIGN_LANES | TRIAL_BENIGN_MEMORY | TRIAL_BENIGN_HEAP)
#define TRIAL_FLAGS (TRIAL_CLEAN_UPPERS | TRIAL_STREAMING | TRIAL_ZA_DORMANT | TRIAL_ALTERNATE_LANES | TRIAL_BENIGN)

enum placement_side {
    SIDE_END = 0,   /* the last byte (of the readable bytes) touches the guard page behind, less offset */
    SIDE_START = 1, /* the first byte touches the guard page in front, plus offset */
    SIDE_ALIAS = 2, /* the same address as buffer number `offset_bytes`, which is no alias itself. Where both
                       have contents, those of the later parameter are laid last. */
};

struct pack_placement {
    uint32_t side;         /* enum placement_side */
    uint32_t offset_bytes; /* distance from that guard page */
};

/* ---- observation --------------------------------------------------------------------------------- */

enum record_type {
    RECORD_HELLO = 1,
    RECORD_CASE = 2,
    RECORD_BYE = 3,
};

struct record_header {
    uint32_t magic;         /* RECORD_MAGIC */
    uint32_t type;          /* enum record_type */
    uint64_t nonce;         /* pack_header.nonce */
    uint32_t sequence;      /* 0, 1, 2, ... in this process */
    uint32_t crc32;         /* of the payload */
    uint64_t payload_bytes; /* a multiple of 8 */
};

/* RECORD_HELLO: hello_header, fact[fact_count] */
struct hello_header {
    uint32_t fact_count;
    uint32_t case_count; /* of the pack */
};

#define FACT_NAME_BYTES 16
struct fact {
    char name[FACT_NAME_BYTES]; /* "sve_bits", "avx2_bits", "hwcap", ...; NUL-padded */
    uint64_t value;
};

/* RECORD_CASE: case_header, then trial_count times trial_header with its parts. */
struct case_header {
    uint32_t index;
    uint32_t trial_count;
};

enum trial_status {
    TRIAL_RETURNED = 0,
    TRIAL_SIGNAL = 1,  /* a synchronous or asynchronous signal ended the call */
    TRIAL_TIMEOUT = 2, /* the CPU-time watchdog ended the call */
    TRIAL_SKIPPED = 3, /* not called: an earlier trial of this case did not return */
};

#define NO_BUFFER UINT32_MAX

/* What raised a synchronous signal. */
enum fault_kind {
    FAULT_ACCESS = 0,     /* a load, a store, or anything that is none of these */
    FAULT_JUMP = 1,       /* there is no code where the program counter is */
    FAULT_RETURN = 2,     /* likewise, and a return led there */
    FAULT_PROTECTION = 3, /* x86: general protection, which has no address */
};

/* trial_header, damage[damage_count], violation[violation_count], uint64_t register[register_count],
 * output[buffer_count] with their bytes */
struct trial_header {
    uint32_t status;          /* enum trial_status */
    uint32_t signal;          /* number, with TRIAL_SIGNAL */
    uint64_t fault_address;   /* si_addr, with TRIAL_SIGNAL */
    uint64_t fault_pc;        /* of the instruction, with TRIAL_SIGNAL */
    int64_t fault_offset;     /* of fault_address from the start of fault_buffer, in bytes */
    uint32_t fault_buffer;    /* nearest buffer whose guard was hit, or NO_BUFFER */
    uint16_t fault_is_write;  /* 0 read, 1 write, 2 not known */
    uint16_t fault_streaming; /* SME: 1 in streaming mode */
    uint64_t cpu_nanoseconds; /* that the call took, by its thread's CPU clock */
    uint64_t result[2];       /* raw bits of the returned value, if the prototype has one */
    uint32_t damage_count;
    uint32_t violation_count;
    uint32_t fault_kind;     /* enum fault_kind, with TRIAL_SIGNAL */
    uint32_t register_count; /* with FAULT_PROTECTION all general registers, as instructions number them; else 0 */
};

/* A byte that the kernel changed and must not: a canary, or the contents of a FLOW_IN buffer. */
struct damage {
    uint32_t buffer;
    uint32_t kind;        /* enum damage_kind */
    int64_t offset_bytes; /* of the first such byte from the start of the buffer; negative in front of it */
    uint64_t changed_bytes;
};

enum damage_kind {
    DAMAGE_CANARY = 0,
    DAMAGE_INPUT = 1,
};

/* A register or mode that the ABI says must survive, and did not. */
#define VIOLATION_NAME_BYTES 16
#define VIOLATION_RULE_BYTES 48
struct violation {
    char name[VIOLATION_NAME_BYTES]; /* "x19", "d8", "fpcr", "mxcsr" */
    char rule[VIOLATION_RULE_BYTES]; /* document and section */
    uint64_t before;
    uint64_t after;
};

enum output_form {
    OUTPUT_NONE = 0,   /* a FLOW_IN buffer, or any buffer of a trial that did not return */
    OUTPUT_INLINE = 1, /* length_bytes follow, padded to a multiple of 8 */
    OUTPUT_SAME = 2,   /* equal to an earlier inline output of this process with this digest */
    OUTPUT_RUNS = 3,   /* output_run[run_count] follow, from the first element on */
};

struct output {
    uint32_t form; /* enum output_form */
    uint32_t run_count;
    uint64_t digest;       /* of the bytes: two outputs with one digest and length are taken as equal; 0 for runs */
    uint64_t length_bytes; /* of the contents, whether they follow or not */
};

/* Equal elements, one behind the other. An output of more than OUTPUT_RUN_LIMIT runs ends behind that many. */
#define OUTPUT_RUN_LIMIT 4096u
struct output_run {
    uint64_t element; /* its bits */
    uint64_t count;
};

/* RECORD_BYE: bye */
struct bye {
    uint32_t cases_done; /* in this process */
    uint32_t reserved;
};

#endif
