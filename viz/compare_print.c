/*
 * Tables by libsmartcols, sentences by hand. It must never know how the numbers came about.
 */
#include "viz/compare_print.h"

#include "viz/compare_cost.h"
#include "viz/compare_requests.h"
#include "viz/compare_table.h"
#include "viz/life.h"
#include "viz/scene_tell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *compare_print_duration(char *text, size_t size, int64_t usec)
{
    /* Three digits that count, rounded half up in integers. */
    int64_t msec_tenths = (usec + 50) / 100, sec_hundredths = (usec + 5000) / 10000;
    if (usec == USEC_NEVER)
        snprintf(text, size, "-");
    else if (usec < USEC_PER_MSEC)
        snprintf(text, size, "%" PRId64 " us", usec);
    else if (msec_tenths < 1000)
        snprintf(text, size, "%" PRId64 ".%" PRId64 " ms", msec_tenths / 10, msec_tenths % 10);
    else if (usec + 500 < USEC_PER_SEC)
        snprintf(text, size, "%" PRId64 " ms", (usec + 500) / 1000);
    else
        snprintf(text, size, "%" PRId64 ".%02" PRId64 " s", sec_hundredths / 100,
                 sec_hundredths % 100);
    return text;
}

/* "t1 web i1", and where the runs disagree "t1 web i1|i2". */
static void tell_task(char *text, size_t size, const struct compare *compare, int32_t task)
{
    const struct story *a = compare->sides[0].story, *b = compare->sides[1].story;
    const struct task_definition *definition = life_definition(a, task);
    int32_t here = a->tasks[task].instance, there = b->tasks[task].instance;
    snprintf(text, size, "%s %s", story_task_name(task), definition ? definition->family : "");
    size_t used = strlen(text);
    if (here != ID_NONE)
        used += (size_t)snprintf(text + used, size - used, " %s", story_place_name(a, here));
    if (there != ID_NONE && used < size && !story_same_place(a, here, b, there))
        snprintf(text + used, size - used, "|%s", story_place_name(b, there));
}

static void tell_phase(char *text, size_t size, const struct compare *compare,
                       const struct compare_row *row)
{
    const struct task_definition *definition =
        row->task == ID_NONE ? NULL : life_definition(compare->sides[0].story, row->task);
    if (row->container == ID_NONE || !definition || definition->n_containers < 2)
        snprintf(text, size, "%s", phases_names[row->phase]);
    else
        snprintf(text, size, "%s %s", phases_names[row->phase],
                 definition->containers[row->container].name);
}

/* A number of whoever the row is about, task or instance. */
static int32_t owner_of(const struct compare_row *row)
{
    return row->task != ID_NONE ? row->task : -2 - row->instance;
}

static void tell_owner(char *text, size_t size, const struct compare *compare,
                       const struct compare_row *row)
{
    if (row->task != ID_NONE)
        tell_task(text, size, compare, row->task);
    else
        snprintf(text, size, "%s", story_machine_name(compare->sides[0].story, row->instance));
}

static void print_tasks(FILE *out, const struct compare *compare)
{
    const char *heads[] = {"task", "phase", compare_side_name(compare, 0),
                           compare_side_name(compare, 1), compare_error_name(compare)};
    struct libscols_table *table = compare_table_new(heads, 5, 2);
    int32_t last = ID_NONE;
    int n_tasks = 0, i = 0;
    for (; i < compare->n_rows; i++) {
        const struct compare_row *row = &compare->rows[i];
        char task[160] = "", phase[96], durations[2][32], error[32] = "";
        if (owner_of(row) != last && n_tasks++ == COMPARE_PRINT_TASKS)
            break;
        if (owner_of(row) != last)
            tell_owner(task, sizeof task, compare, row);
        last = owner_of(row);
        tell_phase(phase, sizeof phase, compare, row);
        for (int s = 0; s < 2; s++)
            compare_print_duration(durations[s], sizeof durations[s], row->usec[s]);
        if (row->mark == COMPARE_MODELLED)
            snprintf(error, sizeof error, "~");
        else if (row->mark == COMPARE_COUNTED)
            compare_table_error(error, sizeof error, row->error_permille, false);
        compare_table_add(table, 5, task, phase, durations[0], durations[1], error);
    }
    compare_table_print(out, table);
    int32_t rest = ID_NONE;
    int n_rest = 0;
    for (; i < compare->n_rows; i++) {
        n_rest += owner_of(&compare->rows[i]) != rest;
        rest = owner_of(&compare->rows[i]);
    }
    if (n_rest > 0)
        fprintf(out, "... and %d more (--json has them all)\n", n_rest);
}

