/*
 * `berth tournament SCENARIO`: placement strategies against each other, and who came out best.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/options.h"
#include "file/summary.h"
#include "tournament.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As many as the sums of estimate.h are good for. */
#define SEEDS_MAX 10000

static const char about[] =
    "Simulates a scenario once for each placement strategy and seed, and ranks the strategies. "
    "Each\n"
    "takes the place of those that the scenario's services and runTask calls name, so one "
    "scenario\n"
    "serves all. Every strategy meets the same worlds: a seed draws the same start-up costs and "
    "the\n"
    "same work for the same task, whoever placed it. Write \"wait\": true beside runTask: a task "
    "that\n"
    "is refused has no number, and those after it would meet other draws.\n"
    "\n"
    "Columns, each with its mean over all seeds and its 95 % confidence interval:\n"
    "\n"
    "- unplaced: tasks refused for want of room, or still waiting at the end\n"
    "- waited: from when a task was asked for, or missed by its service, until it was placed\n"
    "- instances: the most that held a task at the same time\n"
    "- CPU, memory: what tasks reserved of the instances that held any, over time\n"
    "- inst. hours: how long instances held a task\n"
    "- cost: the whole bill, at the prices of the instances' types\n"
    "\n"
    "The ranking: fewest unplaced, then the shortest waited p95, then the fewest instances. "
    "Whether\n"
    "a lead is more than luck is said below it: differences to the best, seed by seed; those "
    "whose\n"
    "interval holds 0 are marked with ~ and prove nothing.\n"
    "\n"
    "A strategy of your own is one function and one row in sim/core/strategies.c.";

static const char examples[] =
    "  berth tournament scenarios/tournament.json           all strategies, twenty seeds\n"
    "  berth tournament lab.json --strategies best-fit,binpack-memory\n"
    "  berth tournament lab.json --strategies spread-zone+best-fit,ecs-default --seeds 100\n"
    "  berth tournament --list                              the strategies' names\n";

struct wish {
    const char *strategies;
    int64_t seeds;
    bool list, json;
    struct option_texts sets;
};

/* The table ------------------------------------------------------------------------------------ */

/* What a difference proves: "=" none at all, "~" none that could not be luck. */
static char mark_of(const struct estimate *difference)
{
    if (difference->mean == 0 && difference->half == 0)
        return '=';
    return estimate_holds_zero(difference) ? '~' : ' ';
}

/* "12.3 ±0.4" in sixteen columns, and a mark; a mark of 0 means that it is no difference. */
static void add_cell(struct buffer *line, const struct estimate *estimate, enum measure_kind kind,
                     char mark)
{
    const struct measure_row *row = &measure_rows[kind];
    char half[32] = "";

    if (estimate->is_unknown) {
        buffer_add(line, "%9s%8s", "-", "");
        return;
    }
    if (estimate->has_interval)
        snprintf(half, sizeof half, "%.*f", row->decimals, estimate->half / row->per_unit);
    buffer_add(line, mark ? "%+9.*f" : "%9.*f", row->decimals, estimate->mean / row->per_unit);
    buffer_add(line, estimate->has_interval ? " \u00b1%-5s%c" : "  %-5s%c", half,
               mark ? mark : ' ');
}

/* Without the blanks at its end. */
static void print_line(struct buffer *line)
{
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->text[--line->length] = '\0';
    printf("%s\n", line->text);
    buffer_clear(line);
}

/* The first column has room for the longest name, a chain of rules mostly. */
static int name_columns(const struct tournament *tournament)
{
    int columns = 26;

    for (int i = 0; i < tournament->contenders->n_contenders; i++) {
        int length = (int)strlen(tournament->contenders->contenders[i].name);

        columns = length > columns ? length : columns;
    }
    return columns;
}

static void print_head(struct buffer *line, const struct tournament *tournament, const char *first,
                       const enum measure_kind *kinds, int n)
{
    buffer_add(line, "\n%-*s", name_columns(tournament) + 4, first);
    for (int i = 0; i < n; i++) {
        const struct measure_row *row = &measure_rows[kinds[i]];
        char title[32];

        snprintf(title, sizeof title, "%s%s%s", row->title, row->unit[0] ? ", " : "", row->unit);
        buffer_add(line, "%14s   ", title);
    }
    print_line(line);
}

