/* See images.h. */
#define _GNU_SOURCE /* fallocate() */
#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher.h"

#define CYLINDER_BYTES ((uint64_t)HEADS * SECTORS_PER_TRACK * SECTOR_BYTES)
#define OUT_BYTES (UINT64_C(8) << 30) /* sparse: takes up what is written */
#define MIB (UINT64_C(1) << 20)
#define LEAST_MEMORY_MIB 1024
#define MOST_MEMORY_MIB 3072 /* below the hole for devices, so that all of it is in one piece */
#define MEMORY_PER_INPUT 6   /* input, buffers, the record of every trial */
#define COPY_BYTES 65536

static int open_in(const char *directory, const char *name, int flags) {
    char path[PATH_LIMIT];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int file = open(path, flags | O_CLOEXEC, 0600);
    if (file < 0) {
        fail_by_errno(path);
    }
    return file;
}

/* ---- in ------------------------------------------------------------------------------------------- */

static void write_at(int file, const void *from, size_t bytes, uint64_t offset) {
    const char *at = from;
    while (bytes > 0) {
        ssize_t written = pwrite(file, at, bytes, (off_t)offset);
        if (written < 0) {
            fail_by_errno("the disk that goes in");
        }
        at += written;
        offset += (uint64_t)written;
        bytes -= (size_t)written;
    }
}

static struct exchange_file copy(int disk, const char *path, uint64_t offset) {
    static char buffer[COPY_BYTES];
    struct exchange_file placed = {.sector = offset / SECTOR_BYTES};
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (path && file < 0) {
        fail_by_errno(path);
    }
    for (ssize_t count = 1; path && count > 0;) {
        count = read(file, buffer, sizeof buffer);
        if (count < 0) {
            fail_by_errno(path);
        }
        write_at(disk, buffer, (size_t)count, offset + placed.bytes);
        placed.bytes += (uint64_t)count;
    }
    if (path) {
        close(file);
    }
    return placed;
}

static void note_path(char *to, const char *path) {
    if (path && strlen(path) >= PATH_LIMIT) {
        fail(path, "the path is too long");
    }
    strcpy(to, path ? path : "");
}

static void note_arguments(struct exchange_request *request, const struct machine_files *files) {
    size_t used = 0;
    for (int i = 0; i < files->argument_count; i++) {
        size_t bytes = strlen(files->arguments[i]) + 1;
        if (bytes > sizeof request->arguments - used) {
            fail("arguments", "too long");
        }
        memcpy(request->arguments + used, files->arguments[i], bytes);
        used += bytes;
    }
    request->argument_count = (uint32_t)files->argument_count;
}

static uint64_t cylinders(uint64_t bytes) {
    return (bytes + CYLINDER_BYTES - 1) / CYLINDER_BYTES;
}

static uint64_t sector_ceiling(uint64_t bytes) {
    return (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
}

static void set_size(int disk, uint64_t in_cylinders) {
    if (ftruncate(disk, (off_t)(in_cylinders * CYLINDER_BYTES)) != 0) {
        fail_by_errno("a disk");
    }
}

/* As large as it may be where files are limited. */
static uint64_t out_cylinders(void) {
    struct rlimit limit;
    uint64_t bytes = OUT_BYTES;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < bytes) {
        bytes = limit.rlim_cur;
    }
    return bytes / CYLINDER_BYTES;
}

static uint64_t memory_mib(uint64_t input_bytes) {
    uint64_t wanted = LEAST_MEMORY_MIB + MEMORY_PER_INPUT * input_bytes / MIB;
    return wanted < MOST_MEMORY_MIB ? wanted : MOST_MEMORY_MIB;
}

struct geometry images_make(const char *directory, const struct machine_files *files) {
    struct exchange_request request = {.magic = REQUEST_MAGIC};
    int in = open_in(directory, IN_NAME, O_RDWR | O_CREAT | O_TRUNC);
    int out = open_in(directory, OUT_NAME, O_RDWR | O_CREAT | O_TRUNC);
    uint64_t offset = REQUEST_BYTES;
    request.program = copy(in, files->program, offset);
    offset += sector_ceiling(request.program.bytes);
    request.input = copy(in, files->input, offset);
    offset += sector_ceiling(request.input.bytes);
    note_path(request.input_path, files->input);
    note_path(request.output_path, files->output);
    note_arguments(&request, files);
    struct geometry geometry = {
        .in_cylinders = cylinders(offset),
        .out_cylinders = out_cylinders(),
        .memory_mib = memory_mib(request.input.bytes),
    };
    request.memory_bytes = geometry.memory_mib * MIB;
    request.output_sectors = geometry.out_cylinders * HEADS * SECTORS_PER_TRACK;
    write_at(in, &request, sizeof request, 0);
    set_size(in, geometry.in_cylinders);
    set_size(out, geometry.out_cylinders);
    close(in);
    close(out);
    return geometry;
}

/* ---- out ------------------------------------------------------------------------------------------ */

struct stream stream_open(const char *directory, const char *output) {
    struct stream stream = {.disk = open_in(directory, OUT_NAME, O_RDWR), .output = -1};
    if (output) {
        stream.output = open(output, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (stream.output < 0) {
            fail_by_errno(output);
        }
    }
    return stream;
}

bool stream_report(const struct stream *stream, struct exchange_report *report) {
    return pread(stream->disk, report, sizeof *report, 0) == (ssize_t)sizeof *report && report->magic == REPORT_MAGIC &&
           report->again == report->sequence;
}

static void read_exactly(const struct stream *stream, void *to, size_t bytes) {
    off_t offset = (off_t)(SECTOR_BYTES + stream->passed_bytes);
    if (pread(stream->disk, to, bytes, offset) != (ssize_t)bytes) {
        fail("the disk that comes out", "shorter than the report says");
    }
}

static void write_to(const struct stream *stream, const char *from, size_t bytes) {
    int file = stream->channel == PIECE_OUTPUT   ? stream->output
               : stream->channel == PIECE_STDERR ? STDERR_FILENO
                                                 : STDOUT_FILENO;
    while (bytes > 0) {
        ssize_t written = write(file, from, bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0 && stream->channel == PIECE_OUTPUT) {
            fail_by_errno("what the program wrote cannot be kept");
        }
        if (written < 0) {
            return; /* nobody listens */
        }
        from += written;
        bytes -= (size_t)written;
    }
}

/* What was passed on is not needed twice; file systems that cannot give it back keep it. */
static void give_back(const struct stream *stream, uint64_t from) {
    fallocate(stream->disk, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(SECTOR_BYTES + from),
              (off_t)(stream->passed_bytes - from));
}

void stream_pass_on(struct stream *stream, uint64_t up_to_bytes) {
    static char buffer[COPY_BYTES];
    uint64_t before = stream->passed_bytes;
    while (stream->passed_bytes < up_to_bytes) {
        if (stream->left == 0) {
            struct piece_header header;
            read_exactly(stream, &header, sizeof header);
            stream->passed_bytes += sizeof header;
            stream->channel = header.channel;
            stream->left = header.bytes;
            continue;
        }
        uint64_t there = up_to_bytes - stream->passed_bytes;
        uint64_t part = stream->left < there ? stream->left : there;
        part = part < sizeof buffer ? part : sizeof buffer;
        read_exactly(stream, buffer, part);
        write_to(stream, buffer, part);
        stream->passed_bytes += part;
        stream->left -= part;
    }
    if (stream->passed_bytes / CYLINDER_BYTES > before / CYLINDER_BYTES) {
        give_back(stream, before);
    }
}
