/*
 * `berth predict SCENARIO`: simulates with the host profile of this machine, runs for real, and says how
 * far apart they are. The order matters: the prediction is made before the first real run begins.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/memory.h"
#include "file/options.h"
#include "file/summary.h"
#include "here.h"
#include "others.h"
#include "predict.h"
#include "real.h"
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where `berth calibrate` writes where nobody says. */
#define PROFILE "host.profile.json"
#define PROFILE_AGE_SEC 3600

#define TIMES_MAX 99

/* Where other work goes on, it may end. */
#define OTHERS_PATIENCE_USEC (20 * USEC_PER_SEC)

/* Simulations whose medians are the prediction: the same world, on so many days. */
#define LUCKS 11

static const char about[] =
    "Simulates a scenario with a host profile of this machine, then runs it for real, several "
    "times,\n"
    "and prints how far the prediction was off. The profile comes from `berth calibrate` alone: "
    "no\n"
    "real run is looked at before it was predicted. Without --host-profile it is "
    "host.profile.json,\n"
    "here, where that is less than an hour old; else this machine is calibrated first.\n"
    "\n"
    "What is only waited for by script (ready, idle, the timeline) is taken out of every "
    "duration.\n"
    "An error is |predicted - real| / real, of the medians of each task, and of those the median "
    "over\n"
    "all tasks. The spread is the real runs' own: from their first quartile to their third, by "
    "the\n"
    "median. An error holds where it is at most 10 % (startup, stop, registration) or 5 %\n"
    "(completion, makespan), or 1.5 times the spread where that is more. Where instances are "
    "virtual\n"
    "machines only their registration is judged, else all but that. The naive prediction has the\n"
    "same costs, but nobody in the way of anybody.\n"
    "A run during which other processes used the machine's CPUs is made again, and so it is said.\n"
    "Exits with 1 where an error does not hold, with 3 where this machine can run no containers.";

static const char examples[] =
    "  berth predict scenarios/predict/burst.json             five real runs\n"
    "  berth predict my.json --times 9 --host-profile host.profile.json\n";

struct wish {
    const char *profile;
    int64_t times;
    bool json;
    struct option_texts sets;
};

/* Everything about one prediction. */
struct session {
    const char *path;
    const struct wish *wish;
    char profile[300];
    const char *machines,
        *boot_path;    /* the scenario's own: what a profile says takes their place */
    bool boots;        /* there are virtual machines among its instances */
    bool knows_inside; /* the profile has measured what is inside them */
    struct real real;
    struct sim_result simulated[2 * LUCKS + 1]; /* the first `n_simulated` have run */
    int n_simulated;
    struct story predicted[LUCKS], naive[LUCKS], idle; /* borrowed from those */
    int64_t end_usec;                                  /* of a simulation */
    struct story *stories;
    int n_stories;
    int n_again;     /* runs that were made again, since others had disturbed them */
    int n_disturbed; /* of the stories, those that others disturbed nevertheless */
    struct predict_result results[TOTALS];
};

/* The profile --------------------------------------------------------------------------------------- */

/* -1: there is none. */
static int64_t age_sec(const char *path)
{
    struct stat is;

    return stat(path, &is) == 0 ? (int64_t)(time(NULL) - is.st_mtime) : -1;
}

static bool find_profile(struct session *session, struct err *err)
{
    const char *given = session->wish->profile;
    const char *path = given ? given : PROFILE;
    const char *words[] = {"berth", "calibrate", "--quick", "-o", PROFILE, NULL};
    char output[300];
    int64_t age = age_sec(path);

    snprintf(session->profile, sizeof session->profile, "%s", path);
    if (age > PROFILE_AGE_SEC && given)
        fprintf(stderr, "berth: warning: %s was measured %" PRId64 " h ago: machines change\n",
                path, age / 3600);
    if (given || (age >= 0 && age <= PROFILE_AGE_SEC))
        return true;
    snprintf(output, sizeof output, "%s/calibrated", session->real.scratch.folder);
    others_await_end(OTHERS_PATIENCE_USEC);
    return real_command(&session->real, words, output, true, 600 * USEC_PER_SEC, err) == EXIT_FINE;
}

