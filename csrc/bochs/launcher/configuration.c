/* See configuration.h. */
#include "configuration.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../monitor/clock.h"
#include "launcher.h"

#define VGA_ROM_NAME "vga.rom"
#define VGA_ROM_BYTES 2048 /* Bochs does not start without one */
#define MEMORY_BLOCK_KIB 8192
#define LINE_LIMIT 1024

static FILE *open_in(const char *directory, const char *name, const char *mode) {
    char path[PATH_LIMIT];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return fopen(path, mode);
}

static bool is_sound(const char *cpu) {
    for (; *cpu; cpu++) {
        if (!isalnum((unsigned char)*cpu) && !strchr("_,-.", *cpu)) {
            return false;
        }
    }
    return true;
}

/* MODEL,-A,-B: Bochs takes the features to leave out as one list. */
static void write_cpu(FILE *to, const char *cpu) {
    size_t model = strcspn(cpu, ",");
    fprintf(to, "cpu: model=%.*s, count=1, ips=%llu, reset_on_triple_fault=0", (int)model, cpu,
            (unsigned long long)INSTRUCTIONS_PER_SECOND);
    const char *separator = ", exclude_features=\"";
    for (const char *at = cpu + model; *at == ',';) {
        at += at[1] == '-' ? 2 : 1;
        size_t name = strcspn(at, ",");
        fprintf(to, "%s%.*s", separator, (int)name, at);
        separator = " ";
        at += name;
    }
    fprintf(to, "%s\n", cpu[model] ? "\"" : "");
}

static void write_disk(FILE *to, int channel, unsigned port, const char *name, unsigned long long cylinders) {
    fprintf(to, "ata%d: enabled=1, ioaddr1=%#x, ioaddr2=%#x, irq=%d\n", channel, port, port + 0x200, 14 + channel);
    fprintf(to, "ata%d-master: type=disk, path=%s, mode=flat, cylinders=%llu, heads=%d, spt=%d\n", channel, name,
            cylinders, HEADS, SECTORS_PER_TRACK);
}

static void write_vga_rom(const char *directory) {
    static const char zeroes[VGA_ROM_BYTES];
    FILE *rom = open_in(directory, VGA_ROM_NAME, "w");
    if (!rom || fwrite(zeroes, sizeof zeroes, 1, rom) != 1 || fclose(rom) != 0) {
        fail_by_errno("the ROM of the display");
    }
}

void configuration_write(const char *directory, const char *rom, const char *cpu, const struct geometry *geometry) {
    char *whole = realpath(rom, NULL);
    if (!whole) {
        fail_by_errno(rom);
    }
    if (!is_sound(cpu)) {
        fail(cpu, "not a CPU model");
    }
    write_vga_rom(directory);
    FILE *to = open_in(directory, CONFIGURATION_NAME, "w");
    if (!to) {
        fail_by_errno(CONFIGURATION_NAME);
    }
    fprintf(to, "config_interface: textconfig\ndisplay_library: term\n");
    write_cpu(to, cpu);
    /* Bochs's start takes time that grows with the square of the number of blocks. */
    fprintf(to, "memory: guest=%llu, host=%llu, block_size=%d\n", (unsigned long long)geometry->memory_mib,
            (unsigned long long)geometry->memory_mib, MEMORY_BLOCK_KIB);
    fprintf(to, "romimage: file=\"%s\", address=0xffff0000\nvgaromimage: file=%s\n", whole, VGA_ROM_NAME);
    write_disk(to, 0, 0x1f0, IN_NAME, geometry->in_cylinders);
    write_disk(to, 1, 0x170, OUT_NAME, geometry->out_cylinders);
    fprintf(to, "clock: sync=none, time0=0\n"); /* time is instructions: every run is the same run */
    fprintf(to, "log: %s\npanic: action=fatal\nerror: action=report\ninfo: action=report\ndebug: action=ignore\n",
            LOG_NAME);
    if (fclose(to) != 0) {
        fail_by_errno(CONFIGURATION_NAME);
    }
    free(whole);
}

void configuration_version(const char *directory, char *version, size_t limit) {
    char line[LINE_LIMIT];
    FILE *log = open_in(directory, LOG_NAME, "r");
    snprintf(version, limit, "unknown");
    while (log && fgets(line, sizeof line, log)) {
        const char *at = strstr(line, "Bochs x86 Emulator ");
        if (at) {
            at += strlen("Bochs x86 Emulator ");
            snprintf(version, limit, "%.*s", (int)strcspn(at, " \n"), at);
            break;
        }
    }
    if (log) {
        fclose(log);
    }
}

static void find_last(FILE *in, const char *sign, char *words, size_t limit) {
    char line[LINE_LIMIT];
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        const char *at = strstr(line, sign);
        if (at && at[strlen(sign)]) {
            snprintf(words, limit, "%s", at + strlen(sign));
        }
    }
    if (in) {
        fclose(in);
    }
}

void configuration_last_words(const char *directory, char *words, size_t limit) {
    snprintf(words, limit, "Bochs ended without a word");
    find_last(open_in(directory, SAID_NAME, "r"), "", words, limit);
    find_last(open_in(directory, SAID_NAME, "r"), "[      ] ", words, limit); /* about its configuration */
    find_last(open_in(directory, LOG_NAME, "r"), ">>PANIC<< ", words, limit);
}

/* It holds files only. */
void configuration_remove(const char *directory) {
    char path[2 * PATH_LIMIT];
    DIR *open = opendir(directory);
    for (struct dirent *entry; open && (entry = readdir(open));) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        unlink(path);
    }
    if (open) {
        closedir(open);
    }
    rmdir(directory);
}