static void print_medians(FILE *out, const struct compare *compare)
{
    char last_head[32];
    snprintf(last_head, sizeof last_head, "median %s", compare_error_name(compare));
    const char *heads[] = {
        "medians", "counted", compare_side_name(compare, 0), compare_side_name(compare, 1),
        last_head, "p95"};
    struct libscols_table *table = compare_table_new(heads, 6, 1);
    for (int phase = 0; phase < PHASES; phase++) {
        const struct compare_median *median = &compare->medians[phase];
        char counted[16], durations[2][32], error[32], p95[32];
        if (median->n == 0)
            continue;
        snprintf(counted, sizeof counted, "%d", median->n);
        for (int s = 0; s < 2; s++)
            compare_print_duration(durations[s], sizeof durations[s], median->usec[s]);
        compare_table_error(error, sizeof error, median->error_permille, true);
        compare_table_error(p95, sizeof p95, median->p95_permille, true);
        compare_table_add(table, 6, phases_names[phase], counted, durations[0], durations[1], error,
                          p95);
    }
    compare_table_print(out, table);
}

/* "+64 ms +/-12 ms", and what it proves. */
static void tell_difference(char *text, size_t size, const struct compare_total *total)
{
    const struct estimate *difference = &total->difference;
    char mean[32], half[32];
    if (!total->has_difference) {
        snprintf(text, size, "-");
        return;
    }
    bool minus = difference->mean < 0;
    compare_print_duration(mean, sizeof mean,
                           (int64_t)((minus ? -difference->mean : difference->mean) + 0.5));
    compare_print_duration(half, sizeof half, (int64_t)(difference->half + 0.5));
    if (difference->has_interval)
        snprintf(text, size, "%s%s +/-%s%s", minus ? "-" : "+", mean, half,
                 difference->mean == 0 && difference->half == 0 ? " ="
                 : estimate_holds_zero(difference)              ? " ~"
                                                                : "");
    else
        snprintf(text, size, "%s%s", minus ? "-" : "+", mean);
}

/* The totals as distributions: where they lie, how far they are apart, and the mean difference of a pair. */
static void print_totals(FILE *out, const struct compare *compare)
{
    char p95_heads[2][32];
    for (int s = 0; s < 2; s++)
        snprintf(p95_heads[s], sizeof p95_heads[s], "p95 %s", compare_side_name(compare, s));
    const char *heads[] = {"in all",
                           "of each",
                           compare_side_name(compare, 0),
                           compare_side_name(compare, 1),
                           p95_heads[0],
                           p95_heads[1],
                           "Wasserstein",
                           "K-S",
                           "mean difference"};
    struct libscols_table *table = compare_table_new(heads, 9, 1);
    for (int i = 0; i < TOTALS; i++) {
        const struct compare_total *total = &compare->totals.totals[i];
        char counts[32], cells[4][32], wasserstein[32], smirnov[16], difference[96];
        if (total->wasserstein_usec < 0)
            continue;
        snprintf(counts, sizeof counts, "%d|%d", total->durations[0].n_usec,
                 total->durations[1].n_usec);
        for (int c = 0; c < 4; c++)
            compare_print_duration(cells[c], sizeof cells[c],
                                   c < 2 ? durations_median(&total->durations[c])
                                         : durations_quantile(&total->durations[c % 2], 950));
        compare_print_duration(wasserstein, sizeof wasserstein, total->wasserstein_usec);
        snprintf(smirnov, sizeof smirnov, "%d.%03d", total->smirnov_permille / 1000,
                 total->smirnov_permille % 1000);
        tell_difference(difference, sizeof difference, total);
        compare_table_add(table, 9, totals_names[i], counts, cells[0], cells[1], cells[2], cells[3],
                          wasserstein, smirnov, difference);
    }
    compare_table_print(out, table);
    fprintf(out, "+/- is the 95 %% confidence interval over the pairs; ~ may be luck, = is no "
                 "difference at all\n");
}

/* What has no price in one of them is not compared. */
static void tell_cost_change(char *text, size_t size, const struct compare_cost *row, bool mixed)
{
    const struct cost_row *from = &row->sides[mixed ? 1 : 0], *to = &row->sides[mixed ? 0 : 1];
    const int64_t nanos[] = {from->nanos, to->nanos};
    if (!from->name || !to->name || !from->is_known || !to->is_known)
        snprintf(text, size, "-");
    else
        compare_table_change(text, size, nanos, false);
}

static void print_costs(FILE *out, const struct compare *compare)
{
    static const char *const kinds[] = {"in all", "idle capacity", "provider", "service"};
    const char *heads[] = {"cost", "of", compare_side_name(compare, 0),
                           compare_side_name(compare, 1), compare_error_name(compare)};
    int n;
    struct compare_cost *rows = compare_costs(compare, &n);
    if (n > 0) {
        struct libscols_table *table = compare_table_new(heads, 5, 2);
        for (int i = 0; i < n; i++) {
            char cells[2][64], change[32];
            for (int s = 0; s < 2; s++)
                compare_cost_tell(&rows[i].sides[s], cells[s], sizeof cells[s]);
            tell_cost_change(change, sizeof change, &rows[i], compare->mixed);
            compare_table_add(table, 5, kinds[rows[i].kind],
                              rows[i].kind < COST_PROVIDER ? "" : rows[i].name, cells[0], cells[1],
                              change);
        }
        compare_table_print(out, table);
        fprintf(out, "prices are illustrative\n\n");
    }
    free(rows);
}

