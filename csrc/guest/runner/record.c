/* See record.h. No descriptor is held while a kernel runs: there is nothing to close or to scribble on. */
#include "record.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "crc32.h"
#include "memory.h"
#include "status.h"
#include "syscalls.h"

static uint64_t padded(uint64_t bytes) {
    return (bytes + 7) & ~UINT64_C(7);
}

static uint64_t at_least(uint64_t value, uint64_t least) {
    return value > least ? value : least;
}

uint64_t record_room(const struct pack *pack) {
    uint64_t per_buffer = 2 * sizeof(struct damage) + sizeof(struct output);
    uint64_t per_trial = sizeof(struct trial_header) + pack->header->buffer_count * per_buffer +
                         VIOLATION_LIMIT * sizeof(struct violation) + FAULT_REGISTERS * sizeof(uint64_t);
    uint64_t largest_case = sizeof(struct case_header) + pack->trial_limit * per_trial + pack->output_limit;
    uint64_t hello = sizeof(struct hello_header) + ABI_FACT_LIMIT * sizeof(struct fact);
    return sizeof(struct record_header) + at_least(largest_case, hello);
}

bool record_set_path(const char *path) {
    char *full = guest_frozen.output_path;
    size_t used = 0;
    if (path[0] != '/') {
        if (!getcwd(full, OUTPUT_PATH_LIMIT - 1)) {
            return false;
        }
        used = strlen(full);
        full[used++] = '/';
    }
    if (strlen(path) >= OUTPUT_PATH_LIMIT - used) {
        return false;
    }
    strcpy(full + used, path);
    return true;
}

void record_begin(struct recorder *recorder) {
    recorder->used_bytes = sizeof(struct record_header);
}

static void *claim(struct recorder *recorder, uint64_t bytes) {
    if (bytes > recorder->room_bytes - recorder->used_bytes) {
        guest_exit(EXIT_STATUS_RUNNER_FAULT);
    }
    void *part = recorder->base + recorder->used_bytes;
    recorder->used_bytes += bytes;
    return part;
}

void *record_append(struct recorder *recorder, const void *part, uint64_t bytes) {
    return memcpy(claim(recorder, bytes), part, bytes);
}

static uint64_t rotate_left(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

/* After MurmurHash3 (Appleby, public domain), widened to one 64-bit word per step. Each step is a bijection of
 * the state and of the word, so outputs that differ in one word only never collide. */
static uint64_t mix(uint64_t state, uint64_t word) {
    word = rotate_left(word * UINT64_C(0x87c37b91114253d5), 31) * UINT64_C(0x4cf5ad432745937f);
    return rotate_left(state ^ word, 27) * 5 + 0x52dce729;
}

static uint64_t digest_of(const uint8_t *at, uint64_t bytes) {
    uint64_t state = bytes;
    uint64_t word;
    for (; bytes >= sizeof word; at += sizeof word, bytes -= sizeof word) {
        memcpy(&word, at, sizeof word);
        state = mix(state, word);
    }
    word = 0;
    memcpy(&word, at, bytes);
    state = mix(state, word);
    state = (state ^ state >> 33) * UINT64_C(0xff51afd7ed558ccd);
    state = (state ^ state >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return state ^ state >> 33;
}

void record_append_output(struct recorder *recorder, const void *contents, uint64_t bytes) {
    struct output output = {.form = OUTPUT_SAME, .digest = digest_of(contents, bytes), .length_bytes = bytes};
    struct sent_output *sent = &recorder->sent[output.digest % DIGEST_SLOTS];
    if (sent->digest == output.digest && sent->length_bytes == bytes && bytes > 0) {
        record_append(recorder, &output, sizeof output);
        return;
    }
    *sent = (struct sent_output){.digest = output.digest, .length_bytes = bytes};
    output.form = OUTPUT_INLINE;
    record_append(recorder, &output, sizeof output);
    record_append(recorder, contents, bytes);
    memset(claim(recorder, padded(bytes) - bytes), 0, padded(bytes) - bytes);
}

/* How many elements from `at` on equal the first: each byte is compared with the one an element further. */
static uint64_t equal_elements(const uint8_t *at, uint64_t bytes, uint32_t element_bytes) {
    uint64_t same = 0;
    uint64_t one, next;
    uint64_t compared = bytes - element_bytes;
    for (; compared - same >= sizeof one; same += sizeof one) {
        memcpy(&one, at + same, sizeof one);
        memcpy(&next, at + same + element_bytes, sizeof next);
        if (one != next) {
            break;
        }
    }
    while (same < compared && at[same] == at[same + element_bytes]) {
        same++;
    }
    return same / element_bytes + 1;
}

void record_append_runs(struct recorder *recorder, const void *contents, uint64_t bytes, uint32_t element_bytes) {
    struct output output = {.form = OUTPUT_RUNS, .length_bytes = bytes};
    struct output *written = record_append(recorder, &output, sizeof output);
    const uint8_t *at = contents;
    while (bytes >= element_bytes && written->run_count < OUTPUT_RUN_LIMIT) {
        struct output_run run = {.count = equal_elements(at, bytes, element_bytes)};
        memcpy(&run.element, at, element_bytes);
        record_append(recorder, &run, sizeof run);
        written->run_count++;
        at += run.count * element_bytes;
        bytes -= run.count * element_bytes;
    }
}

static bool write_all(int file, const uint8_t *at, uint64_t bytes) {
    while (bytes > 0) {
        long written = guest_syscall(SYS_write, file, (long)at, (long)bytes, 0);
        if (written <= 0) {
            return false;
        }
        at += written;
        bytes -= (uint64_t)written;
    }
    return true;
}

void record_send(struct recorder *recorder, uint32_t type) {
    struct record_header *header = (struct record_header *)recorder->base;
    uint64_t payload_bytes = recorder->used_bytes - sizeof *header;
    *header = (struct record_header){
        .magic = RECORD_MAGIC,
        .type = type,
        .nonce = guest_frozen.pack.header->nonce,
        .sequence = recorder->sequence++,
        .crc32 = crc32_of(header + 1, payload_bytes),
        .payload_bytes = payload_bytes,
    };
    long file = guest_syscall(SYS_openat, AT_FDCWD, (long)guest_frozen.output_path,
                              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || !write_all((int)file, recorder->base, recorder->used_bytes)) {
        guest_exit(EXIT_STATUS_BAD_OUTPUT);
    }
    guest_syscall(SYS_close, file, 0, 0, 0);
}
