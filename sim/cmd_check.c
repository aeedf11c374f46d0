/*
 * `berth check SCENARIO-or-LAB`: judges by running again.
 */
#include "command.h"

#include "check.h"
#include "check_print.h"
#include "file/memory.h"
#include "file/options.h"
#include "file/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char about[] =
    "Judges a scenario by what it expects, or a lab by its check.json. Everything is run again, "
    "here\n"
    "and now: run logs that lie around are not looked at. One line a check; those that fail say "
    "what\n"
    "was found and what a scenario wanted; the right answer to a lab's question is told to "
    "nobody.\n"
    "\"not run\" (in JSON null) is a check that needs another one which did not pass, or whose run "
    "took\n"
    "too long: it counts as not reached, but is not called wrong. What this machine cannot do (no\n"
    "containers, no virtual machines) is left out of the score.\n"
    "Exits with 0 where all passed, else with 1; with 3 where nothing could be checked here.";

static const char examples[] =
    "  berth check scenarios/first.json                       what it expects, simulated\n"
    "  berth check scenarios/first.json --real                and in a real run\n"
    "  berth check labs/01-vm-or-container                    a lab, answers.json in its folder\n"
    "  berth check labs/01-vm-or-container --work handed-in/ada --format gradescope \\\n"
    "      -o /autograder/results/results.json\n";

struct wish {
    const char *work, *output, *patience;
    int format;
    bool real, json;
};

static bool is_folder(const char *path)
{
    struct stat is;

    return stat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

/* labs/NAME or labs/NAME/check.json: the folder's name, or NULL for a scenario. free() it. */
static char *lab_folder(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    bool itself = is_folder(path);
    size_t n = itself ? strlen(path) : (size_t)(name - path);
    char *folder;

    if (!itself && strcmp(name, "check.json") != 0)
        return NULL;
    folder = memory_text(n == 0 ? "." : path);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    if (n > 0)
        folder[n] = '\0';
    return folder;
}

static int show(const struct check_results *results, const struct wish *wish)
{
    struct buffer text = {0};
    FILE *file = wish->output ? fopen(wish->output, "we") : stdout;
    int code = check_verdict(results);
    struct err err;

    check_print(&text, results, wish->json ? CHECK_JSON : (enum check_format)wish->format);
    if (!file || fputs(text.text, file) < 0 || (wish->output && fclose(file) != 0)) {
        err_file(&err, errno, "cannot write %s", wish->output ? wish->output : "the results");
        code = err_report(&err);
    }
    buffer_finish(&text);
    return code;
}

static int judge_scenario(const char *path, const struct wish *wish, int64_t patience_usec)
{
    struct check_results results;
    struct scenario *scenario;
    struct err err;
    int code;

    if (!check_scenario(path, wish->real, patience_usec, &results, &scenario, &err))
        return err_report(&err);
    code = show(&results, wish);
    check_finish(&results);
    scenario_destroy(scenario);
    return code;
}

static int judge_lab(const char *folder, const struct wish *wish, int64_t patience_usec)
{
    struct findings findings = {0};
    struct lab *lab = lab_load(folder, &findings);
    struct check_results results;
    struct err err;
    int code;

    findings_print(&findings, stderr);
    findings_finish(&findings);
    if (!lab)
        return EXIT_INPUT;
    if (check_lab(lab, wish->work ? wish->work : folder, patience_usec, &results, &err)) {
        code = show(&results, wish);
        check_finish(&results);
    } else {
        code = err_report(&err);
    }
    lab_destroy(lab);
    return code;
}

static int judge(const char *path, const struct wish *wish)
{
    char *folder = lab_folder(path);
    int64_t patience_usec = 0;
    const char *wrong = units_duration(wish->patience, &patience_usec);
    struct err err;
    int code;

    if (wrong) {
        err_set(&err, EXIT_INPUT, "--patience \"%s\" %s", wish->patience, wrong);
        code = err_report(&err);
    } else if (folder) {
        code = judge_lab(folder, wish, patience_usec);
    } else {
        code = judge_scenario(path, wish, patience_usec);
    }
    free(folder);
    return code;
}

int cmd_check(int argc, char **argv)
{
    struct wish wish = {.patience = "600s"};
    const struct option_row rows[] = {
        {"format", 0, OPTION_CHOICE, &wish.format, "FORMAT", "text, json or gradescope", 0,
         check_format_names},
        {"output", 'o', OPTION_TEXT, &wish.output, "FILE", "where the results go", 0, NULL},
        {"work", 0, OPTION_TEXT, &wish.work, "FOLDER",
         "where the student's files are, where that is not the lab", 0, NULL},
        {"real", 0, OPTION_FLAG, &wish.real, NULL, "a scenario: run it for real", 0, NULL},
        {"patience", 0, OPTION_TEXT, &wish.patience, "DURATION",
         "what a run may take before it is ended and counts as not run; default 600s", 0, NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "the same as --format json", 0, NULL},
    };
    const struct options options = {
        .command = "check",
        .usage = "SCENARIO-or-LAB [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int n_operands, code;

    return options_parse(&options, argc, argv, &n_operands, &code) ? judge(argv[0], &wish) : code;
}
