/* Actions of `yuheng log` that show or move what is stored. */
#ifndef YH_APP_CMD_LOG_H
#define YH_APP_CMD_LOG_H

int cmd_log_list(int argc, char **argv);
int cmd_log_copy(int argc, char **argv);
int cmd_log_growth(int argc, char **argv);

#endif
