/*
 * One table of members, one function an object. Runs that say the same are one.
 */
#include "file/lab.h"

#include "core/array.h"
#include "file/grammar.h"
#include "file/json_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The grammar -------------------------------------------------------------------------------------- */

#define RUN_MEMBERS                                                                                \
    {"sim", SHAPE_TEXT, .about = "a scenario to simulate, beside the check.json"},                 \
        {"exec", SHAPE_TEXT, .about = "or one to run for real"},                                   \
        {"student", SHAPE_BOOL, .about = "true: it is in the student's folder"},                   \
        {"machines", SHAPE_CHOICE, .values = machines_names,                                       \
         .about = "what instances are: cgroups or virtual machines"},                              \
        {"boot", SHAPE_CHOICE, .values = boot_path_names,                                          \
         .about = "how virtual machines come up"},                                                 \
    {                                                                                              \
        "set", SHAPE_TEXT_MAP, .about = "values to change, as `--set PATH=VALUE`"                  \
    }

static const struct grammar_member run_members[] = {RUN_MEMBERS, {.name = NULL}};
static const struct grammar run_grammar = {"a run", .members = run_members};

static const struct grammar_member measure_members[] = {
    RUN_MEMBERS,
    {"what", SHAPE_CHOICE, true, .values = totals_names,
     .about = "the median of that over the run's tasks or instances"},
    {"name", SHAPE_TEXT, .about = "what the answer calls it where it is one of several"},
    {.name = NULL},
};
static const struct grammar measure_grammar = {"a measure", .members = measure_members};

static const struct grammar_member check_members[] = {
    {"name", SHAPE_TEXT, true, .about = "one word, for the report"},
    {"about", SHAPE_TEXT, .about = "a sentence for people"},
    {"help", SHAPE_TEXT, .about = "what to do where it fails"},
    {"points", SHAPE_NUMBER, .about = "what it is worth, default 1"},
    {"needs", SHAPE_LIST, .about = "names of checks above that have to pass first"},
    {"run", SHAPE_OBJECT, .of = &run_grammar,
     .about = "passes where the run comes about and all that its scenario expects holds"},
    {"answered", SHAPE_LIST, .about = "passes where these answers are there, whatever they say"},
    {"answer", SHAPE_TEXT, .about = "passes where this answer is right: one of the three below"},
    {"value", SHAPE_OBJECT, .of = &measure_grammar, .about = "the right answer, a duration"},
    {"ratio", SHAPE_LIST, .of = &measure_grammar, .about = "two measures: the first by the second"},
    {"largest", SHAPE_LIST, .of = &measure_grammar,
     .about = "the right answer is the name of the largest"},
    {"factor", SHAPE_DECIMAL,
     .about = "an answer may be so many times too large or too small, default 1.5"},
    {.name = NULL},
};
static const struct grammar check_grammar = {"a check", .members = check_members};

static const struct grammar_member lab_members[] = {
    {"berth", SHAPE_TEXT, true, .about = "\"check/1\""},
    {"title", SHAPE_TEXT, .about = "of the lab"},
    {"answers", SHAPE_TEXT, .about = "the file with a student's answers, default answers.json"},
    {"checks", SHAPE_LIST, true, .of = &check_grammar, .about = "in order"},
    {.name = NULL},
};
const struct grammar lab_grammar = {"a lab's check", .members = lab_members};

