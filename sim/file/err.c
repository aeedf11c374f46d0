/*
 * Filling and printing `struct err`. Knows nothing of who reports what.
 */
#include "file/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum exit_code code, const char *format, ...)
{
    va_list args;

    err->code = code;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

static void fill(struct err *err, enum exit_code code, int errnum, const char *format, va_list args)
{
    size_t used;

    err->code = code;
    vsnprintf(err->text, sizeof err->text, format, args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errnum));
}

bool err_errno(struct err *err, int errnum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, EXIT_MACHINE, errnum, format, args);
    va_end(args);
    return false;
}

static enum exit_code file_code(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
    case ENAMETOOLONG:
        return EXIT_INPUT;
    default:
        return EXIT_MACHINE;
    }
}

bool err_file(struct err *err, int errnum, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, file_code(errnum), errnum, format, args);
    va_end(args);
    return false;
}

int err_report(const struct err *err)
{
    fprintf(stderr, "berth: %s\n", err->text);
    return err->code;
}

int err_flushed(int code)
{
    struct err err;

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    err_errno(&err, errno, "cannot write to standard output");
    err_report(&err);
    return code == EXIT_FINE ? EXIT_MACHINE : code;
}
