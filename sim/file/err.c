/*
 * Filling and printing `struct err`. Knows nothing of who reports what.
 */
#include "file/err.h"

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

bool err_errno(struct err *err, int errnum, const char *format, ...)
{
    va_list args;
    size_t used;

    err->code = EXIT_MACHINE;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errnum));
    return false;
}

int err_report(const struct err *err)
{
    fprintf(stderr, "berth: %s\n", err->text);
    return err->code;
}