/* Runs ---------------------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
    return text ? memory_text(text) : NULL;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_run(const struct lab_run *a, const struct lab_run *b)
{
    int i = 0;

    if (a->real != b->real || a->of_student != b->of_student || !same(a->scenario, b->scenario) ||
        !same(a->machines, b->machines) || !same(a->boot, b->boot) || !a->sets != !b->sets)
        return false;
    for (; a->sets && a->sets[i] && b->sets[i]; i++)
        if (!same(a->sets[i], b->sets[i]))
            return false;
    return !a->sets || a->sets[i] == b->sets[i];
}

static void free_run(struct lab_run *run)
{
    free(run->scenario);
    free(run->machines);
    free(run->boot);
    for (char **set = run->sets; set && *set; set++)
        free(*set);
    free(run->sets);
}

static char **read_sets(const struct node *node)
{
    char **sets;
    const char *key;
    json_t *value;
    int n = 0;

    if (!json_is_object(node->value))
        return NULL;
    sets = memory_zeroed(json_object_size(node->value) + 1, sizeof *sets);
    json_object_foreach(node->value, key, value)
    {
        struct node member = node_member(node, key);
        const char *text;
        size_t size;

        if (!node_text(&member, &text))
            continue;
        size = strlen(key) + strlen(text) + 2;
        sets[n] = memory_zeroed(size, 1);
        snprintf(sets[n++], size, "%s=%s", key, text);
    }
    return sets;
}

/* A file of the folder, and nowhere else. */
static bool read_scenario_name(const struct node *node, char **name)
{
    const char *text;

    if (!node_text(node, &text))
        return false;
    if (!text[0] || text[0] == '/' || strstr(text, "..")) {
        node_error(node, "\"%s\" is not the name of a file in the folder", text);
        return false;
    }
    *name = memory_text(text);
    return true;
}

/* The index of the run that the object's members say; -1 after an error. */
static int32_t read_run(struct lab *lab, const struct node *node)
{
    struct node sim = node_member(node, "sim"), exec = node_member(node, "exec");
    struct node student = node_member(node, "student"), machines = node_member(node, "machines");
    struct node boot = node_member(node, "boot"), sets = node_member(node, "set");
    struct lab_run run = {.real = exec.value != NULL};
    int choice;

    if (!sim.value == !exec.value) {
        node_error(node, "say either \"sim\" or \"exec\", with a scenario's name");
        return -1;
    }
    if (!read_scenario_name(run.real ? &exec : &sim, &run.scenario))
        return -1;
    node_bool(&student, &run.of_student);
    if (node_choice(&machines, machines_names, &choice))
        run.machines = memory_text(machines_names[choice]);
    if (node_choice(&boot, boot_path_names, &choice))
        run.boot = memory_text(boot_path_names[choice]);
    run.sets = read_sets(&sets);
    for (int32_t i = 0; i < lab->n_runs; i++)
        if (same_run(&lab->runs[i], &run)) {
            free_run(&run);
            return i;
        }
    *ARRAY_ADD(lab, runs) = run;
    return lab->n_runs - 1;
}

/* Checks -------------------------------------------------------------------------------------------- */

static void read_measure(struct lab *lab, struct lab_check *check, struct node *node,
                         bool needs_name)
{
    struct node what, name;
    struct lab_measure measure = {0};
    const char *text = NULL;
    int total = 0;

    if (!node_object(node, &measure_grammar))
        return;
    what = node_member(node, "what");
    name = node_member(node, "name");
    node_choice(&what, totals_names, &total);
    node_text(&name, &text);
    if (needs_name && !text)
        node_error(node, "has no \"name\", which is what an answer could say");
    measure.total = (enum total)total;
    measure.run = read_run(lab, node);
    if (check->n_measures == LAB_MEASURES_MAX) {
        node_error(node, "is one too many: at most %d", LAB_MEASURES_MAX);
        return;
    }
    measure.name = copy(text);
    check->measures[check->n_measures++] = measure;
}

static void read_measures(struct lab *lab, struct lab_check *check, struct node *list, int wanted)
{
    size_t n = node_list(list);

    if (wanted > 0 ? n != (size_t)wanted : n < 2)
        node_error(list, "has %zu measures: %s", n,
                   wanted ? "two are wanted" : "at least two are wanted");
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i);

        read_measure(lab, check, &item, wanted == 0);
    }
}

