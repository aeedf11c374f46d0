/*
 * The few things that are said to qemu itself: QMP, one command after the other. It must never know
 * why they are said.
 */
#ifndef BERTH_EXEC_QMP_H
#define BERTH_EXEC_QMP_H

#include "file/err.h"

#include <stdbool.h>

struct qmp {
    int fd;           /* borrowed, blocking */
    char text[65536]; /* what was read and not yet used */
    int length;
};

/* Reads the greeting and enters command mode. */
bool qmp_open(struct qmp *qmp, int fd, struct err *err);

/* Executes one command; `arguments` is a JSON object or NULL. The answer (the line that holds it) is
 * copied where `answer` is not NULL. Events are passed over. At most ten seconds. */
bool qmp_execute(struct qmp *qmp, const char *command, const char *arguments, char *answer,
                 int answer_size, struct err *err);

#endif
