/*
 * `berth COMMAND`: a table. What needs root or a display is another program, found beside this one,
 * so that simulating needs neither libcgroup nor SDL.
 */
#include "command.h"
#include "file/err.h"
#include "file/nearest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct program {
    const char *name;
    const char *folder;   /* in a build folder, beside this program's own */
    const char *packages; /* what building it needs on Debian and Ubuntu */
};

static const struct program executor = {
    "berth-exec", "exec", "libcgroup-dev libseccomp-dev libcap-dev libarchive-dev libssl-dev"};
static const struct program viewer = {"berth-view", "viz",
                                      "libsdl2-dev libsdl2-ttf-dev libpng-dev libsmartcols-dev"};
static const struct program plotter = {"berth-plot", "viz",
                                       "libsdl2-dev libsdl2-ttf-dev libpng-dev libsmartcols-dev"};

struct command {
    const char *name;
    const char *about;
    int (*run)(int argc, char **argv); /* or NULL: `program` does it */
    const struct program *program;
};

static const struct command commands[] = {
    {"new", "write a scenario to start from", cmd_new, NULL},
    {"validate", "check scenarios and ECS task definitions", cmd_validate, NULL},
    {"sim", "simulate a scenario and show what happens", cmd_sim, NULL},
    {"sweep", "many simulations at once, and a table of what came of them", cmd_sweep, NULL},
    {"tournament", "placement strategies against each other in the same worlds", cmd_tournament,
     NULL},
    {"exec", "run it for real, as containers on this machine", NULL, &executor},
    {"calibrate", "measure what starts and stops cost on this machine", NULL, &executor},
    {"predict", "simulate with this machine's costs, run for real, and compare", cmd_predict, NULL},
    {"check", "judge a scenario or a lab by running it again", cmd_check, NULL},
    {"explain", "why a task is where it is, or why it waits", cmd_explain, NULL},
    {"export", "a run for Perfetto or a spreadsheet", cmd_export, NULL},
    {"logs", "what the containers of a real run printed", cmd_logs, NULL},
    {"replay", "re-run every machine of a log: identical, or the first difference", cmd_replay,
     NULL},
    {"compare", "two runs side by side", NULL, &plotter},
    {"plot", "pictures of runs: over time, by phase, as distributions", NULL, &plotter},
    {"report", "one HTML page about runs", NULL, &plotter},
    {"view", "watch a run, or two in step", NULL, &viewer},
    {"doctor", "what this machine allows, and how to mend the rest", NULL, &executor},
    {"enter", "run a command inside the network of a run that goes on", NULL, &executor},
    {"clean", "remove what a dead run has left behind", NULL, &executor},
};

#define N_COMMANDS ((int)(sizeof commands / sizeof commands[0]))

static void print_help(void)
{
    printf("Examples:\n"
           "  berth sim scenarios/first.json          simulate: takes milliseconds\n"
           "  berth exec scenarios/first.json         the same file, for real\n"
           "  berth explain first.run --task t7       why is t7 where it is?\n"
           "  berth sim web.json --count 10 --instances 4xm5.large\n"
           "                                          a bare ECS task definition\n"
           "\nUsage: berth COMMAND [OPTION]... (berth COMMAND --help says more)\n\nCommands:\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-11s %s\n", commands[i].name, commands[i].about);
    printf(
        "\nExit codes: 0 fine; 1 an answer, check or comparison failed; 2 wrong input or usage;\n"
        "3 this machine cannot; 70 a bug in berth.\n");
}

/* Replaces this process by the program where it is in that folder; else returns. */
static void try_program(const char *folder, const struct program *program, char **argv)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", folder, program->name) < (int)sizeof path)
        execv(path, argv);
}

/* The program gets the command as its first argument: `berth-exec doctor ...`. */
static int hand_over(const struct program *program, int argc, char **argv)
{
    char here[PATH_MAX], folder[PATH_MAX + 16];
    char **args = calloc((size_t)argc + 2, sizeof *args);
    ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    struct err err;

    if (!args || length < 0) {
        err_errno(&err, errno, "cannot find %s", program->name);
        free(args);
        return err_report(&err);
    }
    here[length] = '\0';
    *strrchr(here, '/') = '\0';
    args[0] = (char *)program->name;
    memcpy(args + 1, argv, (size_t)argc * sizeof *args);
    try_program(here, program, args);
    snprintf(folder, sizeof folder, "%s/../%s", here, program->folder);
    try_program(folder, program, args);
    try_program(BERTH_LIBEXECDIR, program, args);
    free(args);
    err_set(&err, EXIT_MACHINE,
            "`berth %s` needs the program %s, which is not beside %s: install the packages %s and "
            "run ./start (or meson setup and ninja) again",
            argv[0], program->name, here, program->packages);
    return err_report(&err);
}

static int unknown_command(const char *word)
{
    static const char *const options[] = {"--help", "--version", NULL};
    const char *names[N_COMMANDS];
    const char *nearest;

    if (word[0] == '-') {
        nearest = nearest_of(word, options);
        fprintf(stderr, "berth: unknown option \"%s\"; did you mean %s?\n", word,
                nearest ? nearest : "berth COMMAND, or berth --help");
        return EXIT_INPUT;
    }
    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    nearest = nearest_name(word, names, N_COMMANDS);
    fprintf(stderr, "berth: unknown command \"%s\"", word);
    if (nearest)
        fprintf(stderr, "; did you mean berth %s?\n", nearest);
    else if (strchr(word, '.'))
        fprintf(stderr, "; to simulate a file: berth sim %s\n", word);
    else
        fprintf(stderr, " (see berth --help)\n");
    return EXIT_INPUT;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return err_flushed(EXIT_INPUT);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return err_flushed(EXIT_FINE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("berth %s\n", BERTH_VERSION);
        return err_flushed(EXIT_FINE);
    }
    for (int i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, argv[1]) != 0)
            continue;
        if (commands[i].program)
            return hand_over(commands[i].program, argc - 1, argv + 1);
        return err_flushed(commands[i].run(argc - 1, argv + 1));
    }
    return unknown_command(argv[1]);
}
