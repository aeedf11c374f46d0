/*
 * What a container executes: Docker's rules of how an image's configuration and a task definition's
 * become one command line, and berth-work's options where it stands in. It must never start
 * anything.
 */
#ifndef BERTH_EXEC_COMMAND_LINE_H
#define BERTH_EXEC_COMMAND_LINE_H

#include "exec/image.h"
#include "exec/protocol.h"

/* Ready for struct container_spec. The lists are owned, what they point to belongs to plan and
 * image, but for the texts in `made`. */
struct command_line {
    const char **layers; /* lowest first, NULL-ended, likewise below */
    const char **argv;
    const char **env;
    const char *cwd; /* or NULL, likewise user */
    const char *user;
    char **made; /* owned texts, NULL-ended */
};

/* `work_layer`: folder with /berth-work, laid over an image whose program berth-work replaces. An
 * entryPoint of the definition drops the image's command (Docker: ENTRYPOINT at run time); its
 * environment wins over the image's. A stand-in has no users but its own, so it takes no user. */
void command_line_make(struct command_line *line, const struct plan_container *plan,
                       const struct image *image, const char *work_layer,
                       const struct duty_container *duty);
void command_line_finish(struct command_line *line);

/* What a health check executes: NULL-ended, to be freed; its texts are the plan's. NULL: no check. */
const char **command_line_probe(const struct plan_container *plan);

/* The program that the check cannot do without, to be freed: the first word of a line for the shell,
 * but for those that a shell does itself (then NULL), else the program. */
char *command_line_probe_needs(const struct plan_container *plan);

#endif
