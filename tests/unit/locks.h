/* Locks of SQLite, as another process sees them. */
#ifndef TESTS_UNIT_LOCKS_H
#define TESTS_UNIT_LOCKS_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

/* In another process: is the shared lock of a WAL connection held on this file? */
static inline bool locked_for_others(const char *path)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
        int fd = open(path, O_RDWR);
        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
}

#endif
