/*
 * Lists of borrowed texts, put together.
 */
#include "exec/command_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two for each of berth-work's options, but for ports, its name, and the end. */
enum { WORK_ARGUMENTS = 28, WORK_TEXTS = 14 };

/* What berth-work listens on at most. */
enum { WORK_PORTS = 16 };

static int count(char *const *list)
{
    int n = 0;

    while (list && list[n]) {
        n++;
    }
    return n;
}

static const char **new_list(int n)
{
    const char **list = calloc((size_t)n + 1, sizeof *list);

    assert(list);
    return list;
}

static void add_all(const char **list, int *n, char *const *from)
{
    for (int i = 0; from && from[i]; i++) {
        list[(*n)++] = from[i];
    }
}

static void add_texts(const char **list, int *n, const struct text *from, int n_from)
{
    for (int i = 0; i < n_from; i++) {
        list[(*n)++] = from[i].text;
    }
}

/* The program of the user's own. */
static const char **own_argv(const struct plan_container *plan, const struct image *image)
{
    const char **argv = new_list(count(image->entrypoint) + count(image->cmd) +
                                 plan->n_entry_point + plan->n_command);
    int n = 0;

    if (plan->n_entry_point > 0) {
        add_texts(argv, &n, plan->entry_point, plan->n_entry_point);
    } else {
        add_all(argv, &n, image->entrypoint);
    }
    if (plan->n_command > 0) {
        add_texts(argv, &n, plan->command, plan->n_command);
    } else if (plan->n_entry_point == 0) {
        add_all(argv, &n, image->cmd);
    }
    return argv;
}

static void add_option(struct command_line *line, int *n, const char *name, int64_t value)
{
    int n_made = count(line->made);

    if (value == 0) {
        return;
    }
    line->argv[(*n)++] = name;
    if (value == INT64_MAX) {
        line->argv[(*n)++] = "forever";
        return;
    }
    if (asprintf(&line->made[n_made], "%" PRId64, value) < 0) {
        abort();
    }
    line->argv[(*n)++] = line->made[n_made];
}

static void add_service(struct command_line *line, int *n, const struct plan_container *plan)
{
    int n_made;

    for (int i = 0; i < plan->n_ports && i < WORK_PORTS; i++) {
        add_option(line, n, "--http", plan->ports[i].port);
    }
    if (plan->n_ports == 0) {
        return;
    }
    add_option(line, n, "--service-time", plan->service_usec);
    add_option(line, n, "--service-wait", plan->service_wait_usec);
    add_option(line, n, "--concurrency", plan->concurrency);
    line->argv[(*n)++] = "--line";
    n_made = count(line->made);
    if (asprintf(&line->made[n_made], "%" PRId32, plan->line) < 0 ||
        asprintf(&line->made[n_made + 1], BERTH_DRAWS "%" PRId32, plan->draws) < 0) {
        abort();
    }
    line->argv[(*n)++] = line->made[n_made];
    line->argv[(*n)++] = "--draws";
    line->argv[(*n)++] = line->made[n_made + 1];
}

static void work_argv(struct command_line *line, const char *program,
                      const struct plan_container *plan, const struct duty_container *duty)
{
    int n = 0;

    line->argv = new_list(WORK_ARGUMENTS + 2 * WORK_PORTS);
    line->made = calloc(WORK_TEXTS + WORK_PORTS, sizeof *line->made);
    assert(line->made);
    line->argv[n++] = program;
    add_option(line, &n, "--memory", duty->memory_bytes);
    add_option(line, &n, "--ready", duty->ready_usec);
    add_option(line, &n, "--work", duty->work_usec);
    add_option(line, &n, "--threads", duty->threads > 1 ? duty->threads : 0);
    add_option(line, &n, "--idle", duty->idle_usec);
    add_option(line, &n, "--exit", duty->exit_code);
    add_option(line, &n, "--stop", duty->stop_usec);
    add_service(line, &n, plan);
}

/* Whether a later list sets the same variable. */
static bool overridden(const char *variable, const struct plan_container *plan)
{
    size_t n_name = strcspn(variable, "=");

    for (int i = 0; i < plan->n_environment; i++) {
        const char *other = plan->environment[i].text;

        if (strcspn(other, "=") == n_name && strncmp(variable, other, n_name) == 0) {
            return true;
        }
    }
    return false;
}

static const char **make_env(const struct plan_container *plan, const struct image *image)
{
    const char **env = new_list(count(image->env) + plan->n_environment);
    int n = 0;

    for (int i = 0; image->env && image->env[i]; i++) {
        if (!overridden(image->env[i], plan)) {
            env[n++] = image->env[i];
        }
    }
    add_texts(env, &n, plan->environment, plan->n_environment);
    return env;
}

static const char *given(const char *wanted, const char *image)
{
    if (wanted && wanted[0]) {
        return wanted;
    }
    return image && image[0] ? image : NULL;
}

void command_line_make(struct command_line *line, const struct plan_container *plan,
                       const struct image *image, const char *work_layer,
                       const struct duty_container *duty)
{
    bool stand_in = plan->layout == NULL;
    int n = 0;

    *line = (struct command_line){0};
    line->layers = new_list(count(image->layers) + 1);
    add_all(line->layers, &n, image->layers);
    if (!plan->performs) {
        line->argv = own_argv(plan, image);
    } else if (stand_in) {
        work_argv(line, "/bin/berth-work", plan, duty);
    } else {
        line->layers[n++] = work_layer;
        work_argv(line, "/berth-work", plan, duty);
    }
    line->env = make_env(plan, image);
    line->cwd = given(plan->working_directory, image->working_dir);
    line->user = stand_in ? NULL : given(plan->user, image->user);
}

const char **command_line_probe(const struct plan_container *plan)
{
    const char **argv;
    int n = 0;

    if (plan->n_health_command == 0) {
        return NULL;
    }
    argv = new_list(plan->n_health_command + 2);
    if (plan->health_shell) {
        argv[n++] = "/bin/sh";
        argv[n++] = "-c";
    }
    add_texts(argv, &n, plan->health_command, plan->n_health_command);
    return argv;
}

char *command_line_probe_needs(const struct plan_container *plan)
{
    static const char *const in_shells[] = {
        "exit", "test", "[",    "true", "false", ":",     "echo",  "cd",   "exec",  "eval",
        "kill", "set",  "read", "if",   "for",   "while", "until", "case", "printf"};
    const char *text = plan->health_command[0].text;
    char *word;

    if (!plan->health_shell) {
        return strdup(text);
    }
    text += strspn(text, " \t\n({!");
    word = strndup(text, strcspn(text, " \t\n;|&()<>"));
    assert(word);
    for (size_t i = 0; i < sizeof in_shells / sizeof *in_shells; i++) {
        if (strcmp(word, in_shells[i]) == 0) {
            free(word);
            return NULL;
        }
    }
    /* A variable's value: who knows what it stands for. */
    if (!word[0] || strpbrk(word, "=$'\"`\\")) {
        free(word);
        return NULL;
    }
    return word;
}

void command_line_finish(struct command_line *line)
{
    for (int i = 0; line->made && line->made[i]; i++) {
        free(line->made[i]);
    }
    free(line->made);
    free(line->layers);
    free(line->argv);
    free(line->env);
    *line = (struct command_line){0};
}
