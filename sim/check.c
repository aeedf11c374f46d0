/*
 * Each run is made when the first check asks for it, in a process of its own, and kept. What takes too
 * long is neither right nor wrong.
 */
#include "check.h"

#include "core/array.h"
#include "file/expect.h"
#include "file/memory.h"
#include "file/units.h"
#include "real.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A run that was made, or could not be. */
struct made {
    bool tried, ok, impossible, late;
    struct story story;
    struct scenario *scenario; /* for its expectations */
    struct err err;
};

struct session {
    const struct lab *lab;
    const char *work;
    int64_t patience_usec;
    struct real real;
    struct made *made; /* by the lab's runs */
    struct check_results *results;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Runs ---------------------------------------------------------------------------------------------- */

struct words {
    const char **words;
    int n_words, cap_words;
};

static void add_word(struct words *list, const char *word)
{
    *ARRAY_ADD(list, words) = word;
}

/* The command line of a run beyond its scenario; free(.words). */
static struct words words_of(const struct lab_run *run)
{
    struct words list = {0};

    if (run->machines) {
        add_word(&list, "--machines");
        add_word(&list, run->machines);
    }
    if (run->boot) {
        add_word(&list, "--boot");
        add_word(&list, run->boot);
    }
    for (char **set = run->sets; set && *set; set++) {
        add_word(&list, "--set");
        add_word(&list, *set);
    }
    add_word(&list, NULL);
    return list;
}

static struct scenario *load(const char *path, char **sets, struct err *err)
{
    struct scenario_options options = {.sets = (const char *const *)sets};
    struct findings findings = {0};
    struct scenario *scenario;

    while (sets && sets[options.n_sets])
        options.n_sets++;
    scenario = scenario_load(path, &options, &findings);
    for (int i = 0; !scenario && i < findings.n_list; i++)
        if (findings.list[i].severity == SEVERITY_ERROR) {
            err_set(err, EXIT_INPUT, "%.1000s", findings.list[i].text);
            break;
        }
    findings_finish(&findings);
    return scenario;
}

static void run_scenario(struct session *session, const char *path, const struct lab_run *run,
                         struct made *made)
{
    struct words words = words_of(run);
    const struct real_wish wish = {.simulated = !run->real,
                                   .seed = -1,
                                   .words = words.words,
                                   .patience_usec = session->patience_usec};

    made->tried = true;
    if (!run->of_student || lab_is_own_file(path, &made->err))
        made->scenario = load(path, run->sets, &made->err);
    made->ok = made->scenario && real_run(&session->real, path, &wish, &made->story, &made->err);
    made->late = !made->ok && session->real.timed_out;
    made->impossible = !made->ok && !made->late && made->err.code == EXIT_MACHINE;
    free(words.words);
}

static struct made *make(struct session *session, int32_t id)
{
    const struct lab_run *run = &session->lab->runs[id];
    struct made *made = &session->made[id];
    char path[600];

    if (!made->tried) {
        snprintf(path, sizeof path, "%.280s%s%.280s",
                 run->of_student ? session->work : session->lab->folder, run->of_student ? "/" : "",
                 run->scenario);
        run_scenario(session, path, run, made);
    }
    return made;
}

static void unmake(struct made *made)
{
    if (made->ok)
        story_finish(&made->story);
    if (made->scenario)
        scenario_destroy(made->scenario);
}

/* The run did not come about. */
static void explain(struct check_result *result, const struct made *made)
{
    result->outcome = made->impossible ? CHECK_IMPOSSIBLE
                      : made->late     ? CHECK_NOT_RUN
                                       : CHECK_FAILED;
    snprintf(result->rationale, sizeof result->rationale, "%s%.440s",
             made->impossible ? "this machine cannot: " : "", made->err.text);
}

/* Checks -------------------------------------------------------------------------------------------- */

static void fail(struct check_result *result, const char *rationale)
{
    result->outcome = CHECK_FAILED;
    snprintf(result->rationale, sizeof result->rationale, "%.490s", rationale);
}

static void judge_expect(struct check_result *result, const struct expect *expect,
                         const struct story *story)
{
    char found[128];

    if (expect_holds(expect, story, found, sizeof found)) {
        result->outcome = CHECK_PASSED;
        return;
    }
    fail(result, "does not hold");
    snprintf(result->expected, sizeof result->expected, "%s", expect->text);
    snprintf(result->actual, sizeof result->actual, "%s", found);
}

/* All that the scenario expects, as one. */
static void judge_run(struct session *session, const struct lab_check *check,
                      struct check_result *result)
{
    const struct made *made = make(session, check->run);
    int n_failed = 0;

