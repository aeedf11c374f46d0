/*
 * What went wrong, for the person who can mend it. Every function that reads a user's text or asks
 * something of the machine takes a `struct err *`, leaves it untouched on success and returns false
 * after filling it. Bugs do not come here: they are asserts.
 */
#ifndef BERTH_FILE_ERR_H
#define BERTH_FILE_ERR_H

#include <stdbool.h>

/* The exit codes of every berth program. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_ANSWER = 1,  /* an answer, check or comparison failed */
    EXIT_INPUT = 2,   /* wrong input or usage */
    EXIT_MACHINE = 3, /* this machine cannot */
    EXIT_BUG = 70,    /* a mistake in berth */
};

struct err {
    enum exit_code code; /* what a program that gives up on this error exits with */
    char text[1024]; /* one line for people, no trailing newline, names the place and the remedy */
};

/* Fills `err` and returns false, so that a failing function can `return err_set(...)`. */
bool err_set(struct err *err, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set() with EXIT_MACHINE, and appends ": " and the meaning of `errnum`. */
bool err_errno(struct err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_errno() for a file that the user named: EXIT_INPUT where another name would do, since this
 * one is missing, a folder, in no folder, or not the user's to touch. */
bool err_file(struct err *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints "berth: " and the error to stderr and returns its exit code. */
int err_report(const struct err *err);

/* What a program returns: `code`, once standard output is written; what never reached its reader is no
 * result, so where that failed it is said, and 0 becomes EXIT_MACHINE. */
int err_flushed(int code);

#endif
