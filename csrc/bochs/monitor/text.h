/* Bytes and strings. */
#ifndef HARNESS_BOCHS_TEXT_H
#define HARNESS_BOCHS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
void text_add(char *text, size_t limit, const char *more); /* what does not fit is left out */
void text_add_hex(char *text, size_t limit, uint64_t value);

#endif
