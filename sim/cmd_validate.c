/*
 * `berth validate FILE...`: what the readers of scenarios and task definitions find, and nothing
 * else. A clean file is silent.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/options.h"
#include "file/scenario.h"

#include <stdio.h>
#include <unistd.h>

static const char about[] =
    "Checks scenarios and ECS task definitions. Each finding is one line on standard output,\n"
    "FILE:LINE:COLUMN: error or warning: PATH: what; nothing is printed for a clean file.\n"
    "On a terminal, placement expressions that are wrong are shown below, with the place.\n"
    "With --verbose, notes name what ECS has and berth does not simulate, once a member.\n"
    "Exits with 2 if there was an error, with 0 if there were warnings only.";

static const char examples[] = "  berth validate scenarios/*.json      every finding, one a line\n"
                               "  berth validate --json web.json       for programs\n";

/* The findings of one file; `json` collects instead of printing. */
static int validate(const char *path, bool verbose, struct buffer *json)
{
    const struct scenario_options none = {0};
    struct findings findings = {.wants_notes = verbose};
    struct scenario *scenario = scenario_load(path, &none, &findings);
    int n_errors = findings.n_errors;
    bool is_terminal = isatty(STDOUT_FILENO);

    for (int i = 0; i < findings.n_list; i++) {
        const struct finding *finding = &findings.list[i];

        if (!json) {
            if (is_terminal)
                findings_print_one(finding, stdout);
            else
                printf("%s\n", finding->text);
            continue;
        }
        buffer_add(json, "%s\n    {\"file\": ", json->length > 0 ? "," : "");
        buffer_add_json_string(json, path);
        buffer_add(json, ", \"line\": %d, \"column\": %d, \"severity\": \"%s\", \"text\": ",
                   finding->line, finding->column, severity_names[finding->severity]);
        buffer_add_json_string(json, finding->text);
        buffer_add_text(json, "}");
    }
    if (scenario)
        scenario_destroy(scenario);
    findings_finish(&findings);
    return n_errors;
}

int cmd_validate(int argc, char **argv)
{
    bool json = false, verbose = false;
    const struct option_row rows[] = {
        {.name = "json", .kind = OPTION_FLAG, .value = &json, .help = "one JSON object"},
        {.name = "verbose",
         .letter = 'v',
         .kind = OPTION_FLAG,
         .value = &verbose,
         .help = "notes too: what is not simulated"},
    };
    const struct options options = {
        .command = "validate",
        .usage = "FILE...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = 2,
        .operands_min = 1,
        .operands_max = -1,
    };
    struct buffer findings = {0};
    int n_files, code, n_errors = 0;

    if (!options_parse(&options, argc, argv, &n_files, &code))
        return code;
    for (int i = 0; i < n_files; i++)
        n_errors += validate(argv[i], verbose, json ? &findings : NULL);
    if (json)
        printf("{\"files\": %d, \"errors\": %d, \"findings\": [%s%s]}\n", n_files, n_errors,
               findings.length > 0 ? findings.text : "", findings.length > 0 ? "\n" : "");
    buffer_finish(&findings);
    return n_errors > 0 ? EXIT_INPUT : EXIT_FINE;
}
