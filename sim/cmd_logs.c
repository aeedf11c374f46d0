/*
 * `berth logs RUN --task ID`: what the containers of a real run printed, from the files that the
 * run left beside its log.
 */
#include "command.h"

#include "file/options.h"
#include "file/story.h"
#include "file/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char about[] =
    "Prints what the containers of a task of a real run wrote to their standard output and "
    "standard\n"
    "error, at most the first MiB of each, whatever their logConfiguration says: the run kept it\n"
    "beside its log, in RUN.logs. A simulated container prints nothing, and so says this command.";

static const char examples[] =
    "  berth logs first.exec.run --task t3                     all its containers\n"
    "  berth logs first.exec.run --task t3 --container web     one of them\n"
    "  berth logs first.exec.run --task t3 --follow            until the run is over\n";

struct wish {
    const char *path, *task_text, *container;
    int32_t task;
    bool follow;
};

/* One container's file, as far as it was printed. */
struct tail {
    char *name, *path;
    long at;
};

static const struct timespec between_looks = {.tv_nsec = 200000000};

/* Prints what is new; `heading` tells whose it is, NULL where there is but one. True where it was
 * something. */
static bool print_new(struct tail *tail, bool heading)
{
    FILE *file = fopen(tail->path, "rb");
    char bytes[65536];
    bool some = false;
    size_t n;

    if (!file)
        return false;
    if (fseek(file, tail->at, SEEK_SET) == 0) {
        while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) {
            if (heading && !some)
                printf("==> %s <==\n", tail->name);
            some = true;
            fwrite(bytes, 1, n, stdout);
            tail->at += (long)n;
        }
    }
    fclose(file);
    fflush(stdout);
    return some;
}

/* The story as far as it goes; false where the run cannot be read. */
static bool load(const char *path, struct story *story, struct run_header *header, bool *going_on)
{
    struct err err;

    story_init(story);
    if (story_load(story, path, header, going_on, &err))
        return true;
    err_report(&err);
    return false;
}

static bool is_over(const char *path)
{
    struct run_header header;
    struct story story;
    bool going_on;

    if (!load(path, &story, &header, &going_on))
        return true;
    story_finish(&story);
    run_header_finish(&header);
    return !going_on;
}

static void follow(const char *path, struct tail *tails, int n_tails)
{
    int last = -1;
    bool over = false, some = true;

    /* Once more after the run's end: its last words may have come in between. */
    while (!over || some) {
        over = over || is_over(path);
        some = false;
        for (int i = 0; i < n_tails; i++) {
            if (print_new(&tails[i], n_tails > 1 && last != i)) {
                some = true;
                last = i;
            }
        }
        if (!over)
            nanosleep(&between_looks, NULL);
    }
}

static struct tail make_tail(const struct wish *wish, const char *container)
{
    struct tail tail = {0};

    if (asprintf(&tail.name, "t%d.%s", wish->task + 1, container) < 0 ||
        asprintf(&tail.path, "%s.logs/%s.log", wish->path, tail.name) < 0)
        abort();
    return tail;
}

/* A run that printed nothing at all leaves no folder. */
static void tell_nothing(const struct wish *wish)
{
    char *folder;

    if (asprintf(&folder, "%s.logs", wish->path) < 0)
        abort();
    if (access(folder, F_OK) == 0)
        fprintf(stderr, "berth logs: %s printed nothing\n", wish->task_text);
    else
        fprintf(stderr,
                "berth logs: nothing was printed, or %s is no longer beside the log: it goes "
                "wherever the log goes\n",
                folder);
    free(folder);
}

static int print_all(const struct wish *wish, struct tail *tails, int n_tails)
{
    bool some = false;

    if (wish->follow) {
        follow(wish->path, tails, n_tails);
        return EXIT_FINE;
    }
    for (int i = 0; i < n_tails; i++)
        some |= print_new(&tails[i], n_tails > 1);
    if (!some)
        tell_nothing(wish);
    return EXIT_FINE;
}

static int print_task(const struct wish *wish, const struct story *story)
{
    const struct story_task *task = &story->tasks[wish->task];
    const struct task_definition *definition = taskdefs_get(&story->taskdefs, task->taskdef);
    struct tail tails[TASKDEF_CONTAINERS_MAX];
    int n_tails = 0, code;

    for (int i = 0; i < definition->n_containers && i < TASKDEF_CONTAINERS_MAX; i++)
        if (!wish->container || strcmp(wish->container, definition->containers[i].name) == 0)
            tails[n_tails++] = make_tail(wish, definition->containers[i].name);
    if (n_tails == 0) {
        fprintf(stderr, "berth logs: %s has no container \"%s\"; it has", wish->task_text,
                wish->container);
        for (int i = 0; i < definition->n_containers; i++)
            fprintf(stderr, " %s", definition->containers[i].name);
        fprintf(stderr, "\n");
        return EXIT_INPUT;
    }
    code = print_all(wish, tails, n_tails);
    for (int i = 0; i < n_tails; i++) {
        free(tails[i].name);
        free(tails[i].path);
    }
    return code;
}

static int print_logs(const struct wish *wish)
{
    struct run_header header;
    struct story story;
    bool going_on;
    int code = EXIT_INPUT;

    if (!load(wish->path, &story, &header, &going_on))
        return EXIT_INPUT;
    if (header.mode != RUN_EXEC) {
        fprintf(stderr,
                "berth logs: %s is a simulation, in which no program runs and nothing is printed; "
                "`berth exec` runs them\n",
                wish->path);
        code = EXIT_FINE;
    } else if (wish->task >= story.n_tasks) {
        fprintf(stderr, "berth logs: %s has no task %s%s\n", wish->path, wish->task_text,
                going_on ? " yet" : "");
    } else {
        code = print_task(wish, &story);
    }
    story_finish(&story);
    run_header_finish(&header);
    return code;
}

int cmd_logs(int argc, char **argv)
{
    struct wish wish = {0};
    const struct option_row rows[] = {
        {.name = "task",
         .letter = 't',
         .kind = OPTION_TEXT,
         .value = &wish.task_text,
         .argument = "ID",
         .help = "of this task: t1, t2, ..."},
        {.name = "container",
         .letter = 'c',
         .kind = OPTION_TEXT,
         .value = &wish.container,
         .argument = "NAME",
         .help = "of this container alone"},
        {.name = "follow",
         .letter = 'f',
         .kind = OPTION_FLAG,
         .value = &wish.follow,
         .help = "go on until the run is over"},
    };
    const struct options options = {
        .command = "logs",
        .usage = "RUN --task ID [--container NAME] [--follow]",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    const char *wrong;
    int n_operands, code;

    if (!options_parse(&options, argc, argv, &n_operands, &code))
        return code;
    wish.path = argv[0];
    if (!wish.task_text) {
        fprintf(stderr, "berth logs: which task? --task t1, for instance\n");
        return EXIT_INPUT;
    }
    wrong = units_id(wish.task_text, 't', &wish.task);
    if (wrong) {
        fprintf(stderr, "berth logs: --task \"%s\" %s\n", wish.task_text, wrong);
        return EXIT_INPUT;
    }
    return print_logs(&wish);
}
