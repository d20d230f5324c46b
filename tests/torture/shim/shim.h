/*
 * A library that stands in front of the C library's file calls and clock (LD_PRELOAD) and makes them fail as a test says.
 *
 * The test writes rules into a file that is mapped here (environment YUHENG_SHIM): little-endian words, so that a
 * script can write them while the program runs. Beside the rules, with YUHENG_SHIM_UNDO=FILE, every write is noted with
 * the bytes it replaces and every sync with what it covers: after a SIGKILL the test can take back what was never
 * synced, as a power cut does. (That a name itself may be lost until its folder is synced is not imitated.)
 */
#ifndef SHIM_H
#define SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum shim_call { SHIM_OPEN = 1, SHIM_READ = 2, SHIM_WRITE = 4, SHIM_SYNC = 8, SHIM_TRUNCATE = 16 };

enum shim_effect {
    SHIM_NOTHING,
    SHIM_FAIL,  /* -1 with the rule's errno */
    SHIM_SHORT, /* half of the bytes are taken */
    SHIM_DROP,  /* a sync fails, and what was written since the last good one is gone: the pages were dropped */
};

#define SHIM_RULES 16

struct shim_rule { /* 128 bytes */
    uint32_t armed;
    uint32_t calls;  /* enum shim_call, or-ed */
    uint32_t effect;
    uint32_t error;  /* errno */
    uint32_t skip;   /* so many matching calls pass first */
    uint32_t count;  /* then so many are hit; 0: all until disarmed */
    uint32_t permille; /* of those in turn; 0: every one */
    uint32_t seen, hits; /* counted here */
    uint32_t unused[7];
    char path[64];   /* part of the file's path */
};

struct shim_control {
    int64_t clock_ms; /* added to the wall clock */
    uint32_t armed;   /* any rule at all */
    uint32_t seed;
    uint32_t unused[28];
    struct shim_rule rules[SHIM_RULES];
};

/* What the rules say about this call on this open file; sets errno for SHIM_FAIL and SHIM_DROP. */
enum shim_effect shim_judge(int fd, enum shim_call call);
enum shim_effect shim_judge_path(const char *path, enum shim_call call);
int64_t shim_clock_ms(void);

/* Notes for taking back. Around a write or cut: begin notes the old bytes and holds the lock until end. */
void shim_undo_begin(int fd, off_t at, size_t n);
void shim_undo_begin_cut(int fd, off_t size);
void shim_undo_end(void);
uint64_t shim_undo_mark(void);                 /* before a sync */
void shim_undo_synced(int fd, uint64_t mark);  /* after a good one */
void shim_undo_drop(int fd);                   /* takes back at once what this file has unsynced */
void shim_undo_forget(const char *path);       /* the name, and maybe the inode, goes to somebody else */

#endif
