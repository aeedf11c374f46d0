/*
 * The program behind `berth compare`, `berth plot` and `berth report`: the command is its first argument.
 */
#include "viz/command.h"

#include "file/err.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {{"compare", cmd_compare}, {"plot", cmd_plot}, {"report", cmd_report}};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return err_flushed(commands[i].run(argc - 1, argv + 1));
    }
    fprintf(stderr, "berth-plot: this is a part of berth: berth compare, plot, report\n");
    return EXIT_INPUT;
}
