/* One function per command; each returns the process's exit status (see contracts: 0, 1, 2). */
#ifndef YH_APP_CMD_H
#define YH_APP_CMD_H

int cmd_serve(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_log(int argc, char **argv);     /* verify | export */
int cmd_series(int argc, char **argv);
int cmd_rebuild(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_bench(int argc, char **argv);   /* decode | ingest | store | http */
int cmd_config(int argc, char **argv);

#endif