static void add_name(struct buffer *line, const struct tournament *tournament, int place)
{
    buffer_add(line, "%2d  %-*s", tournament_rank(tournament, place), name_columns(tournament),
               tournament->contenders->contenders[tournament->ranking[place]].name);
}

static void print_block(const struct tournament *tournament, const char *first,
                        const enum measure_kind *kinds, int n)
{
    struct buffer line = {0};

    print_head(&line, tournament, first, kinds, n);
    for (int place = 0; place < tournament->contenders->n_contenders; place++) {
        add_name(&line, tournament, place);
        for (int i = 0; i < n; i++) {
            struct estimate estimate =
                estimate_of(tournament_values(tournament, tournament->ranking[place], kinds[i]),
                            tournament->n_seeds);

            add_cell(&line, &estimate, kinds[i], 0);
        }
        print_line(&line);
    }
    buffer_finish(&line);
}

static struct estimate against_best(const struct tournament *tournament, int place,
                                    enum measure_kind kind)
{
    return estimate_of_difference(tournament_values(tournament, tournament->ranking[place], kind),
                                  tournament_values(tournament, tournament->ranking[0], kind),
                                  tournament->n_seeds);
}

static void print_differences(const struct tournament *tournament, const enum measure_kind *kinds,
                              int n)
{
    struct buffer line = {0};
    print_head(&line, tournament, "    less the best", kinds, n);
    for (int place = 1; place < tournament->contenders->n_contenders; place++) {
        add_name(&line, tournament, place);
        for (int i = 0; i < n; i++) {
            struct estimate estimate = against_best(tournament, place, kinds[i]);

            add_cell(&line, &estimate, kinds[i], mark_of(&estimate));
        }
        print_line(&line);
    }
    buffer_finish(&line);
}

static void print_tables(const struct scenario *scenario, const struct tournament *tournament)
{
    static const enum measure_kind how_well[] = {MEASURE_UNPLACED, MEASURE_WAIT_P50,
                                                 MEASURE_WAIT_P95, MEASURE_INSTANCES};
    static const enum measure_kind at_what_cost[] = {MEASURE_PLACED, MEASURE_CPU, MEASURE_MEMORY,
                                                     MEASURE_INSTANCE_TIME, MEASURE_COST};
    static const enum measure_kind to_the_best[] = {MEASURE_UNPLACED, MEASURE_WAIT_P95,
                                                    MEASURE_INSTANCES, MEASURE_INSTANCE_TIME};
    char how[96];

    snprintf(how, sizeof how, "%d %s x %d %s, SIMULATED", tournament->contenders->n_contenders,
             tournament->contenders->n_contenders == 1 ? "strategy" : "strategies",
             tournament->n_seeds, tournament->n_seeds == 1 ? "seed" : "seeds");
    summary_title(stdout, scenario, how);
    print_block(tournament, "    strategy", how_well, 4);
    print_block(tournament, "    what it took", at_what_cost, 5);
    if (tournament->contenders->n_contenders > 1 && tournament->n_seeds > 1)
        print_differences(tournament, to_the_best, 4);
    printf("\nranked by %s\n", tournament_rule);
    if (tournament->n_seeds > 1)
        printf(
            "\u00b1 is the 95 %% confidence interval; ~ may be luck, = is no difference at all\n");
    else
        printf("one seed is one story: --seeds 20 says how much of it was luck\n");
}

/* JSON ----------------------------------------------------------------------------------------- */

static void add_contender(struct buffer *json, const struct tournament *tournament, int place)
{
    int id = tournament->ranking[place];

    buffer_add(json, "%s{\"rank\": %d, \"strategy\": ", place ? ",\n " : "",
               tournament_rank(tournament, place));
    buffer_add_json_string(json, tournament->contenders->contenders[id].name);
    for (int k = 0; k < MEASURES; k++) {
        struct estimate estimate = estimate_of(
            tournament_values(tournament, id, (enum measure_kind)k), tournament->n_seeds);

        buffer_add_text(json, ", ");
        measure_add_json(json, (enum measure_kind)k, &estimate);
    }
    buffer_add_text(json, ", \"against_best\": {");
    for (int k = 0; k < MEASURES; k++) {
        struct estimate estimate = against_best(tournament, place, (enum measure_kind)k);

        buffer_add_text(json, k ? ", " : "");
        measure_add_json(json, (enum measure_kind)k, &estimate);
    }
    buffer_add_text(json, "}}");
}

