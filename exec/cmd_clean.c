/*
 * `berth clean`: removes what dead runs and commands of this user have left, and says what. Every run
 * does so when it starts; this is for those who do not want to start one, and for cgroups that have
 * lost their run's folder.
 */
#include "exec/command.h"

#include "exec/sweep.h"
#include "file/options.h"
#include "file/scratch.h"

#include <stdio.h>

static const char about[] =
    "Removes what runs that were killed have left: processes, cgroups and folders, and the "
    "temporary\n"
    "folders of commands that make runs, such as `berth predict` and `berth check`. What lives is "
    "not\n"
    "touched. Every `berth exec`, and every such command, does so when it starts.";

static const char examples[] = "  berth clean\n";

static int clean(bool json)
{
    struct cgroup_machine cgroups;
    struct sweep_counts counts = {0};
    char base[256];
    struct err err;
    bool ok;

    if (!cgroup_open(&cgroups, cgroup_backend_wanted(), &err)) {
        return err_report(&err);
    }
    ok = sweep_base(base, sizeof base, &err) && sweep_dead(base, &cgroups, &counts, &err) &&
         sweep_orphans(base, &cgroups, &counts, &err);
    cgroup_close(&cgroups);
    if (!ok) {
        return err_report(&err);
    }
    counts.folders += scratch_sweep();
    if (json) {
        printf("{\"runs_alive\": %d, \"runs_dead\": %d, \"processes\": %d, \"cgroups\": %d, "
               "\"folders\": %d}\n",
               counts.runs_alive, counts.runs_dead, counts.processes, counts.groups,
               counts.folders);
    } else {
        printf("%d dead run%s: removed %d processes, %d cgroups, %d folders; %d run%s live%s\n",
               counts.runs_dead, counts.runs_dead == 1 ? "" : "s", counts.processes, counts.groups,
               counts.folders, counts.runs_alive, counts.runs_alive == 1 ? "" : "s",
               counts.runs_alive == 1 ? "s" : "");
    }
    return EXIT_FINE;
}

int cmd_clean(int argc, char **argv)
{
    bool json = false;
    const struct option_row rows[] = {
        {"json", 0, OPTION_FLAG, &json, NULL, "one JSON object", 0, NULL},
    };
    const struct options options = {
        .command = "clean",
        .usage = "[--json]",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = 1,
    };
    int n_operands, code;

    return options_parse(&options, argc, argv, &n_operands, &code) ? clean(json) : code;
}