/* Simulating ---------------------------------------------------------------------------------------- */

static struct scenario *load(const struct session *session, bool no_contention, bool says)
{
    const struct scenario_options options = {
        .n_sets = session->wish->sets.n_texts,
        .sets = session->wish->sets.texts,
        .image_folder = here_images(),
        .host_profile = session->profile,
        .no_contention = no_contention,
        .machines = session->machines,
        .boot_path = session->boot_path,
    };
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(session->path, &options, &findings);

    if (says)
        findings_print(&findings, stderr);
    findings_finish(&findings);
    return scenario;
}

/* The story is the session's. */
static bool simulate(struct session *session, const struct scenario *scenario, int luck,
                     struct story *story, struct err *err)
{
    struct sim_result *result = &session->simulated[session->n_simulated++];
    struct sim_options options = sim_options_default(scenario);

    options.tell = true;
    options.luck = (uint64_t)luck;
    if (!sim_run(scenario, &options, result, err))
        return false;
    *story = result->story;
    session->end_usec = result->summary.end_usec;
    return true;
}

/* Nothing costs any time, and nobody works: what is left is what the scenario waits for. */
static bool simulate_idle(struct session *session, struct scenario *scenario, struct err *err)
{
    const struct costs costs = scenario->costs;
    bool ok;

    scenario->costs = costs_none();
    for (int i = 0; i < scenario->n_taskdefs; i++)
        for (int c = 0; c < scenario->taskdefs[i].definition->n_containers; c++)
            scenario->taskdefs[i].behaviours[c].work = distribution_constant(0);
    ok = simulate(session, scenario, 0, &session->idle, err);
    scenario->costs = costs; /* it owns samples */
    return ok;
}

/* What instances are is not a matter of what they cost; and what cannot be simulated is not worth
 * measuring a machine for. */
static bool find_machines(struct session *session, struct err *err)
{
    const struct scenario_options options = {.n_sets = session->wish->sets.n_texts,
                                             .sets = session->wish->sets.texts};
    struct findings findings = {0};
    struct scenario *scenario = scenario_load(session->path, &options, &findings);

    if (!scenario)
        findings_print(&findings, stderr);
    findings_finish(&findings);
    if (!scenario)
        return err_set(err, EXIT_INPUT, "%s cannot be simulated", session->path);
    session->machines = machines_names[scenario->costs.machines];
    session->boot_path = boot_path_names[scenario->costs.path];
    for (int i = 0; i < scenario->n_groups; i++)
        session->boots |= scenario_group_is_vm(scenario, &scenario->groups[i]);
    for (int i = 0; i < scenario->n_taskdefs; i++)
        session->boots |= scenario->taskdefs[i].definition->machine != NULL;
    scenario_destroy(scenario);
    return true;
}

static bool simulate_all(struct session *session, struct err *err)
{
    struct scenario *scenario, *naive;
    bool ok = true;

    scenario = load(session, false, true);
    if (!scenario)
        return err_set(err, EXIT_INPUT, "%s cannot be simulated", session->path);
    naive = load(session, true, false);
    session->knows_inside = scenario->costs.vm.inside != NULL;
    for (int luck = 0; luck < LUCKS && ok; luck++)
        ok = simulate(session, scenario, luck, &session->predicted[luck], err) &&
             simulate(session, naive, luck, &session->naive[luck], err);
    ok = ok && simulate_idle(session, scenario, err);
    scenario_destroy(scenario);
    scenario_destroy(naive);
    return ok;
}

/* Running ------------------------------------------------------------------------------------------- */

/* As long as other work on the machine is in the way, again. */
static bool run_undisturbed(struct session *session, const struct real_wish *wish, struct err *err)
{
    struct story *story = &session->stories[session->n_stories];
    struct others others;

    for (;;) {
        others_await_end(OTHERS_PATIENCE_USEC);
        others_begin(&others);
        if (!real_run(&session->real, session->path, wish, story, err))
            return false;
        if (!others_disturbed(&others))
            break;
        if (session->n_again == session->wish->times) {
            session->n_disturbed++;
            break;
        }
        session->n_again++;
        story_finish(story);
    }
    session->n_stories++;
    return true;
}