    if (!made->ok) {
        explain(result, made);
        return;
    }
    for (int i = 0; i < made->scenario->n_expects; i++) {
        struct check_result one = {0};

        judge_expect(&one, &made->scenario->expects[i], &made->story);
        if (one.outcome == CHECK_PASSED)
            continue;
        if (n_failed++ == 0)
            *result = (struct check_result){.name = result->name,
                                            .about = result->about,
                                            .help = result->help,
                                            .points = result->points,
                                            .log = result->log};
        buffer_add(&result->log, "%s: found %s\n", one.expected, one.actual);
        snprintf(result->expected, sizeof result->expected, "%s", one.expected);
        snprintf(result->actual, sizeof result->actual, "%s", one.actual);
    }
    result->outcome = n_failed == 0 ? CHECK_PASSED : CHECK_FAILED;
    if (n_failed > 0)
        snprintf(result->rationale, sizeof result->rationale, "%d of %d expectations fail",
                 n_failed, made->scenario->n_expects);
}

static bool find_answer(const struct session *session, const char *name, struct lab_answer *answer,
                        struct check_result *result)
{
    struct err err;
    char path[600];

    snprintf(path, sizeof path, "%.280s/%.280s", session->work, session->lab->answers);
    if (!lab_read_answer(path, name, answer, &err)) {
        fail(result, err.text);
        return false;
    }
    if (!answer->given) {
        snprintf(result->rationale, sizeof result->rationale, "%.300s has no answer \"%.100s\"",
                 path, name);
        result->outcome = CHECK_FAILED;
    }
    return answer->given;
}

static void judge_answered(struct session *session, const struct lab_check *check,
                           struct check_result *result)
{
    struct lab_answer answer;

    for (int i = 0; i < check->n_answers; i++)
        if (!find_answer(session, check->answers[i], &answer, result))
            return;
    result->outcome = CHECK_PASSED;
}

/* The measures in microseconds; false where one could not be taken. */
static bool take_measures(struct session *session, const struct lab_check *check, double *usec,
                          struct check_result *result)
{
    for (int i = 0; i < check->n_measures; i++) {
        const struct lab_measure *measure = &check->measures[i];
        const struct made *made = make(session, measure->run);
        int64_t median;

        if (!made->ok) {
            explain(result, made);
            return false;
        }
        median = totals_median(&made->story, measure->total);
        if (median == USEC_NEVER) {
            snprintf(result->rationale, sizeof result->rationale, "nothing in %s has a %s",
                     made->scenario->path, totals_names[measure->total]);
            result->outcome = CHECK_FAILED;
            return false;
        }
        usec[i] = (double)(median > 0 ? median : 1);
    }
    return true;
}

static void judge_number(struct check_result *result, double said, double right, double factor)
{
    bool fine = said > 0 && said <= right * factor && said * factor >= right;

    result->outcome = fine ? CHECK_PASSED : CHECK_FAILED;
    if (!fine)
        snprintf(result->rationale, sizeof result->rationale,
                 "is not within a factor of %g of what was measured again", factor);
}

static void judge_value(struct check_result *result, const struct lab_check *check,
                        const char *text, double right_usec)
{
    const char *wrong;
    int64_t usec;

    wrong = units_duration(text, &usec);
    if (wrong) {
        snprintf(result->rationale, sizeof result->rationale, "\"%s\" %s", text, wrong);
        result->outcome = CHECK_FAILED;
        return;
    }
    judge_number(result, (double)usec, right_usec, check->factor);
}

static void judge_ratio(struct check_result *result, const struct lab_check *check,
                        const char *text, double right)
{
    char *end;
    double said = strtod(text, &end);

    if (end == text || *end) {
        snprintf(result->rationale, sizeof result->rationale, "\"%s\" is not a number", text);
        result->outcome = CHECK_FAILED;
        return;
    }
    judge_number(result, said, right, check->factor);
}

static bool names_one(const struct lab_check *check, const char *text)
{
    for (int i = 0; i < check->n_measures; i++)
        if (strcasecmp(text, check->measures[i].name) == 0)
            return true;
    return false;
}

/* Nothing here says what would be right: who may ask as often as they like would have no need to look. */
static void judge_largest(struct check_result *result, const struct lab_check *check,
                          const char *text, const double *usec)
{
    int largest = 0;

    for (int i = 1; i < check->n_measures; i++)
        if (usec[i] > usec[largest])
            largest = i;
    for (int i = 0; i < check->n_measures; i++)
        if (i != largest && usec[i] >= usec[largest] * 0.99) {
            fail(result, "what was measured again does not differ: no answer is right");
            return;
        }
    if (strcasecmp(text, check->measures[largest].name) == 0)
        result->outcome = CHECK_PASSED;
    else if (names_one(check, text))
        fail(result, "is not what was measured again");
    else
        fail(result, "is none of the answers that there are");
}

static void judge_answer(struct session *session, const struct lab_check *check,
                         struct check_result *result)
{
    double usec[LAB_MEASURES_MAX];
    struct lab_answer answer;

