/*
 * See qmp.h. qemu sends one JSON object a line; of an answer only its first member counts here.
 */
#include "exec/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PATIENCE_MS 10000

/* Moves the next line into `line`. */
static bool read_line(struct qmp *qmp, char *line, int size, struct err *err)
{
    struct pollfd wait = {.fd = qmp->fd, .events = POLLIN};
    char *end;

    while (!(end = memchr(qmp->text, '\n', (size_t)qmp->length))) {
        ssize_t n;

        if (qmp->length == (int)sizeof qmp->text || poll(&wait, 1, PATIENCE_MS) <= 0) {
            return err_set(err, EXIT_MACHINE, "qemu does not answer");
        }
        n = recv(qmp->fd, qmp->text + qmp->length, sizeof qmp->text - (size_t)qmp->length, 0);
        if (n <= 0) {
            return err_set(err, EXIT_MACHINE, "qemu has ended");
        }
        qmp->length += (int)n;
    }
    snprintf(line, (size_t)size, "%.*s", (int)(end - qmp->text), qmp->text);
    qmp->length -= (int)(end + 1 - qmp->text);
    memmove(qmp->text, end + 1, (size_t)qmp->length);
    return true;
}

bool qmp_open(struct qmp *qmp, int fd, struct err *err)
{
    char line[4096];

    *qmp = (struct qmp){.fd = fd};
    return read_line(qmp, line, sizeof line, err) &&
           (strstr(line, "\"QMP\"") || err_set(err, EXIT_MACHINE, "qemu says %.80s", line)) &&
           qmp_execute(qmp, "qmp_capabilities", NULL, NULL, 0, err);
}

bool qmp_execute(struct qmp *qmp, const char *command, const char *arguments, char *answer,
                 int answer_size, struct err *err)
{
    char line[8192];
    int n = snprintf(line, sizeof line, "{\"execute\": \"%s\"%s%s}\n", command,
                     arguments ? ", \"arguments\": " : "", arguments ? arguments : "");

    if (n >= (int)sizeof line || send(qmp->fd, line, (size_t)n, MSG_NOSIGNAL) != n) {
        return err_set(err, EXIT_MACHINE, "qemu has ended");
    }
    while (read_line(qmp, line, sizeof line, err)) {
        if (strncmp(line, "{\"return\"", 9) == 0) {
            if (answer) {
                snprintf(answer, (size_t)answer_size, "%s", line);
            }
            return true;
        }
        if (strncmp(line, "{\"error\"", 8) == 0) {
            return err_set(err, EXIT_MACHINE, "qemu refuses %s: %.200s", command, line);
        }
    }
    return false;
}