static void read_right_answer(struct lab *lab, struct lab_check *check, struct node *node,
                              const char *answer)
{
    struct node value = node_member(node, "value"), ratio = node_member(node, "ratio");
    struct node largest = node_member(node, "largest"), factor = node_member(node, "factor");

    check->answers = memory_zeroed(1, sizeof *check->answers);
    check->answers[check->n_answers++] = memory_text(answer);
    check->factor = 1.5;
    node_decimal(&factor, 1, 1000, &check->factor);
    if (!!value.value + !!ratio.value + !!largest.value != 1) {
        node_error(node, "say one of \"value\", \"ratio\" and \"largest\": the right answer");
    } else if (value.value) {
        check->kind = LAB_VALUE;
        read_measure(lab, check, &value, false);
    } else {
        check->kind = ratio.value ? LAB_RATIO : LAB_LARGEST;
        read_measures(lab, check, ratio.value ? &ratio : &largest, ratio.value ? 2 : 0);
    }
}

static void read_answered(struct lab_check *check, struct node *list)
{
    size_t n = node_list(list);

    check->kind = LAB_ANSWERED;
    check->answers = memory_zeroed(n, sizeof *check->answers);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i);
        const char *text;

        if (node_text(&item, &text))
            check->answers[check->n_answers++] = memory_text(text);
    }
}

static void read_needs(const struct lab *lab, struct lab_check *check, struct node *list)
{
    size_t n = node_list(list);

    check->needs = memory_zeroed(n, sizeof *check->needs);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i);
        const char *text;
        int32_t found = ID_NONE;

        if (!node_text(&item, &text))
            continue;
        for (int32_t k = 0; k < lab->n_checks - 1; k++)
            if (lab->checks[k].name && strcmp(lab->checks[k].name, text) == 0)
                found = k;
        if (found == ID_NONE)
            node_error(&item, "no check above this one is called \"%s\"", text);
        else
            check->needs[check->n_needs++] = found;
    }
}

static void read_check(struct lab *lab, struct node *node)
{
    struct node name, about, help, points, needs, run, answered, answer;
    struct lab_check check = {.points = 1, .run = ID_NONE, .factor = 1};
    const char *text = NULL;

    if (!node_object(node, &check_grammar))
        return;
    ARRAY_ADD(lab, checks);
    name = node_member(node, "name");
    about = node_member(node, "about");
    help = node_member(node, "help");
    points = node_member(node, "points");
    needs = node_member(node, "needs");
    run = node_member(node, "run");
    answered = node_member(node, "answered");
    answer = node_member(node, "answer");
    if (node_text(&name, &text))
        check.name = memory_text(text);
    if (node_text(&about, &text))
        check.about = memory_text(text);
    if (node_text(&help, &text))
        check.help = memory_text(text);
    node_int(&points, 0, 1000, BARE_NUMBER, &check.points);
    read_needs(lab, &check, &needs);
    if (!!run.value + !!answered.value + !!answer.value != 1)
        node_error(node, "say one of \"run\", \"answered\" and \"answer\"");
    else if (answered.value)
        read_answered(&check, &answered);
    else if (answer.value && node_text(&answer, &text))
        read_right_answer(lab, &check, node, text);
    else if (run.value && node_object(&run, &run_grammar))
        check.run = read_run(lab, &run);
    lab->checks[lab->n_checks - 1] = check;
}

static void read_lab(struct lab *lab, struct document *document)
{
    struct node top = node_root(document), berth, title, answers, checks;
    const char *text;
    size_t n;

    if (!node_object(&top, &lab_grammar))
        return;
    berth = node_member(&top, "berth");
    title = node_member(&top, "title");
    answers = node_member(&top, "answers");
    checks = node_member(&top, "checks");
    if (node_text(&berth, &text) && strcmp(text, "check/1") != 0)
        node_error(&berth, "found %s; this berth reads \"check/1\"", node_found(&berth));
    if (node_text(&title, &text))
        lab->title = memory_text(text);
    if (answers.value)
        read_scenario_name(&answers, &lab->answers);
    n = node_list(&checks);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&checks, i);

        read_check(lab, &item);
    }
    if (n == 0 && checks.value)
        node_error(&checks, "has nothing to check");
}

