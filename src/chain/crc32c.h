/* CRC-32C (Castagnoli), the guard of stored records: finds torn and damaged bytes; proof is the hash's business. */
#ifndef YH_CHAIN_CRC32C_H
#define YH_CHAIN_CRC32C_H

#include "base/yh.h"

/* Start with 0 and feed the result back in to continue. */
uint32_t chain_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
