/*
 * The option parser: every spelling, every mistake, by table.
 */
#include "file/options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const colours[] = {"red", "green", NULL};

static struct {
    bool loud;
    const char *out;
    int64_t n, times;
    int colour;
    struct option_texts sets;
} got;

static const struct option_row rows[] = {
    {"loud", 'l', OPTION_FLAG, &got.loud, NULL, "be loud", 0, NULL},
    {"output", 'o', OPTION_TEXT, &got.out, "FILE", "where to", 0, NULL},
    {"number", 'n', OPTION_NUMBER, &got.n, "N", "how many", 1, NULL},
    {"times", 0, OPTION_COUNT, &got.times, "N", "how often", 1, NULL},
    {"colour", 0, OPTION_CHOICE, &got.colour, "C", "which", 0, colours},
    {"set", 0, OPTION_TEXTS, &got.sets, "X", "any", 0, NULL},
};

static const struct options options = {
    .command = "try",
    .usage = "FILE...",
    .about = "For tests.",
    .examples = "  berth try this\n",
    .rows = rows,
    .n_rows = 6,
    .operands_min = 1,
    .operands_max = 2,
};

/* Parses words separated by blanks; operands stay in `argv`. */
static bool parse(const char *line, char **argv, int *n, int *code)
{
    static char words[256];
    int argc = 1;

    memset(&got, 0, sizeof got);
    snprintf(words, sizeof words, "%s", line);
    argv[0] = "try";
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return options_parse(&options, argc, argv, n, code);
}

Test(options, take_every_spelling)
{
    static const char *const lines[] = {
        "a.json --loud --output x --number 7 --colour green --set p=1 --set q=2",
        "--loud --output=x a.json --number=7 --colour=green --set=p=1 --set=q=2",
        "-l -o x -n 7 --colour green a.json --set p=1 --set=q=2",
        "-ox -n7 -l --colour=green --set p=1 --set q=2 -- a.json",
    };
    char *argv[32];
    int n, code;

    for (size_t i = 0; i < 4; i++) {
        cr_assert(parse(lines[i], argv, &n, &code), "%s", lines[i]);
        cr_assert(n == 1 && strcmp(argv[0], "a.json") == 0, "%s", lines[i]);
        cr_assert(got.loud && got.n == 7 && got.colour == 1, "%s", lines[i]);
        cr_assert(strcmp(got.out, "x") == 0 && got.sets.n_texts == 2, "%s", lines[i]);
        cr_assert(strcmp(got.sets.texts[1], "q=2") == 0, "%s", lines[i]);
        free(got.sets.texts);
    }
}

Test(options, leave_operands_alone)
{
    char *argv[32];
    int n, code;

    cr_assert(parse("- -- -l", argv, &n, &code));
    cr_assert(n == 2 && strcmp(argv[0], "-") == 0 && strcmp(argv[1], "-l") == 0 && !got.loud);
}

Test(options, say_what_is_wrong)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"a --outptu x", "did you mean --output?"},
        {"a --hlep", "did you mean --help?"},
        {"a --zzzzzzzz", "unknown option \"--zzzzzzzz\""},
        {"a -z", "unknown option"},
        {"a --output", "a value is missing"},
        {"a --loud=yes", "takes no value"},
        {"a --number 0", "from 1 on"},
        {"a --number 5x", "whole number"},
        {"a --number 99999999999999999999", "from 1 to 9223372036854775807"},
        {"a --times 2147483648", "from 1 to 2147483647"},
        {"a --times 0", "from 1 on"},
        {"a --number=", "whole number"},
        {"a --colour gren", "did you mean green?"},
        {"", "usage: berth try FILE..."},
        {"a b c", "one too many: \"c\""},
    };
    char text[1024];
    char *argv[32];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        FILE *file;
        int n, code = -1, saved;
        size_t length;

        fflush(stderr);
        file = tmpfile();
        saved = dup(2);
        dup2(fileno(file), 2);
        cr_assert(!parse(cases[i].line, argv, &n, &code), "%s", cases[i].line);
        fflush(stderr);
        dup2(saved, 2);
        close(saved);
        rewind(file);
        length = fread(text, 1, sizeof text - 1, file);
        text[length] = '\0';
        fclose(file);
        cr_assert(code == 2, "%s: exit code %d", cases[i].line, code);
        cr_assert(strstr(text, cases[i].says) != NULL, "%s: says %s", cases[i].line, text);
        cr_assert(length > 0 && text[length - 1] == '\n');
    }
}

Test(options, help_begins_with_examples, .init = cr_redirect_stdout)
{
    char *argv[32];
    char text[2048];
    size_t length;
    int n, code = -1;

    cr_assert(!parse("--help", argv, &n, &code) && code == 0);
    fflush(stdout);
    length = fread(text, 1, sizeof text - 1, cr_get_redirected_stdout());
    text[length] = '\0';
    cr_assert(strncmp(text, "Examples:\n  berth try this\n", 26) == 0, "%s", text);
    for (int i = 0; i < 6; i++)
        cr_assert(strstr(text, rows[i].help) != NULL, "%s is not in the help", rows[i].name);
}
