/*
 * For commands that read a data directory beside a running server: the series as stored, plus what the evidence log
 * holds beyond it, derived into the private memory of a read-only series.
 */
#ifndef YH_APP_CATCH_UP_H
#define YH_APP_CATCH_UP_H

#include "series/series.h"

yh_must yh_err catch_up(const char *data_dir, struct series *s);

#endif
