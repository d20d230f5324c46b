/*
 * What a simulation is told to do: who takes part, what goes wrong and when, which commands are refused. Read from a small
 * JSON file (docs/guide/sim.md). Pure.
 */
#ifndef YH_APP_SIM_SCRIPT_H
#define YH_APP_SIM_SCRIPT_H

#include "app/sim_damage.h"
#include "app/sim_station.h"

#define SIM_GROUPS_MAX  64
#define SIM_FAULTS_MAX  128
#define SIM_REPLIES_MAX 64
#define SIM_CHOICE_MAX  64
#define SIM_OUTLETS_MAX 20000

/* Which outlets: all when empty. */
struct sim_choice {
    uint32_t number[SIM_CHOICE_MAX];
    size_t n;
};

typedef enum sim_fault_kind {
    SIM_FAULT_CONSTANT, SIM_FAULT_DRIFT, SIM_FAULT_SCALE, SIM_FAULT_FLAG, /* of the measurement */
    SIM_FAULT_GAP,     /* nothing is measured */
    SIM_FAULT_LATE,    /* nothing is sent; everything comes at the end */
    SIM_FAULT_OFFLINE, /* no line; periods are back-filled afterwards */
    SIM_FAULT_CLOCK,   /* the logger's clock falls to a time, or moves */
    SIM_FAULT_STORM,   /* hangs up and dials again, over and over */
    SIM_FAULT_FRAME,   /* damaged frames */
    SIM_FAULT_JUNK, SIM_FAULT_TRICKLE, SIM_FAULT_REPEAT,
    SIM_FAULT_COUNT
} sim_fault_kind;

struct sim_fault {
    sim_fault_kind kind;
    struct sim_choice outlets;
    yh_time from, to;
    char factor[16];      /* 2017 code; empty: all */
    bool has_value;
    yh_dec value;
    int permille;
    char flag;
    sim_damage damage;
    unsigned nth;         /* FRAME, REPEAT: every nth frame */
    yh_time every;        /* STORM, JUNK */
    yh_time clock, shift; /* CLOCK: the time it falls to, or YH_TIME_NONE and how far it moves */
};

/* How a command goes wrong. */
typedef enum sim_reply {
    SIM_REPLY_DONE,
    SIM_REPLY_SILENT,   /* no answer at all */
    SIM_REPLY_REFUSE,   /* QnRtn 2 */
    SIM_REPLY_HANG,     /* accepted, then no result */
    SIM_REPLY_FAIL,     /* ExeRtn 2 */
    SIM_REPLY_CONDITION, SIM_REPLY_TIMEOUT, SIM_REPLY_BUSY, SIM_REPLY_BROKEN, /* ExeRtn 3, 4, 5, 6 */
    SIM_REPLY_NO_DATA,  /* ExeRtn 100 */
    SIM_REPLY_COUNT
} sim_reply;

struct sim_reply_row {
    char cn[5]; /* empty: every command */
    struct sim_choice outlets;
    sim_reply reply;
};

struct sim_script {
    bool has_seed;
    uint64_t seed;
    struct sim_group groups[SIM_GROUPS_MAX];
    size_t group_count;
    struct sim_fault faults[SIM_FAULTS_MAX];
    size_t fault_count;
    struct sim_reply_row replies[SIM_REPLIES_MAX];
    size_t reply_count;
};

/* Times in the script count from `start`. INVALID names the entry and what is wrong with it. */
yh_must yh_err sim_script_read(yh_str json, yh_time start, struct sim_script *ret);

/* Outlets the groups name in all, and the group of one of them (the mix behind the last). */
size_t sim_script_outlets(const struct sim_script *s);
struct sim_group sim_script_group(const struct sim_script *s, size_t number, unsigned factors);

bool sim_chosen(const struct sim_choice *c, size_t number);
bool sim_fault_holds(const struct sim_fault *f, size_t number, yh_time now);
const struct sim_fault *sim_script_fault(const struct sim_script *s, size_t number, sim_fault_kind kind, yh_time t); /* or NULL */
sim_reply sim_script_reply(const struct sim_script *s, size_t number, yh_str cn);

/* The bends of one factor of one outlet, in the order of the script. */
size_t sim_script_bends(const struct sim_script *s, size_t number, const char *factor, size_t max, struct sim_bend *ret);

/* The letter a value carries at that time; 'N' without a fault. */
char sim_script_flag(const struct sim_script *s, size_t number, const char *factor, yh_time t);

#endif