/* The medians of each total over all others as a band, and whether the first run's lies in it. */
static void print_bands(FILE *out, const struct compare *compare)
{
    const char *heads[] = {
        "band", "runs", "least median", "greatest", compare_side_name(compare, 0), ""};
    struct libscols_table *table = compare_table_new(heads, 6, 1);
    for (int i = 0; i < TOTALS; i++) {
        struct compare_band band =
            compare_totals_band(compare->others, compare->n_others, (enum total)i);
        int64_t usec = totals_median(compare->sides[0].story, (enum total)i);
        char n_runs[16], cells[3][32];
        if (band.n_runs == 0 || usec == USEC_NEVER)
            continue;
        snprintf(n_runs, sizeof n_runs, "%d", band.n_runs);
        compare_print_duration(cells[0], sizeof cells[0], band.least_usec);
        compare_print_duration(cells[1], sizeof cells[1], band.most_usec);
        compare_print_duration(cells[2], sizeof cells[2], usec);
        compare_table_add(table, 6, totals_names[i], n_runs, cells[0], cells[1], cells[2],
                          usec < band.least_usec  ? "below"
                          : usec > band.most_usec ? "above"
                                                  : "inside");
    }
    compare_table_print(out, table);
}

static void print_change(FILE *out, const struct compare *compare, int side)
{
    const struct scene_index *index = &compare->sides[side].index;
    int at = compare->difference.events[side];
    char time[32], what[200];
    fprintf(out, "            %-9s  ", compare_side_name(compare, side));
    if (at < 0) {
        fprintf(out, "nothing more\n");
        return;
    }
    scene_tell_event(what, sizeof what, index, &index->events[at]);
    fprintf(out, "%s at %s\n", what, scene_tell_time(time, sizeof time, index->events[at].at_usec));
}

static void print_placements(FILE *out, const struct compare *compare)
{
    bool fargate = compare->sides[0].story->n_micro_vms + compare->sides[1].story->n_micro_vms > 0;
    fprintf(out, "placement   %d of %d tasks on the same %s", compare->n_same, compare->n_placed,
            fargate ? "instance or of Fargate's providers" : "instance");
    if (compare->n_placed_in_one > 0)
        fprintf(out, "; %d placed in one of the runs only", compare->n_placed_in_one);
    fputc('\n', out);
    if (compare->n_same == compare->n_placed && compare->n_placed_in_one == 0)
        return;
    if (compare->first_displaced != ID_NONE) {
        int32_t task = compare->first_displaced;
        char times[2][32];
        const struct story_task *a = &compare->sides[0].story->tasks[task];
        const struct story_task *b = &compare->sides[1].story->tasks[task];
        fprintf(out, "            first: %s on %s at %s (%s), on %s at %s (%s)\n",
                story_task_name(task), story_place_name(compare->sides[0].story, a->instance),
                scene_tell_time(times[0], sizeof times[0], a->placed_at_usec),
                compare_side_name(compare, 0),
                story_place_name(compare->sides[1].story, b->instance),
                scene_tell_time(times[1], sizeof times[1], b->placed_at_usec),
                compare_side_name(compare, 1));
    }
    fprintf(out, "because     the first event that differs is\n");
    for (int side = 0; side < 2; side++)
        print_change(out, compare, side);
}

void compare_print(FILE *out, const struct compare *compare)
{
    static const char *const modes[] = {"simulated", "real"};
    for (int s = 0; s < 2; s++) {
        const struct compare_side *side = &compare->sides[s];
        fprintf(out, "%-11s %s", compare_side_name(compare, s), side->path);
        if (!compare->mixed)
            fprintf(out, ", %s", modes[side->header->mode == RUN_EXEC]);
        fprintf(out, ", seed %" PRIu64, side->header->seed);
        if (side->header->scale_denominator != side->header->scale_numerator)
            fprintf(out, ", scale %d/%d", side->header->scale_numerator,
                    side->header->scale_denominator);
        fputc('\n', out);
    }
    fputc('\n', out);
    if (compare->n_rows > 0) {
        print_tasks(out, compare);
        fputc('\n', out);
    } else {
        fprintf(out, "no task ran in both runs: there is nothing to compare\n\n");
    }
    if (compare->n_counted > 0) {
        print_medians(out, compare);
        fputc('\n', out);
    }
    if (compare->n_rows > 0) {
        print_totals(out, compare);
        fputc('\n', out);
    }
    if (compare->n_others > 1) {
        print_bands(out, compare);
        fputc('\n', out);
    }
    compare_requests_print(out, compare);
    print_costs(out, compare);
    print_placements(out, compare);
    int counted = compare->n_counted, all = counted + compare->n_modelled;
    fprintf(out, "measured    %d %% of the compared phases (%d of %d)",
            compare_measured_permille(compare) / 10, counted, all);
    fprintf(out,
            compare->n_modelled > 0 ? "; ~ was modelled and is left out of the errors\n" : "\n");
}
