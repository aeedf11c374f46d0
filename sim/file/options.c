/*
 * Parsing and showing option tables.
 */
#include "file/options.h"

#include "core/array.h"
#include "file/err.h"
#include "file/nearest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 28

static void print_row(const struct option_row *row)
{
    int width = row->letter ? printf("  -%c, ", row->letter) : printf("      ");

    width += printf("--%s", row->name);
    if (row->argument)
        width += printf(" %s", row->argument);
    if (width >= HELP_COLUMN - 1) {
        printf("\n");
        width = 0;
    }
    printf("%*s%s\n", HELP_COLUMN - width, "", row->help);
}

static void print_help(const struct options *options)
{
    static const struct option_row help = {.name = "help", .letter = 'h', .help = "this text"};

    printf("Examples:\n%s\nUsage: berth %s %s\n\n%s\n\nOptions:\n", options->examples,
           options->command, options->usage, options->about);
    for (int i = 0; i < options->n_rows; i++)
        print_row(&options->rows[i]);
    print_row(&help);
}

static bool wrong(const struct options *options, int *exit_code, const char *what, const char *word)
{
    fprintf(stderr, "berth %s: %s%s%s%s (see berth %s --help)\n", options->command, what,
            word ? " \"" : "", word ? word : "", word ? "\"" : "", options->command);
    *exit_code = EXIT_INPUT;
    return false;
}

static bool unknown(const struct options *options, int *exit_code, const char *word, size_t length)
{
    const char *names[64];
    char *option = strndup(word, length), *name = option + 2;
    const char *nearest;

    assert(option != NULL && options->n_rows < 63);
    for (int i = 0; i < options->n_rows; i++)
        names[i] = options->rows[i].name;
    names[options->n_rows] = "help";
    nearest = nearest_name(name, names, options->n_rows + 1);
    if (nearest)
        fprintf(stderr, "berth %s: unknown option \"--%s\"; did you mean --%s?\n", options->command,
                name, nearest);
    else
        wrong(options, exit_code, "unknown option", option);
    free(option);
    *exit_code = EXIT_INPUT;
    return false;
}

static bool take_number(const struct options *options, const struct option_row *row,
                        const char *text, int *exit_code)
{
    long long number, most = row->kind == OPTION_COUNT ? INT32_MAX : INT64_MAX;
    char *end, limit[32] = "on";

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end != text && !*end && !errno && number >= row->least && number <= most) {
        *(int64_t *)row->value = number;
        return true;
    }
    if (number > most || errno)
        snprintf(limit, sizeof limit, "to %lld", most);
    fprintf(stderr, "berth %s: --%s takes a whole number from %lld %s, not \"%s\"\n",
            options->command, row->name, (long long)row->least, limit, text);
    *exit_code = EXIT_INPUT;
    return false;
}

static bool take_choice(const struct options *options, const struct option_row *row,
                        const char *text, int *exit_code)
{
    const char *nearest;

    for (int i = 0; row->choices[i]; i++)
        if (strcmp(row->choices[i], text) == 0) {
            *(int *)row->value = i;
            return true;
        }
    fprintf(stderr, "berth %s: --%s takes one of", options->command, row->name);
    for (int i = 0; row->choices[i]; i++)
        fprintf(stderr, "%s %s", i ? "," : "", row->choices[i]);
    nearest = nearest_of(text, row->choices);
    fprintf(stderr, ", not \"%s\"", text);
    fprintf(stderr, nearest ? "; did you mean %s?\n" : "%s\n", nearest ? nearest : "");
    *exit_code = EXIT_INPUT;
    return false;
}

static bool take(const struct options *options, const struct option_row *row, const char *text,
                 int *exit_code)
{
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->value = true;
        return true;
    case OPTION_TEXT:
        *(const char **)row->value = text;
        return true;
    case OPTION_NUMBER:
    case OPTION_COUNT:
        return take_number(options, row, text, exit_code);
    case OPTION_CHOICE:
        return take_choice(options, row, text, exit_code);
    case OPTION_TEXTS: {
        struct option_texts *list = row->value;

        *ARRAY_ADD(list, texts) = text;
        return true;
    }
    }
    return false;
}

static const struct option_row *find(const struct options *options, const char *arg,
                                     const char **value)
{
    for (int i = 0; i < options->n_rows; i++) {
        const struct option_row *row = &options->rows[i];
        size_t length = strlen(row->name);

        if (arg[1] == '-' && strncmp(arg + 2, row->name, length) == 0 &&
            (arg[2 + length] == '=' || !arg[2 + length])) {
            *value = arg[2 + length] ? arg + 2 + length + 1 : NULL;
            return row;
        }
        if (row->letter && arg[1] == row->letter) {
            *value = arg[2] ? arg + 2 : NULL;
            return row;
        }
    }
    return NULL;
}

/* One option at argv[*i]; steps over its value. */
static bool parse_option(const struct options *options, int argc, char **argv, int *i,
                         int *exit_code)
{
    const char *arg = argv[*i];
    const char *value = NULL;
    const struct option_row *row;

    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        print_help(options);
        *exit_code = EXIT_FINE;
        return false;
    }
    row = find(options, arg, &value);
    if (!row && arg[1] == '-')
        return unknown(options, exit_code, arg, strcspn(arg, "="));
    if (!row)
        return wrong(options, exit_code, "unknown option", arg);
    if (row->kind == OPTION_FLAG && value)
        return wrong(options, exit_code, "this option takes no value:", arg);
    if (row->kind != OPTION_FLAG && !value) {
        if (*i + 1 == argc)
            return wrong(options, exit_code, "a value is missing after", arg);
        value = argv[++*i];
    }
    return take(options, row, value, exit_code);
}

bool options_parse(const struct options *options, int argc, char **argv, int *n_operands,
                   int *exit_code)
{
    bool only_operands = false;
    int n = 0;

    for (int i = 1; i < argc; i++) {
        if (only_operands || argv[i][0] != '-' || !argv[i][1])
            argv[n++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (!parse_option(options, argc, argv, &i, exit_code))
            return false;
    }
    *n_operands = n;
    if (n < options->operands_min) {
        fprintf(stderr, "berth %s: something is missing; usage: berth %s %s\n", options->command,
                options->command, options->usage);
        *exit_code = EXIT_INPUT;
        return false;
    }
    if (options->operands_max >= 0 && n > options->operands_max)
        return wrong(options, exit_code, "one too many:", argv[options->operands_max]);
    return true;
}
