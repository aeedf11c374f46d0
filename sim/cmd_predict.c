/*
 * `berth predict SCENARIO...`: simulates with a host profile of this machine, runs for real, and says how
 * far apart they are. The order matters: no real run begins before it was predicted.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/memory.h"
#include "file/options.h"
#include "file/summary.h"
#include "forecast.h"
#include "others.h"

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
#define CALIBRATE_PATIENCE_USEC (600 * USEC_PER_SEC)
#define CALIBRATE_TRIES 3

static const char about[] =
    "Simulates a scenario with a host profile of this machine, then runs it for real, several "
    "times,\n"
    "and prints how far the prediction was off; several scenarios take turns. The profile comes "
    "from\n"
    "`berth calibrate` alone: no real run is looked at before it was predicted. Without "
    "--host-profile\n"
    "it is host.profile.json, here, where that is less than an hour old; else this machine is\n"
    "calibrated first. Some machines, guests above all, are quicker in one minute than in the "
    "next:\n"
    "with --fresh this one is calibrated (quickly) before each run of them all, and the prediction "
    "is\n"
    "the median over all profiles, as what is real is the median over all runs.\n"
    "\n"
    "What is only waited for by script (ready, idle, the timeline) is taken out of every "
    "duration.\n"
    "An error is |predicted - real| / real, of the medians of each task, and of those the median "
    "over\n"
    "all tasks. The spread is the real runs' own: their standard deviation, by the median.\n"
    "An error holds where it is at most 10 % (startup, stop, registration, boot) or 5 %\n"
    "(completion, makespan), or 1.5 times the spread where that is more. Where virtual machines "
    "boot\n"
    "only that is judged: their registration where they are instances (on Fargate, too), their "
    "boot\n"
    "where they are tasks' own; else all but registration. It is not where the profile has not\n"
    "measured how they start. The naive prediction has the same costs, but nobody in the way of\n"
    "anybody.\n"
    "A run during which other processes used the machine's CPUs is made again, and so it is said.\n"
    "Exits with 1 where an error does not hold or nothing could be judged, with 3 where this "
    "machine\n"
    "can run no containers.";

static const char examples[] =
    "  berth predict scenarios/predict/burst.json             five real runs\n"
    "  berth predict my.json --times 9 --host-profile host.profile.json\n"
    "  berth predict --fresh one.json other.json              calibrated five times, too\n";

struct wish {
    const char *profile;
    int64_t times;
    bool fresh, json;
    struct option_texts sets;
};

struct session {
    const struct wish *wish;
    struct real real;
    struct forecast *forecasts;
    int n_forecasts;
};

/* The profile --------------------------------------------------------------------------------------- */

static bool any_boots(const struct session *session, bool boots)
{
    for (int i = 0; i < session->n_forecasts; i++)
        if (session->forecasts[i].boots == boots)
            return true;
    return false;
}

/* As long as other work on the machine is in the way, again, but not for ever. */
static bool calibrate(struct session *session, const char *boots, const char *path, struct err *err)
{
    const char *words[] = {"berth", "calibrate", "--quick", "--boots", boots, "-o", path, NULL};
    struct others others;
    char output[300];

    snprintf(output, sizeof output, "%s/calibrated", session->real.scratch.folder);
    for (int i = 0; i < CALIBRATE_TRIES; i++) {
        forecast_await_quiet();
        others_begin(&others);
        if (real_command(&session->real, words, output, true, CALIBRATE_PATIENCE_USEC, err) !=
            EXIT_FINE)
            return false;
        /* Emulated machines are ended without being waited for: they would be taken for others. */
        if (strcmp(boots, "never") != 0 || !others_disturbed(&others, OTHERS_BEHIND_CALIBRATION))
            return true;
        fprintf(stderr, "berth: other work on this machine was in the way of calibrating it%s\n",
                i + 1 < CALIBRATE_TRIES ? ": once more" : "");
    }
    return true;
}

/* -1: there is none. */
static int64_t age_sec(const char *path)
{
    struct stat is;

    return stat(path, &is) == 0 ? (int64_t)(time(NULL) - is.st_mtime) : -1;
}

/* Of one that was found: says what it lacks. */
static bool covers_all(const struct session *session, const char *path)
{
    for (int i = 0; i < session->n_forecasts; i++) {
        const struct forecast *forecast = &session->forecasts[i];

        if (!forecast_is_covered(forecast, path)) {
            fprintf(stderr,
                    "berth: calibrating again: %s has no virtual machine measured that starts as "
                    "in %s (%s)\n",
                    path, forecast->path, forecast->boot_path);
            return false;
        }
    }
    return true;
}

/* The one for all runs. */
static bool find_profile(struct session *session, const char *given, struct err *err)
{
    int64_t age = age_sec(given ? given : PROFILE);

    if (age > PROFILE_AGE_SEC && given)
        fprintf(stderr, "berth: warning: %s was measured %" PRId64 " h ago: machines change\n",
                given, age / 3600);
    return given || (age >= 0 && age <= PROFILE_AGE_SEC && covers_all(session, PROFILE)) ||
           calibrate(session, any_boots(session, true) ? "always" : "in-time", PROFILE, err);
}