struct lab *lab_load(const char *folder, struct findings *findings)
{
    struct reading reading = {
        .findings = findings, .first_finding = findings->n_list, .first_error = findings->n_errors};
    struct lab *lab = memory_zeroed(1, sizeof *lab);
    size_t length = strlen(folder), size = length + sizeof "/check.json";
    char *path = memory_zeroed(size, 1);
    struct document document;
    struct err err;
    bool fine;

    lab->folder = memory_zeroed(length + 2, 1);
    snprintf(lab->folder, length + 2, "%s%s", folder,
             length > 0 && folder[length - 1] != '/' ? "/" : "");
    snprintf(path, size, "%scheck.json", lab->folder);
    if (document_open(&document, &reading, path, &err))
        read_lab(lab, &document);
    else if (reading_errors(&reading) == 0)
        reading_error(&reading, path, "file", "%s", err.text);
    if (!lab->answers)
        lab->answers = memory_text("answers.json");
    if (!lab->title)
        lab->title = memory_text(folder);
    document_finish(&document);
    free(path);
    fine = reading_errors(&reading) == 0;
    reading_finish(&reading);
    if (fine)
        return lab;
    lab_destroy(lab);
    return NULL;
}

static void free_check(struct lab_check *check)
{
    free(check->name);
    free(check->about);
    free(check->help);
    for (int i = 0; i < check->n_answers; i++)
        free(check->answers[i]);
    for (int i = 0; i < check->n_measures; i++)
        free(check->measures[i].name);
    free(check->answers);
    free(check->needs);
}

void lab_destroy(struct lab *lab)
{
    for (int i = 0; i < lab->n_checks; i++)
        free_check(&lab->checks[i]);
    for (int i = 0; i < lab->n_runs; i++)
        free_run(&lab->runs[i]);
    free(lab->checks);
    free(lab->runs);
    free(lab->folder);
    free(lab->title);
    free(lab->answers);
    free(lab);
}

/* Answers ------------------------------------------------------------------------------------------- */

static void write_answer(const json_t *value, struct lab_answer *answer)
{
    if (json_is_string(value))
        snprintf(answer->text, sizeof answer->text, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(answer->text, sizeof answer->text, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    else if (json_is_real(value))
        snprintf(answer->text, sizeof answer->text, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(answer->text, sizeof answer->text, "%s", json_is_true(value) ? "true" : "false");
    answer->given = answer->text[strspn(answer->text, " .?")] != '\0';
}

bool lab_is_own_file(const char *path, struct err *err)
{
    struct stat is;

    return lstat(path, &is) != 0 || S_ISREG(is.st_mode) ||
           err_set(err, EXIT_ANSWER, "%.600s is no file of its own: hand in what it leads to",
                   path);
}

bool lab_read_answer(const char *path, const char *name, struct lab_answer *answer, struct err *err)
{
    struct findings findings = {0};
    struct reading reading = {.findings = &findings};
    struct document document;
    bool fine;

    *answer = (struct lab_answer){0};
    if (!lab_is_own_file(path, err))
        return false;
    fine = document_open(&document, &reading, path, err);
    if (fine && json_is_object(document.root))
        write_answer(json_object_get(document.root, name), answer);
    else if (fine)
        fine = err_set(err, EXIT_ANSWER, "%s is not one JSON object", path);
    else if (findings.n_list > 0)
        err_set(err, EXIT_ANSWER, "%.900s", findings.list[0].text);
    document_finish(&document);
    reading_finish(&reading);
    findings_finish(&findings);
    return fine;
}