static bool run_all(struct session *session, struct err *err)
{
    const char *words[1 + 2 * 64] = {NULL};
    const struct option_texts *sets = &session->wish->sets;
    /* a machine may be slow, but not that slow */
    struct real_wish wish = {
        .seed = -1,
        .words = words,
        .patience_usec = session->end_usec * 10 + 300 * USEC_PER_SEC,
    };

    for (int i = 0; i < sets->n_texts && i < 64; i++) {
        words[2 * i] = "--set";
        words[2 * i + 1] = sets->texts[i];
        words[2 * i + 2] = NULL;
    }
    for (int64_t i = 0; i < session->wish->times; i++) {
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r\033[Kreal run %" PRId64 " of %" PRId64, i + 1,
                    session->wish->times);
        if (!run_undisturbed(session, &wish, err))
            return false;
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return true;
}

/* Telling ------------------------------------------------------------------------------------------- */

/* Where machines boot, what counts is that; what runs in an emulated one says little. Where none does,
 * an agent's few milliseconds are no promise. */
static bool is_judged(const struct session *session, int line)
{
    return session->results[line].n > 0 && session->boots == (line == TOTAL_REGISTRATION);
}

static bool all_hold(const struct session *session)
{
    bool hold = true;

    for (int line = 0; line < TOTALS; line++)
        hold = hold && (!is_judged(session, line) || session->results[line].holds);
    return hold;
}

/* Of a few milliseconds two digits would say nothing. */
static const char *duration(int64_t usec, char *text, size_t size)
{
    if (usec >= 10 * USEC_PER_SEC)
        return summary_duration(usec, text, size);
    snprintf(text, size, "%.2f ms", (double)usec / USEC_PER_MSEC);
    return text;
}

/* What to say of a line about what goes on inside virtual machines. */
static const char *unjudged(const struct session *session)
{
    if (!session->boots || session->knows_inside)
        return "not judged";
    return "not judged: the profile measured nothing inside a VM (berth calibrate, not --quick, "
           "does)";
}

static void print_line(const struct session *session, int line)
{
    const struct predict_result *result = &session->results[line];
    char predicted[32], real[32];

    printf("%-12s %5d %11s %11s %7.1f %% %7.1f %% %7.1f %% %8.1f %%   %s", totals_names[line],
           result->n, duration(result->predicted_usec, predicted, sizeof predicted),
           duration(result->real_usec, real, sizeof real), result->error * 100,
           result->spread * 100, result->bound * 100, result->naive * 100,
           !is_judged(session, line) ? unjudged(session)
           : result->holds           ? "holds"
                                     : "DOES NOT HOLD");
    if (result->n_failed > 0)
        printf(" (%d not predicted at all)", result->n_failed);
    printf("\n");
}

static void print_results(const struct session *session, const char *title)
{
    printf("%s, %d real run%s, host profile %s\n", title, session->n_stories,
           session->n_stories == 1 ? "" : "s", session->profile);
    printf("%-12s %5s %11s %11s %9s %9s %9s %10s\n", "", "n", "predicted", "real", "error",
           "spread", "allowed", "naive");
    for (int line = 0; line < TOTALS; line++)
        if (session->results[line].n > 0)
            print_line(session, line);
    if (session->n_again > 0)
        printf("%d run%s made again: other work on this machine was in the way\n", session->n_again,
               session->n_again == 1 ? " was" : "s were");
    if (session->n_disturbed > 0)
        printf("%d of the %d runs counted were disturbed too: nothing is certain of them\n",
               session->n_disturbed, session->n_stories);
}

/* "startup": 0.041, ...; null where there is nothing to say. */
static void add_numbers(struct buffer *json, const char *name, const struct session *session,
                        double (*value)(const struct predict_result *))
{
    buffer_add(json, ", \"%s\": {", name);
    for (int line = 0; line < TOTALS; line++) {
        const struct predict_result *result = &session->results[line];

        buffer_add(json, "%s\"%s\": ", line > 0 ? ", " : "", totals_names[line]);
        if (result->n > 0)
            buffer_add(json, "%.6f", value(result));
        else
            buffer_add_text(json, "null");
    }
    buffer_add_text(json, "}");
}

static double error_of(const struct predict_result *result)
{
    return result->error;
}

static double spread_of(const struct predict_result *result)
{
    return result->spread;
}

static double naive_of(const struct predict_result *result)
{
    return result->naive;
}

static double bound_of(const struct predict_result *result)
{
    return result->bound;
}

static double predicted_of(const struct predict_result *result)
{
    return (double)result->predicted_usec / USEC_PER_SEC;
}

static double real_of(const struct predict_result *result)
{
    return (double)result->real_usec / USEC_PER_SEC;
}

static void print_json(const struct session *session, const char *title)
{
    struct buffer json = {0};

    buffer_add_text(&json, "{\"scenario\": ");
    buffer_add_json_string(&json, session->path);
    buffer_add_text(&json, ", \"title\": ");
    buffer_add_json_string(&json, title);
    buffer_add(&json, ", \"times\": %d, \"again\": %d, \"disturbed\": %d, \"holds\": %s",
               session->n_stories, session->n_again, session->n_disturbed,
               all_hold(session) ? "true" : "false");
    if (session->boots)
        buffer_add(&json, ", \"inside_measured\": %s", session->knows_inside ? "true" : "false");
    add_numbers(&json, "median_error", session, error_of);
    add_numbers(&json, "spread", session, spread_of);
    add_numbers(&json, "allowed", session, bound_of);
    add_numbers(&json, "naive_error", session, naive_of);
    add_numbers(&json, "predicted", session, predicted_of);
    add_numbers(&json, "real", session, real_of);
    printf("%s}\n", json.text);
    buffer_finish(&json);
}

/* The whole ----------------------------------------------------------------------------------------- */

static int tell(struct session *session, const char *title)
{
    const struct predict_runs runs = {
        .idle = &session->idle,
        .predicted = session->predicted,
        .n_predicted = LUCKS,
        .naive = session->naive,
        .n_naive = LUCKS,
        .real = session->stories,
        .n_real = session->n_stories,
    };

    predict_judge(&runs, session->results);
    if (session->wish->json)
        print_json(session, title);
    else
        print_results(session, title);
    return all_hold(session) ? EXIT_FINE : EXIT_ANSWER;
}

static int predict(struct session *session)
{
    struct err err;
    int code;

    if (!real_open(&session->real, &err))
        return err_report(&err);
    session->stories = memory_zeroed((size_t)session->wish->times, sizeof *session->stories);
    if (find_machines(session, &err) && find_profile(session, &err) &&
        simulate_all(session, &err) && run_all(session, &err))
        code = tell(session, session->path);
    else
        code = err_report(&err);
    for (int i = 0; i < session->n_stories; i++)
        story_finish(&session->stories[i]);
    free(session->stories);
    for (int i = 0; i < session->n_simulated; i++)
        sim_result_finish(&session->simulated[i]);
    real_close(&session->real);
    return code;
}

int cmd_predict(int argc, char **argv)
{
    struct wish wish = {.times = 5};
    const struct option_row rows[] = {
        {"times", 0, OPTION_COUNT, &wish.times, "N", "real runs, 5 where nothing is said", 1, NULL},
        {"host-profile", 0, OPTION_TEXT, &wish.profile, "FILE",
         "what `berth calibrate` has written on this machine", 0, NULL},
        {"set", 0, OPTION_TEXTS, &wish.sets, "PATH=VALUE",
         "change one value of the scenario, as often as you like", 0, NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "one JSON object instead of the table", 0, NULL},
    };
    const struct options options = {
        .command = "predict",
        .usage = "SCENARIO [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    static struct session session;
    int n_operands, code;

    session.wish = &wish;
    if (options_parse(&options, argc, argv, &n_operands, &code)) {
        session.path = argv[0];
        if (wish.times > TIMES_MAX)
            wish.times = TIMES_MAX;
        code = predict(&session);
    }
    free(wish.sets.texts);
    return code;
}
