/*
 * `berth report RUN...`: one HTML page. Reads run logs; it must never know who made them.
 */
#include "viz/command.h"

#include "file/options.h"
#include "file/same_file.h"
#include "viz/page.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool save(const char *path, const struct buffer *page, struct err *err)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return err_file(err, errno, "cannot write %s", path);
    bool ok = fwrite(page->text, 1, page->length, file) == page->length;
    ok = fclose(file) == 0 && ok;
    return ok || err_errno(err, errno, "%s is incomplete", path);
}

static int report(char **paths, int n_paths, const char *output)
{
    struct plots_run runs[PLOTS_RUNS_MAX];
    struct buffer page = {0};
    struct err err;
    if (!same_file_refuse(output, paths, n_paths, &err) || !plots_load(runs, paths, n_paths, &err))
        return err_report(&err);
    bool ok = page_write(&page, runs, n_paths, &err);
    if (ok && strcmp(output, "-") == 0)
        fputs(page.text, stdout);
    else if (ok)
        ok = save(output, &page, &err);
    if (ok && strcmp(output, "-") != 0)
        printf("report      %s\n", output);
    buffer_finish(&page);
    plots_unload(runs, n_paths);
    return ok ? EXIT_FINE : err_report(&err);
}

int cmd_report(int argc, char **argv)
{
    const char *output = NULL;
    const struct option_row rows[] = {
        {"output", 'o', OPTION_TEXT, &output, "FILE.html",
         "where the page goes; - is standard output", 0, NULL},
    };
    const struct options options = {
        .command = "report",
        .usage = "RUN... -o FILE.html",
        .about = "Writes one HTML page about runs: what came of them and what the scenario "
                 "expected, all pictures of\n"
                 "berth plot, the comparison where there are several, the tasks, the scenario and "
                 "how to repeat it.\n"
                 "The page holds everything it needs: it is read without a network, light or dark, "
                 "and prints.",
        .examples =
            "  berth report first.run -o first.html\n"
            "  berth report first.run first.exec.run -o first.html     simulated and real\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = PLOTS_RUNS_MAX,
    };
    int n_paths = 0, exit_code = EXIT_FINE;
    if (!options_parse(&options, argc, argv, &n_paths, &exit_code))
        return exit_code;
    if (!output) {
        fprintf(stderr, "berth report: where to? -o FILE.html\n");
        return EXIT_INPUT;
    }
    return report(argv, n_paths, output);
}
