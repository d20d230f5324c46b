#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int least_level = YH_LOG_INFO;

void yh_log_set_level(yh_log_level least)
{
    atomic_store(&least_level, (int)least);
}

void yh_log(yh_log_level level, const char *area, const char *fmt, ...)
{
    static const char *const words[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    if ((int)level < atomic_load(&least_level))
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    yh_buf_auto line = yh_buf_make(2048);
    yh_time_rfc3339(yh_clock_now(), YH_CST, &line);
    yh_buf_printf(&line, " %s %s: %s\n", words[level], area, text);
    if (write(STDERR_FILENO, line.p, line.n) < 0)
        return; /* nowhere left to say it */
}