static void print_json(const struct scenario *scenario, const struct tournament *tournament)
{
    struct buffer json = {0};

    buffer_add_text(&json, "{\"title\": ");
    buffer_add_json_string(&json, scenario->title);
    buffer_add(&json, ", \"seeds\": %d, \"ranked_by\": ", tournament->n_seeds);
    buffer_add_json_string(&json, tournament_rule);
    buffer_add_text(&json, ", \"ranking\": [\n ");
    for (int place = 0; place < tournament->contenders->n_contenders; place++)
        add_contender(&json, tournament, place);
    buffer_add_text(&json, "]}");
    printf("%s\n", json.text);
    buffer_finish(&json);
}

/* The command ---------------------------------------------------------------------------------- */

static void show_progress(int done, int total)
{
    fprintf(stderr, "\r%d of %d simulations", done, total);
}

static int run(struct scenario *scenario, const struct contenders *contenders,
               const struct wish *wish)
{
    bool is_terminal = isatty(STDERR_FILENO);
    struct tournament tournament;
    struct err err;
    int code = EXIT_FINE;
    bool ok = tournament_run(&tournament, scenario, contenders, (int)wish->seeds,
                             is_terminal ? show_progress : NULL, &err);

    if (is_terminal)
        fprintf(stderr, "\r\033[K");
    if (!ok)
        code = err_report(&err);
    else if (wish->json)
        print_json(scenario, &tournament);
    else
        print_tables(scenario, &tournament);
    tournament_finish(&tournament);
    return code;
}

static int load_and_run(const char *path, const struct wish *wish)
{
    const struct scenario_options options = {.n_sets = wish->sets.n_texts,
                                             .sets = wish->sets.texts};
    struct findings findings = {0};
    struct contenders contenders = {0};
    struct scenario *scenario = NULL;
    struct err err;
    int code = EXIT_INPUT;

    if (!contenders_read(&contenders, wish->strategies, &err)) {
        code = err_report(&err);
    } else {
        scenario = scenario_load(path, &options, &findings);
        findings_print(&findings, stderr);
        findings_finish(&findings);
    }
    if (scenario) {
        code = run(scenario, &contenders, wish);
        scenario_destroy(scenario);
    }
    contenders_finish(&contenders);
    return code;
}

int cmd_tournament(int argc, char **argv)
{
    struct wish wish = {.strategies = "all", .seeds = 20};
    const struct option_row rows[] = {
        {"strategies", 0, OPTION_TEXT, &wish.strategies, "NAMES",
         "with commas between them; a chain of rules is joined by +; default: all", 0, NULL},
        {"seeds", 0, OPTION_COUNT, &wish.seeds, "N", "seeds 1 to N; default: 20", 1, NULL},
        {"set", 0, OPTION_TEXTS, &wish.sets, "PATH=VALUE",
         "change one value of the scenario, as often as you like", 0, NULL},
        {"list", 0, OPTION_FLAG, &wish.list, NULL, "the strategies' names and what they do", 0,
         NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "one JSON object instead of the tables", 0,
         NULL},
    };
    const struct options options = {
        .command = "tournament",
        .usage = "SCENARIO [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 0,
        .operands_max = 1,
    };
    int n_operands, code;

    if (options_parse(&options, argc, argv, &n_operands, &code)) {
        code = EXIT_INPUT;
        if (wish.list) {
            contenders_describe(stdout);
            code = EXIT_FINE;
        } else if (n_operands == 0) {
            fprintf(stderr, "berth tournament: which SCENARIO? (see berth tournament --help)\n");
        } else if (wish.seeds > SEEDS_MAX) {
            fprintf(stderr, "berth tournament: --seeds takes at most %d\n", SEEDS_MAX);
        } else {
            code = load_and_run(argv[0], &wish);
        }
    }
    free(wish.sets.texts);
    return code;
}
