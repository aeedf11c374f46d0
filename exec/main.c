/*
 * berth-exec: the commands that touch this machine. `berth` hands over to it with the command's
 * name as first argument.
 */
#include "exec/command.h"
#include "exec/ended.h"
#include "file/err.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    bool makes_runs;
};

static const struct command commands[] = {
    {"exec", cmd_exec, true},    {"calibrate", cmd_calibrate, true}, {"doctor", cmd_doctor, true},
    {"clean", cmd_clean, false}, {"enter", cmd_enter, false},        {"ended", ended_main, false},
};

/* A closed standard descriptor would be given to the first file that is opened. */
static void open_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd > 2) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

int main(int argc, char **argv)
{
    open_standard_descriptors();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (argc > 1 && strcmp(argv[1], commands[i].name) == 0) {
            if (commands[i].makes_runs) {
                ended_watch();
            }
            return err_flushed(commands[i].run(argc - 1, argv + 1));
        }
    }
    fprintf(stderr, "berth-exec is a part of berth: see berth --help\n");
    return EXIT_INPUT;
}
