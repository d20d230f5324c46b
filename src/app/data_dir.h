/* Where things lie in a data directory. */
#ifndef YH_APP_DATA_DIR_H
#define YH_APP_DATA_DIR_H

#include "base/err.h"

#define DATA_PATH_MAX 4096

struct data_paths {
    char log[DATA_PATH_MAX];      /* DIR/log: the evidence log */
    char business[DATA_PATH_MAX]; /* DIR/yuheng.db */
    char series[DATA_PATH_MAX];   /* DIR/series.db */
    char demo[DATA_PATH_MAX];     /* DIR/demo: exists when the directory holds the demonstration */
};

yh_must yh_err data_dir_paths(const char *dir, struct data_paths *ret);   /* only the names */
yh_must yh_err data_dir_prepare(const char *dir, struct data_paths *ret); /* makes the folder */
yh_must yh_err data_dir_existing(const char *dir, struct data_paths *ret); /* YH_E_NOT_FOUND when DIR holds no data */
bool data_dir_is_demo(const struct data_paths *p);

#endif
