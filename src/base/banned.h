/*
 * Calls that have no bound, hidden state or a trap in them do not compile here.
 * The message names what to use instead.
 */
#ifndef YH_BASE_BANNED_H
#define YH_BASE_BANNED_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#define strcpy(...) yh_banned_strcpy_use_yh_buf
#undef strcat
#define strcat(...) yh_banned_strcat_use_yh_buf
#undef strncpy
#define strncpy(...) yh_banned_strncpy_use_yh_buf
#undef strncat
#define strncat(...) yh_banned_strncat_use_yh_buf
#undef sprintf
#define sprintf(...) yh_banned_sprintf_use_snprintf
#undef vsprintf
#define vsprintf(...) yh_banned_vsprintf_use_vsnprintf
#undef strtok
#define strtok(...) yh_banned_strtok_use_yh_str_split
#undef atoi
#define atoi(...) yh_banned_atoi_use_yh_str_to_i64
#undef atol
#define atol(...) yh_banned_atol_use_yh_str_to_i64
#undef atof
#define atof(...) yh_banned_atof_use_yh_dec_parse
#undef gets
#define gets(...) yh_banned_gets
#undef system
#define system(...) yh_banned_system_no_shell_is_ever_called
#undef popen
#define popen(...) yh_banned_popen_no_shell_is_ever_called
#undef localtime
#define localtime(...) yh_banned_localtime_use_yh_time
#undef gmtime
#define gmtime(...) yh_banned_gmtime_use_yh_time
#undef ctime
#define ctime(...) yh_banned_ctime_use_yh_time
#undef alloca
#define alloca(...) yh_banned_alloca_use_yh_arena

#endif
