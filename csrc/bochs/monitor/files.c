/* See files.h. */
#include "files.h"

#include <stdbool.h>

#include "channel.h"
#include "errors.h"
#include "hardware.h"
#include "memory.h"
#include "text.h"

#define FILE_LIMIT 64
#define VECTOR_LIMIT 1024
#define TYPE_CHARACTERS 0020666
#define TYPE_REGULAR 0100644
#define STATUS_BYTES 144 /* struct stat */
#define DEVICE_NUMBER 1
#define DUPLICATE 0 /* F_DUPFD and its kin of <fcntl.h> */
#define GET_FLAGS 3
#define DUPLICATE_AND_CLOSE 1030
#define SEEK_FROM_CURRENT 1
#define SEEK_FROM_END 2

enum kind {
    FILE_CLOSED,
    FILE_NULL,
    FILE_STDOUT,
    FILE_STDERR,
    FILE_INPUT,
    FILE_OUTPUT,
    FILE_IN_MEMORY,
};

struct file {
    enum kind kind;
    uint64_t node; /* tells files apart: descriptors of one file share it */
    uint64_t at;
    uint64_t bytes;
};

struct vector_part {
    uint64_t start, bytes;
};

static struct file files[FILE_LIMIT];
static uint64_t next_node = 16; /* behind those of the kinds */
static const char *input_path;
static const char *output_path;
static uint64_t input_start; /* physical */
static uint64_t input_bytes;

void files_prepare(const struct exchange_request *request, uint64_t input) {
    input_path = request->input_path;
    output_path = request->output_path;
    input_start = input;
    input_bytes = request->input.bytes;
    files[0] = (struct file){.kind = FILE_NULL, .node = FILE_NULL};
    files[1] = (struct file){.kind = FILE_STDOUT, .node = FILE_STDOUT};
    files[2] = (struct file){.kind = FILE_STDERR, .node = FILE_STDERR};
}

static struct file *file_of(uint64_t number) {
    return number < FILE_LIMIT && files[number].kind != FILE_CLOSED ? &files[number] : NULL;
}

static long add(struct file file, uint64_t lowest) {
    for (uint64_t i = lowest; i < FILE_LIMIT; i++) {
        if (files[i].kind == FILE_CLOSED) {
            files[i] = file;
            return (long)i;
        }
    }
    return -ERROR_TOO_MANY_FILES;
}

/* ---- opening and closing -------------------------------------------------------------------------- */

static bool is_path(uint64_t path, char *copy) {
    for (uint64_t i = 0; i < PATH_LIMIT; i++) {
        if (!memory_is_open(path + i, 1, MAY_READ)) {
            return false;
        }
        copy[i] = *(const char *)(path + i);
        if (!copy[i]) {
            return true;
        }
    }
    return false;
}

/* Relative paths begin at the root, where the program runs. */
static const char *below_root(const char *path) {
    while (*path == '/') {
        path++;
    }
    return path;
}

static bool is_same_path(const char *asked, const char *ours) {
    return text_equal(below_root(asked), below_root(ours));
}

long files_open(uint64_t path) {
    char asked[PATH_LIMIT];
    struct file file = {.kind = FILE_CLOSED};
    if (!is_path(path, asked)) {
        return -ERROR_FAULT;
    }
    if (*input_path && is_same_path(asked, input_path)) {
        file = (struct file){.kind = FILE_INPUT, .node = FILE_INPUT, .bytes = input_bytes};
    } else if (*output_path && is_same_path(asked, output_path)) {
        file = (struct file){.kind = FILE_OUTPUT, .node = FILE_OUTPUT};
    } else if (is_same_path(asked, "dev/null")) {
        file = (struct file){.kind = FILE_NULL, .node = FILE_NULL};
    } else {
        return -ERROR_NO_ENTRY;
    }
    return add(file, 0);
}

long files_open_in_memory(void) {
    return add((struct file){.kind = FILE_IN_MEMORY, .node = next_node++}, 0);
}

long files_close(uint64_t number) {
    struct file *file = file_of(number);
    if (!file) {
        return -ERROR_BAD_FILE;
    }
    if (file->kind == FILE_OUTPUT) {
        channel_commit();
    }
    file->kind = FILE_CLOSED;
    return 0;
}

long files_duplicate(uint64_t number, uint64_t lowest) {
    struct file *file = file_of(number);
    return file ? add(*file, lowest) : -ERROR_BAD_FILE;
}

long files_duplicate_to(uint64_t number, uint64_t wanted) {
    struct file *file = file_of(number);
    if (!file || wanted >= FILE_LIMIT) {
        return -ERROR_BAD_FILE;
    }
    files[wanted] = *file;
    return (long)wanted;
}

/* ---- reading and writing -------------------------------------------------------------------------- */

