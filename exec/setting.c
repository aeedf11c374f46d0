/*
 * One write.
 */
#include "exec/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int setting_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), why;
    ssize_t n;

    if (fd < 0) {
        return -1;
    }
    n = write(fd, text, strlen(text));
    why = errno;
    close(fd);
    errno = why;
    return n < 0 ? -1 : 0;
}