static bool simulate_all(struct session *session, const char *profile, bool boots, struct err *err)
{
    for (int i = 0; i < session->n_forecasts; i++)
        if (session->forecasts[i].boots == boots &&
            !forecast_simulate(&session->forecasts[i], profile, err))
            return false;
    return true;
}

/* Running ------------------------------------------------------------------------------------------- */

static void say_round(const struct session *session, int64_t round)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kreal run %" PRId64 " of %" PRId64 "%s", round + 1,
                session->wish->times, session->wish->fresh ? ": " : "");
}

/* The profile of one round alone. */
static bool predict_afresh(struct session *session, int64_t round, bool boots, struct err *err)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%" PRId64 ".%d.profile.json", session->real.scratch.folder,
             round, boots);
    return calibrate(session, boots ? "always" : "never", path, err) &&
           simulate_all(session, path, boots, err);
}

/* Of the scenarios that boot virtual machines, or of those that do not. */
static bool run_round(struct session *session, int64_t round, bool boots, struct err *err)
{
    const struct wish *wish = session->wish;

    if (!any_boots(session, boots))
        return true;
    if (wish->fresh && !predict_afresh(session, round, boots, err))
        return false;
    for (int i = 0; i < session->n_forecasts; i++)
        if (session->forecasts[i].boots == boots &&
            !forecast_run(&session->forecasts[i], &session->real, wish->times, err))
            return false;
    return true;
}

static bool run_all(struct session *session, struct err *err)
{
    for (int64_t round = 0; round < session->wish->times; round++) {
        say_round(session, round);
        /* Apart: machines that boot make a calibration long, and what it says of containers old. */
        if (!run_round(session, round, false, err) || !run_round(session, round, true, err))
            return false;
    }
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    return true;
}

/* Telling ------------------------------------------------------------------------------------------- */

/* What came of one scenario. */
struct outcome {
    const struct forecast *forecast;
    struct predict_result results[TOTALS];
};

/* Of a few milliseconds two digits would say nothing. */
static const char *duration(int64_t usec, char *text, size_t size)
{
    if (usec >= 10 * USEC_PER_SEC)
        return summary_duration(usec, text, size);
    snprintf(text, size, "%.2f ms", (double)usec / USEC_PER_MSEC);
    return text;
}

static const char *unjudged(const struct outcome *outcome, int line)
{
    const struct forecast *forecast = outcome->forecast;

    if (outcome->results[line].boots)
        return "not judged: the profile measured no virtual machine that starts so (berth "
               "calibrate does)";
    if (line == TOTAL_REGISTRATION || !forecast->boots || forecast->knows_inside)
        return "not judged";
    return "not judged: the profile measured nothing inside a VM (berth calibrate, not --quick, "
           "does)";
}

static void print_line(const struct outcome *outcome, int line)
{
    const struct predict_result *result = &outcome->results[line];
    char predicted[32], real[32];

    printf("%-12s %5d %11s %11s %7.1f %% %7.1f %% %7.1f %% %8.1f %%   %s", totals_names[line],
           result->n, duration(result->predicted_usec, predicted, sizeof predicted),
           duration(result->real_usec, real, sizeof real), result->error * 100,
           result->spread * 100, result->bound * 100, result->naive * 100,
           !result->judged ? unjudged(outcome, line)
           : result->holds ? "holds"
                           : "DOES NOT HOLD");
    if (result->n_failed > 0)
        printf(" (%d not predicted at all)", result->n_failed);
    printf("\n");
}

static bool any_judged(const struct outcome *outcome)
{
    bool any = false;

    for (int line = 0; line < TOTALS; line++)
        any |= outcome->results[line].judged;
    return any;
}

static void print_results(const struct outcome *outcome, const char *profile)
{
    int n = outcome->forecast->n_stories;

    printf("%s, %d real run%s, ", outcome->forecast->path, n, n == 1 ? "" : "s");
    if (profile)
        printf("host profile %s\n", profile);
    else
        printf("calibrated before each\n");
    printf("%-12s %5s %11s %11s %9s %9s %9s %10s\n", "", "n", "predicted", "real", "error",
           "spread", "allowed", "naive");
    for (int line = 0; line < TOTALS; line++)
        if (outcome->results[line].n > 0)
            print_line(outcome, line);
    if (!any_judged(outcome))
        printf("nothing of this could be judged\n");
    if (outcome->forecast->n_again > 0)
        printf("%d run%s made again: other work on this machine was in the way\n",
               outcome->forecast->n_again, outcome->forecast->n_again == 1 ? " was" : "s were");
    if (outcome->forecast->n_disturbed > 0)
        printf("%d of the %d runs counted were disturbed too: nothing is certain of them\n",
               outcome->forecast->n_disturbed, outcome->forecast->n_stories);
}

