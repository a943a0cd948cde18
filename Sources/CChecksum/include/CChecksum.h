// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as iSCSI, ext4 and most logs use it.
//
// `crc` is the result of the bytes before (0 at the start), so a checksum can be continued:
// crc(crc(0, a), b) == crc(0, ab). The empty sequence leaves `crc` as it is.
#ifndef TALLY_CHECKSUM_H
#define TALLY_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// The fastest form this processor has, chosen once before `main`.
uint32_t tally_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The portable form: one table look-up a byte. Always there, so that a test can compare the two.
uint32_t tally_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

/// Asks the processor for the cache line of an address, which may be any. Swift has no word for it.
static inline void tally_prefetch(const void *address) {
    __builtin_prefetch(address);
}

/// Where the first `count` bytes at `wanted` are among `length` bytes at `text`; NULL: nowhere.
const void *tally_find(const void *text, size_t length, const void *wanted, size_t count);

#endif
