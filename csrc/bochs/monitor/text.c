/* What the compiler expects to find: it makes calls of these out of loops and assignments. */
#include "text.h"

void *memcpy(void *to, const void *from, size_t bytes) {
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
    return start;
}

void *memset(void *to, int byte, size_t bytes) {
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(byte) : "memory");
    return start;
}

size_t text_length(const char *text) {
    size_t bytes = 0;
    while (text[bytes]) {
        bytes++;
    }
    return bytes;
}

bool text_equal(const char *a, const char *b) {
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void text_add(char *text, size_t limit, const char *more) {
    size_t used = text_length(text);
    while (*more && used + 1 < limit) {
        text[used++] = *more++;
    }
    text[used] = 0;
}

void text_add_hex(char *text, size_t limit, uint64_t value) {
    char digits[] = "0x0000000000000000";
    for (size_t i = sizeof digits - 2; i > 1; i--, value >>= 4) {
        digits[i] = "0123456789abcdef"[value & 15];
    }
    text_add(text, limit, digits);
}