long files_read_at(uint64_t number, uint64_t to, uint64_t bytes, uint64_t offset) {
    struct file *file = file_of(number);
    if (!file || file->kind == FILE_OUTPUT) {
        return -ERROR_BAD_FILE;
    }
    if (!memory_is_open(to, bytes, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    uint64_t left = offset < file->bytes ? file->bytes - offset : 0;
    bytes = bytes < left ? bytes : left;
    if (file->kind == FILE_INPUT) {
        memcpy((void *)to, (const uint8_t *)at_physical(input_start) + offset, bytes);
    } else {
        memset((void *)to, 0, bytes);
    }
    return (long)bytes;
}

long files_read(uint64_t number, uint64_t to, uint64_t bytes) {
    struct file *file = file_of(number);
    long result = files_read_at(number, to, bytes, file ? file->at : 0);
    if (result > 0) {
        file->at += (uint64_t)result;
    }
    return result;
}

static long send(enum piece_channel channel, uint64_t from, uint64_t bytes) {
    return channel_send(channel, (const void *)from, bytes) ? (long)bytes : -ERROR_NO_SPACE;
}

long files_write(uint64_t number, uint64_t from, uint64_t bytes) {
    struct file *file = file_of(number);
    long result = (long)bytes;
    if (!file || file->kind == FILE_INPUT) {
        return -ERROR_BAD_FILE;
    }
    if (!memory_is_open(from, bytes, MAY_READ)) {
        return -ERROR_FAULT;
    }
    if (file->kind == FILE_OUTPUT) {
        return send(PIECE_OUTPUT, from, bytes);
    }
    if (file->kind == FILE_STDOUT || file->kind == FILE_STDERR) {
        result = send(file->kind == FILE_STDOUT ? PIECE_STDOUT : PIECE_STDERR, from, bytes);
        channel_commit();
    } else if (file->kind == FILE_IN_MEMORY) {
        file->at += bytes;
        file->bytes = file->at > file->bytes ? file->at : file->bytes;
    }
    return result;
}

long files_write_vector(uint64_t number, uint64_t vector, uint64_t count) {
    long total = 0;
    if (count > VECTOR_LIMIT) {
        return -ERROR_INVALID;
    }
    if (!memory_is_open(vector, count * sizeof(struct vector_part), MAY_READ)) {
        return -ERROR_FAULT;
    }
    const struct vector_part *parts = (const struct vector_part *)vector;
    for (uint64_t i = 0; i < count; i++) {
        long written = files_write(number, parts[i].start, parts[i].bytes);
        if (written < 0) {
            return total ? total : written;
        }
        total += written;
    }
    return total;
}

long files_seek(uint64_t number, uint64_t offset, uint64_t whence) {
    struct file *file = file_of(number);
    if (!file) {
        return -ERROR_BAD_FILE;
    }
    if (file->kind != FILE_INPUT && file->kind != FILE_IN_MEMORY) {
        return -ERROR_CANNOT_SEEK;
    }
    uint64_t base = whence == SEEK_FROM_CURRENT ? file->at : whence == SEEK_FROM_END ? file->bytes : 0;
    if ((int64_t)(base + offset) < 0) {
        return -ERROR_INVALID;
    }
    file->at = base + offset;
    return (long)file->at;
}

/* ---- the rest ------------------------------------------------------------------------------------- */

long files_status(uint64_t number, uint64_t to) {
    struct file *file = file_of(number);
    bool is_regular = file && (file->kind == FILE_INPUT || file->kind == FILE_OUTPUT || file->kind == FILE_IN_MEMORY);
    if (!file) {
        return -ERROR_BAD_FILE;
    }
    if (!memory_is_open(to, STATUS_BYTES, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    memset((void *)to, 0, STATUS_BYTES); /* <asm/stat.h>: words, and half words where it says so */
    uint64_t *words = (uint64_t *)to;
    words[0] = DEVICE_NUMBER;
    words[1] = file->node;
    words[2] = 1; /* links */
    ((uint32_t *)to)[6] = is_regular ? TYPE_REGULAR : TYPE_CHARACTERS;
    words[6] = file->bytes;
    words[7] = PAGE_BYTES; /* of a block */
    return 0;
}

long files_control(uint64_t number, uint64_t command, uint64_t argument) {
    if (!file_of(number)) {
        return -ERROR_BAD_FILE;
    }
    if (command == DUPLICATE || command == DUPLICATE_AND_CLOSE) {
        return files_duplicate(number, argument);
    }
    return command == GET_FLAGS ? 2 /* O_RDWR */ : 0;
}

long files_source(uint64_t number, uint64_t offset, uint64_t bytes) {
    struct file *file = file_of(number);
    if (!file) {
        return -ERROR_BAD_FILE;
    }
    if (file->kind != FILE_INPUT || offset % PAGE_BYTES != 0) {
        return -ERROR_INVALID;
    }
    if (offset >= page_ceiling(input_bytes) || bytes > page_ceiling(input_bytes) - offset) {
        return -ERROR_INVALID; /* Linux would map it and send SIGBUS later */
    }
    return (long)(input_start + offset);
}
