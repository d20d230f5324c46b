/*
 * Hash with a key that this process drew at its first use and tells nobody: input from outside cannot be chosen so that it
 * collides. Differs from run to run, so it is for memory only; yh_hash32() is the one that may be stored. Any thread.
 */
#ifndef YH_BASE_HASH_H
#define YH_BASE_HASH_H

#include "base/str.h"

uint64_t yh_hash_secret(yh_str s);

#endif