/* "startup": 0.041, ...; null where there is nothing to say. */
static void add_numbers(struct buffer *json, const char *name, const struct outcome *outcome,
                        double (*value)(const struct predict_result *))
{
    buffer_add(json, ", \"%s\": {", name);
    for (int line = 0; line < TOTALS; line++) {
        const struct predict_result *result = &outcome->results[line];

        buffer_add(json, "%s\"%s\": ", line > 0 ? ", " : "", totals_names[line]);
        if (result->n > 0)
            buffer_add(json, "%.6f", value(result));
        else
            buffer_add_text(json, "null");
    }
    buffer_add_text(json, "}");
}

/* The names of the lines that are. */
static void add_judged(struct buffer *json, const struct outcome *outcome)
{
    const char *separator = "";

    buffer_add_text(json, ", \"judged\": [");
    for (int line = 0; line < TOTALS; line++)
        if (outcome->results[line].judged) {
            buffer_add(json, "%s\"%s\"", separator, totals_names[line]);
            separator = ", ";
        }
    buffer_add_text(json, "]");
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

static void print_json(const struct outcome *outcome)
{
    struct buffer json = {0};

    buffer_add_text(&json, "{\"scenario\": ");
    buffer_add_json_string(&json, outcome->forecast->path);
    buffer_add_text(&json, ", \"title\": ");
    buffer_add_json_string(&json, outcome->forecast->title);
    buffer_add(&json, ", \"times\": %d, \"again\": %d, \"disturbed\": %d, \"holds\": %s",
               outcome->forecast->n_stories, outcome->forecast->n_again,
               outcome->forecast->n_disturbed, predict_holds(outcome->results) ? "true" : "false");
    if (outcome->forecast->boots)
        buffer_add(&json, ", \"boot_measured\": %s, \"inside_measured\": %s",
                   outcome->forecast->knows_boot ? "true" : "false",
                   outcome->forecast->knows_inside ? "true" : "false");
    add_judged(&json, outcome);
    add_numbers(&json, "median_error", outcome, error_of);
    add_numbers(&json, "spread", outcome, spread_of);
    add_numbers(&json, "allowed", outcome, bound_of);
    add_numbers(&json, "naive_error", outcome, naive_of);
    add_numbers(&json, "predicted", outcome, predicted_of);
    add_numbers(&json, "real", outcome, real_of);
    printf("%s}\n", json.text);
    buffer_finish(&json);
}

/* The whole ----------------------------------------------------------------------------------------- */

static int tell(const struct session *session)
{
    const char *given = session->wish->profile;
    const char *profile = session->wish->fresh ? NULL : given ? given : PROFILE;
    int code = EXIT_FINE;

    for (int i = 0; i < session->n_forecasts; i++) {
        struct outcome outcome = {.forecast = &session->forecasts[i]};

        forecast_judge(outcome.forecast, outcome.results);
        if (session->wish->json) {
            print_json(&outcome);
        } else {
            printf("%s", i > 0 ? "\n" : "");
            print_results(&outcome, profile);
        }
        if (!predict_holds(outcome.results))
            code = EXIT_ANSWER;
    }
    return code;
}

static bool predict_and_run(struct session *session, struct err *err)
{
    const struct wish *wish = session->wish;
    const char *profile = wish->profile ? wish->profile : PROFILE;

    return (wish->fresh || (find_profile(session, wish->profile, err) &&
                            simulate_all(session, profile, false, err) &&
                            simulate_all(session, profile, true, err))) &&
           run_all(session, err);
}

static int predict(struct session *session, char **paths)
{
    bool ok = true;
    struct err err;
    int code;

    if (!real_open(&session->real, &err))
        return err_report(&err);
    for (int i = 0; i < session->n_forecasts && ok; i++)
        ok = forecast_open(&session->forecasts[i], paths[i], &session->wish->sets, &err) &&
             forecast_can_run(&session->forecasts[i], &session->real, &err);
    code = ok && predict_and_run(session, &err) ? tell(session) : err_report(&err);
    for (int i = 0; i < session->n_forecasts; i++)
        forecast_finish(&session->forecasts[i]);
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
        {"fresh", 0, OPTION_FLAG, &wish.fresh, NULL, "calibrate before each real run, quickly", 0,
         NULL},
        {"set", 0, OPTION_TEXTS, &wish.sets, "PATH=VALUE",
         "change one value of the scenario, as often as you like", 0, NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "a line with a JSON object for each scenario", 0,
         NULL},
    };
    const struct options options = {
        .command = "predict",
        .usage = "SCENARIO... [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = -1,
    };
    struct session session = {.wish = &wish};
    int code;

    if (options_parse(&options, argc, argv, &session.n_forecasts, &code)) {
        if (wish.times > PREDICT_RUNS_MOST)
            wish.times = PREDICT_RUNS_MOST;
        if (wish.fresh && wish.profile) {
            fprintf(stderr,
                    "berth: --fresh measures profiles of its own: leave --host-profile out\n");
            code = EXIT_INPUT;
        } else {
            session.forecasts =
                memory_zeroed((size_t)session.n_forecasts, sizeof *session.forecasts);
            code = predict(&session, argv);
        }
    }
    free(session.forecasts);
    free(wish.sets.texts);
    return code;
}
