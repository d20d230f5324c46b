/* Whole-file helpers with bounds and durability. Paths are NUL-terminated. */
#ifndef YH_BASE_FILE_H
#define YH_BASE_FILE_H

#include "base/buf.h"

yh_must yh_err yh_file_read(const char *path, yh_buf *out);           /* appends; bounded by out->max */
yh_must yh_err yh_file_read_fd(int fd, const char *name, yh_buf *out); /* to the end of fd */

/* Writes beside, fsyncs, renames, fsyncs the folder: after YH_OK the new content survives a crash. */
yh_must yh_err yh_file_replace(const char *path, yh_str content, unsigned mode);

yh_must yh_err yh_dir_make(const char *path); /* also parents; existing is fine */
yh_must yh_err yh_dir_sync(const char *path);

yh_must yh_err yh_write_full(int fd, const char *name, const void *bytes, size_t n);

/* close(2) for the cleanup attribute; -1 is ignored */
void yh_fd_close(int *fd);
#define yh_fd_auto yh_cleanup(yh_fd_close) int

#endif
