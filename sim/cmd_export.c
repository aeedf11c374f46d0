/*
 * `berth export RUN --format chrome|csv`: a run for other programs.
 */
#include "command.h"

#include "file/err.h"
#include "file/export_chrome.h"
#include "file/export_csv.h"
#include "file/options.h"
#include "file/same_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char about[] =
    "Writes a run for other programs: as a Chrome trace, which Perfetto (ui.perfetto.dev) opens, "
    "or as\n"
    "CSV for spreadsheets, one of four tables. Goes to standard output, or to FILE.\n"
    "\n"
    "In a trace an instance, or a task's micro-VM on Fargate, is a process and the places in which "
    "its tasks stand are threads; "
    "what\n"
    "tasks reserve, and how many run, start or wait, are counters; times are microseconds since "
    "the\n"
    "start of the run. In a table times are seconds; berth export --columns says what each column "
    "holds.";

static const char examples[] =
    "  berth export first.run --format chrome -o first.trace.json    for ui.perfetto.dev\n"
    "  berth export first.run --format csv                           a line for each task\n"
    "  berth export first.exec.run --format csv --table containers -o containers.csv\n"
    "  berth export --columns                                        what the columns hold\n";

enum format { FORMAT_CHROME, FORMAT_CSV };
static const char *const format_names[] = {"chrome", "csv", NULL};

struct wish {
    int format, table; /* format -1: not said */
    const char *output;
    bool columns;
};

static void write_run(FILE *out, const struct wish *wish, const struct story *story,
                      const struct run_header *header)
{
    if (wish->format == FORMAT_CHROME)
        export_chrome(out, story, header);
    else
        export_csv(out, story, (enum export_table)wish->table);
}

static bool write_to(const struct wish *wish, const struct story *story,
                     const struct run_header *header, struct err *err)
{
    FILE *out;
    bool ok;

    if (!wish->output) {
        write_run(stdout, wish, story, header);
        return true; /* main() looks whether it got there */
    }
    out = fopen(wish->output, "w");
    if (!out)
        return err_file(err, errno, "cannot write %s", wish->output);
    write_run(out, wish, story, header);
    ok = !ferror(out);
    ok = fclose(out) == 0 && ok;
    return ok || err_errno(err, errno, "%s is incomplete", wish->output);
}

static int export_run(const struct wish *wish, const char *path)
{
    struct run_header header;
    struct story story;
    struct err err;
    bool truncated, ok;

    if (!same_file_refuse(wish->output, (char *[]){(char *)path}, 1, &err))
        return err_report(&err);
    story_init(&story);
    if (!story_load(&story, path, &header, &truncated, &err))
        return err_report(&err);
    if (truncated)
        fprintf(stderr, "berth: warning: %s was cut short: exported as far as it goes\n", path);
    ok = write_to(wish, &story, &header, &err);
    story_finish(&story);
    run_header_finish(&header);
    return ok ? EXIT_FINE : err_report(&err);
}

static void describe(void)
{
    for (int table = 0; export_table_names[table]; table++) {
        printf("%s--table %s\n", table ? "\n" : "", export_table_names[table]);
        export_csv_describe(stdout, (enum export_table)table);
    }
}

int cmd_export(int argc, char **argv)
{
    struct wish wish = {.format = -1};
    const struct option_row rows[] = {
        {"format", 'f', OPTION_CHOICE, &wish.format, "FORMAT", "chrome or csv", 0, format_names},
        {"table", 0, OPTION_CHOICE, &wish.table, "TABLE",
         "of a CSV: tasks (the default), containers, instances or micro_vms", 0, export_table_names},
        {"output", 'o', OPTION_TEXT, &wish.output, "FILE", "instead of standard output", 0, NULL},
        {"columns", 0, OPTION_FLAG, &wish.columns, NULL, "what the columns of the tables hold", 0,
         NULL},
    };
    const struct options options = {
        .command = "export",
        .usage = "RUN --format FORMAT [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 0,
        .operands_max = 1,
    };
    int n_operands, code;

    if (!options_parse(&options, argc, argv, &n_operands, &code))
        return code;
    if (wish.columns) {
        describe();
        return EXIT_FINE;
    }
    if (n_operands == 0 || wish.format < 0) {
        fprintf(stderr, n_operands == 0 ? "berth export: which RUN? (see berth export --help)\n"
                                        : "berth export: --format chrome or --format csv?\n");
        return EXIT_INPUT;
    }
    return export_run(&wish, argv[0]);
}