    if (!find_answer(session, check->answers[0], &answer, result) ||
        !take_measures(session, check, usec, result))
        return;
    snprintf(result->actual, sizeof result->actual, "%.180s", answer.text);
    if (check->kind == LAB_VALUE)
        judge_value(result, check, answer.text, usec[0]);
    else if (check->kind == LAB_RATIO)
        judge_ratio(result, check, answer.text, usec[0] / usec[1]);
    else
        judge_largest(result, check, answer.text, usec);
}

/* False where something that it needs did not pass. */
static bool may_run(const struct session *session, const struct lab_check *check,
                    struct check_result *result)
{
    for (int i = 0; i < check->n_needs; i++) {
        const struct check_result *needed = &session->results->results[check->needs[i]];

        if (needed->outcome == CHECK_PASSED)
            continue;
        result->outcome = needed->outcome == CHECK_IMPOSSIBLE ? CHECK_IMPOSSIBLE : CHECK_NOT_RUN;
        snprintf(result->rationale, sizeof result->rationale, "not run: it needs \"%.300s\"%s",
                 needed->name,
                 needed->outcome == CHECK_IMPOSSIBLE ? ", which this machine cannot"
                                                     : ", which did not pass");
        return false;
    }
    return true;
}

static void judge(struct session *session, const struct lab_check *check)
{
    struct check_result result = {
        .name = check->name, .about = check->about, .help = check->help, .points = check->points};

    if (may_run(session, check, &result)) {
        if (check->kind == LAB_RUN)
            judge_run(session, check, &result);
        else if (check->kind == LAB_ANSWERED)
            judge_answered(session, check, &result);
        else
            judge_answer(session, check, &result);
    }
    *ARRAY_ADD(session->results, results) = result;
}

bool check_lab(const struct lab *lab, const char *work, int64_t patience_usec,
               struct check_results *results, struct err *err)
{
    struct session session = {
        .lab = lab, .work = work, .patience_usec = patience_usec, .results = results};
    double begin = seconds();

    *results = (struct check_results){.title = lab->title};
    if (!real_open(&session.real, err))
        return false;
    session.made = memory_zeroed((size_t)lab->n_runs, sizeof *session.made);
    for (int i = 0; i < lab->n_checks; i++)
        judge(&session, &lab->checks[i]);
    for (int i = 0; i < lab->n_runs; i++)
        unmake(&session.made[i]);
    free(session.made);
    real_close(&session.real);
    results->took = seconds() - begin;
    return true;
}

/* Scenarios ----------------------------------------------------------------------------------------- */

static void judge_expects(const struct made *made, struct check_results *results)
{
    for (int i = 0; i < made->scenario->n_expects; i++) {
        struct check_result result = {.name = made->scenario->expects[i].text, .points = 1};

        if (made->ok)
            judge_expect(&result, &made->scenario->expects[i], &made->story);
        else
            explain(&result, made);
        *ARRAY_ADD(results, results) = result;
    }
}

bool check_scenario(const char *path, bool real, int64_t patience_usec,
                    struct check_results *results, struct scenario **scenario, struct err *err)
{
    struct session session = {.patience_usec = patience_usec};
    const struct lab_run run = {.real = real};
    struct made made = {0};
    double begin = seconds();

    *results = (struct check_results){0};
    *scenario = NULL;
    if (!real_open(&session.real, err))
        return false;
    run_scenario(&session, path, &run, &made);
    real_close(&session.real);
    if (!made.scenario) {
        *err = made.err;
        return false;
    }
    if (made.scenario->n_expects == 0) {
        scenario_destroy(made.scenario);
        if (made.ok)
            story_finish(&made.story);
        return err_set(err, EXIT_INPUT, "%s expects nothing: there is nothing to check", path);
    }
    results->title = made.scenario->title;
    judge_expects(&made, results);
    results->took = seconds() - begin;
    *scenario = made.scenario;
    if (made.ok)
        story_finish(&made.story);
    return true;
}

/* Sums ---------------------------------------------------------------------------------------------- */

void check_finish(struct check_results *results)
{
    for (int i = 0; i < results->n_results; i++)
        buffer_finish(&results->results[i].log);
    free(results->results);
    *results = (struct check_results){0};
}

void check_score(const struct check_results *results, int *score, int *most)
{
    *score = *most = 0;
    for (int i = 0; i < results->n_results; i++) {
        const struct check_result *result = &results->results[i];

        *most += result->outcome == CHECK_IMPOSSIBLE ? 0 : result->points;
        *score += result->outcome == CHECK_PASSED ? result->points : 0;
    }
}

int check_verdict(const struct check_results *results)
{
    int n_passed = 0;

    for (int i = 0; i < results->n_results; i++) {
        n_passed += results->results[i].outcome == CHECK_PASSED;
        if (results->results[i].outcome == CHECK_FAILED ||
            results->results[i].outcome == CHECK_NOT_RUN)
            return EXIT_ANSWER;
    }
    return n_passed > 0 ? EXIT_FINE : EXIT_MACHINE;
}
