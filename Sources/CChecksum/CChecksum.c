// For memmem.
#define _GNU_SOURCE

#include "CChecksum.h"

#include <string.h>

const void *tally_find(const void *text, size_t length, const void *wanted, size_t count) {
    return memmem(text, length, wanted, count);
}

static uint32_t table[256];

uint32_t tally_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    for (; count > 0; count--) {
        crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xFF];
    }
    return ~crc;
}

#if defined(__x86_64__)

// Eight bytes an instruction. Compiled for SSE4.2 alone, so the rest of the program isn't.
__attribute__((target("sse4.2")))
static uint32_t crc32c_sse42(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t wide = (uint32_t)~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    if (count >= 4) {
        uint32_t word;
        memcpy(&word, next, 4);
        narrow = __builtin_ia32_crc32si(narrow, word);
        count -= 4;
        next += 4;
    }
    for (; count > 0; count--) {
        narrow = __builtin_ia32_crc32qi(narrow, *next++);
    }
    return ~narrow;
}

static int has_sse42(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2");
}

#endif

static uint32_t (*chosen)(uint32_t, const void *, size_t) = tally_crc32c_portable;

// Runs before `main`, on one thread: nobody can see the table or the choice half made.
__attribute__((constructor))
static void choose(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0);
        }
        table[byte] = crc;
    }
#if defined(__x86_64__)
    if (has_sse42()) {
        chosen = crc32c_sse42;
    }
#endif
}

uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return chosen(crc, bytes, count);
}
