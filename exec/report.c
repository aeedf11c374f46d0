/*
 * The picture is sim/file's; here stand the lines that only a real run has.
 */
#include "exec/report.h"

#include "exec/guests.h"
#include "file/cost.h"
#include "file/expect.h"
#include "file/layers.h"
#include "file/saga.h"
#include "file/summary.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

bool report_read(struct report *report, struct err *err)
{
    struct run_header header;
    struct replay replay;
    struct err difference;

    story_init(&report->story);
    if (!story_load(&report->story, report->log_path, &header, NULL, err)) {
        return false;
    }
    run_header_finish(&header);
    report->identical = replay_file(&replay, report->log_path, &difference);
    if (report->identical) {
        replay_describe(&replay, &report->replay);
    } else {
        buffer_add(&report->replay, "replay: %s", difference.text);
    }
    saga_deployments_json(&report->deployments, &replay.scheduler.cluster);
    saga_deployments_text(&report->deployed, &replay.scheduler.cluster);
    replay_finish(&replay);
    return true;
}

void report_finish(struct report *report)
{
    story_finish(&report->story);
    buffer_finish(&report->deployments);
    buffer_finish(&report->deployed);
    buffer_finish(&report->replay);
}

static int64_t count_placed(const struct story *story)
{
    int64_t n = 0;

    for (int i = 0; i < story->n_tasks; i++) {
        n += story->tasks[i].placed_at_usec != USEC_NEVER;
    }
    return n;
}

/* All refusals, or those for want of room. */
static int64_t count_refused(const struct story *story, bool no_room)
{
    int64_t n = 0;

    for (int i = 0; i < story->n_notes; i++) {
        const struct message *note = &story->notes[i].message;

        n += note->kind == MESSAGE_REFUSE &&
             (!no_room || note->as.refuse.refusal == REFUSED_NO_CAPACITY);
    }
    return n;
}

static bool nothing_left(const struct leftovers *left)
{
    return left->processes + left->mounts + left->namespaces + left->groups == 0;
}

/* Tasks without a service that were given up in PROVISIONING. */
static int64_t count_given_up(const struct story *story)
{
    int64_t n = 0;

    for (int t = 0; t < story->n_tasks; t++)
        n += story->tasks[t].service == ID_NONE && story_given_up(&story->tasks[t]);
    return n;
}

int report_verdict(const struct report *report)
{
    bool all_hold = expect_count(report->scenario, &report->story) == report->scenario->n_expects;

    if (!report->identical || !nothing_left(&report->left)) {
        return EXIT_ANSWER;
    }
    if (report->interrupted) {
        return REPORT_INTERRUPTED;
    }
    return all_hold && count_refused(&report->story, true) == 0 &&
                   count_given_up(&report->story) == 0 && report->waiting + report->given_up == 0
               ? EXIT_FINE
               : EXIT_ANSWER;
}

/* ---- for people ---- */

static void print_title(const struct report *report)
{
    char how[160], end[32], scale[48] = "";

    if (report->scale.denominator > report->scale.numerator) {
        snprintf(scale, sizeof scale, " at scale %d/%d", report->scale.numerator,
                 report->scale.denominator);
    }
    snprintf(how, sizeof how, "FOR REAL %s%s%s, seed %" PRIu64,
             summary_duration(report->summary.end_usec, end, sizeof end), scale,
             report->interrupted ? " (interrupted)" : "", report->seed);
    summary_title(stdout, report->scenario, how);
}

/* How many instances had a kernel of their own, or would have if they had come up. */
static int count_guests(const struct report *report)
{
    const struct scenario *scenario = report->scenario;
    int n = 0;

    for (int i = 0; i < report->story.n_instances; i++) {
        const struct story_instance *instance = &report->story.instances[i];

        n += instance->course.start[0] != '\0' ||
             (instance->group >= 0 && instance->group < scenario->n_groups &&
              guests_has(scenario, &scenario->groups[instance->group]));
    }
    return n;
}

static void print_machines(const struct report *report)
{
    const char *limits = report->cgroups->kind == CGROUP_NONE
                             ? "none, so without limits"
                             : cgroup_kind_name(report->cgroups->kind);
    int n_containers = 0, n_guests = count_guests(report), n = report->story.n_instances;
    int n_own = 0;

    for (int i = 0; i < report->story.n_tasks; i++) {
        const struct story_task *task = &report->story.tasks[i];

        n_containers += task->placed_at_usec == USEC_NEVER ? 0 : task->n_containers;
        n_own += report->story.tasks[i].machine != NULL;
    }
    printf("machines      ");
    if (n > n_guests) {
        printf("%d instance%s as cgroups (%s), ", n - n_guests, n - n_guests == 1 ? "" : "s",
               limits);
    }
    if (n_guests > 0) {
        printf("%d as virtual machine%s (%s), ", n_guests, n_guests == 1 ? "" : "s",
               report->with_kvm ? "KVM" : "emulated: no KVM");
    }
    if (n_own > 0) {
        printf("%d task%s in virtual machines of their own (%s), ", n_own, n_own == 1 ? "" : "s",
               report->with_kvm ? "KVM" : "emulated: no KVM");
    }
    printf("%d container%s\n", n_containers, n_containers == 1 ? "" : "s");
}

/* ---- what an operating system of one's own takes ---- */

#define MIB (INT64_C(1) << 20)

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

/* How the n-th instance, then the n-th task's own machine, came up; NULL where it has none, or did not. */
static const struct story_course *course_of(const struct report *report, int i)
{
    const struct story *story = &report->story;
    const struct story_machine *machine;

    if (i < story->n_instances) {
        return story->instances[i].course.start[0] ? &story->instances[i].course : NULL;
    }
    machine = story->tasks[i - story->n_instances].machine;
    return machine && machine->course.start[0] ? &machine->course : NULL;
}

static int count_courses(const struct report *report)
{
    return report->story.n_instances + report->story.n_tasks;
}

/* The median of one member over all that came up with a kernel of their own; their number. `offset` is
 * the member's place in struct story_course. */
static int median_of(const struct report *report, size_t offset, int64_t *median)
{
    int64_t *values = calloc((size_t)count_courses(report) + 1, sizeof *values);
    int n = 0;

    assert(values);
    for (int i = 0; i < count_courses(report); i++) {
        const struct story_course *course = course_of(report, i);

        if (course) {
            values[n++] = *(const int64_t *)(const void *)((const char *)course + offset);
        }
    }
    qsort(values, (size_t)n, sizeof *values, by_size);
    *median = n > 0 ? values[n / 2] : 0;
    free(values);
    return n;
}

#define MEDIAN_OF(report, member, to) median_of(report, offsetof(struct story_course, member), to)

static const struct story_course *any_course(const struct report *report)
{
    const struct story_course *course = NULL;

    for (int i = 0; i < count_courses(report) && !course; i++) {
        course = course_of(report, i);
    }
    return course;
}

/* Medians over all that came up, in order of what came first. */
static void print_guests(const struct report *report)
{
    const struct story_course *any = any_course(report);
    int64_t firmware, kernel, user, memory, system, host;
    int n;

    if (!any) {
        return;
    }
    n = MEDIAN_OF(report, firmware_usec, &firmware);
    MEDIAN_OF(report, kernel_usec, &kernel);
    MEDIAN_OF(report, user_usec, &user);
    MEDIAN_OF(report, memory_bytes, &memory);
    MEDIAN_OF(report, system_bytes, &system);
    MEDIAN_OF(report, host_bytes, &host);
    printf("came up       --boot %s, %s: ", any->start, any->accelerator);
    if (kernel > 0) {
        printf("firmware and loading %.2f s, kernel %.2f s, user space %.2f s",
               (double)firmware / USEC_PER_SEC, (double)kernel / USEC_PER_SEC,
               (double)user / USEC_PER_SEC);
    } else {
        printf("%.3f s", (double)firmware / USEC_PER_SEC);
    }
    printf(" (median of %d)\n", n);
    printf("memory        a VM has %" PRId64 " MiB and its system takes %" PRId64
           " of them, idle; the host gives %" PRId64 " MiB for it\n",
           memory / MIB, system / MIB, host / MIB);
}

/* What programs are told there, each of where it runs. */
static void print_seen(const struct report *report)
{
    const struct story_course *any = any_course(report);

    if (!any || any->seen_bytes == 0) {
        return;
    }
    printf("same memory   host %" PRId64 " MiB, inside a container %" PRId64 " MiB\n",
           capacity_of_machine().memory_bytes / MIB, report->inside.memory_bytes / MIB);
    printf("              inside a virtual machine %" PRId64 " MiB of its %" PRId64 "\n",
           any->seen_bytes / MIB, any->memory_bytes / MIB);
}

static void print_rules(const struct report *report)
{
    printf("%s", report->replay.text);
    if (report->replay.length > 0 && report->replay.text[report->replay.length - 1] != '\n') {
        printf("\n");
    }
    if (report->identical) {
        printf("same rules?   yes: the %" PRId64 " real events, given again to the scheduler and "
               "the agents,\n              gave the same %" PRId64 " decisions\n",
               report->summary.events, report->summary.decisions);
    } else {
        printf("same rules?   NO: see above\n");
    }
}

static void print_left(const struct report *report)
{
    const struct leftovers *left = &report->left;

    printf("cleaned up    %d processes, %d mounts, %d namespaces, %d cgroups left; %s\n",
           left->processes, left->mounts, left->namespaces, left->groups,
           left->network_changed ? "this machine's network interfaces changed meanwhile, not by us"
                                 : "your network was not touched");
}

/* A simulation of the same name beside it is what one wants to look at next. */
static void print_compare(const char *log_path)
{
    const char *dot = strstr(log_path, ".exec.run");
    char *simulated, *word = buffer_shell_word(log_path), *simulated_word;

    if (asprintf(&simulated, "%.*s.run", dot ? (int)(dot - log_path) : 0, log_path) < 0) {
        abort();
    }
    if (dot && access(simulated, R_OK) == 0) {
        simulated_word = buffer_shell_word(simulated);
        printf("next          berth compare %s %s        simulated and real, side by side\n",
               simulated_word, word);
        free(simulated_word);
    } else {
        printf("next          berth view %s\n", word);
    }
    free(simulated);
    free(word);
}

static void print_next(const struct report *report)
{
    char *word = buffer_shell_word(report->log_path);

    printf("files         %s%s\n", report->log_path,
           report->given_to_user ? " (yours, not root's)" : "");
    if (report->prints) {
        printf("              %s/        what containers printed: berth logs %s --task t1\n",
               report->prints, word);
    }
    print_compare(report->log_path);
    if (report->summary.tasks > 0) {
        printf("              berth explain %s --task t1        why a task is where it is\n", word);
    }
    free(word);
}

void report_print(const struct report *report)
{
    struct layers layers;
    struct utsname host;

    print_title(report);
    summary_bars(stdout, report->scenario, &report->story, report->seed);
    summary_unplaced(stdout, &report->story);
    summary_given_up(stdout, report->given_up);
    summary_unsimulated(stdout, report->scenario);
    cost_print(stdout, &report->story);
    layers = layers_of(report->scenario, &report->story, true);
    layers_print(stdout, &layers);
    if (report->interrupted) {
        printf("expect   not judged: the run was interrupted\n");
    } else {
        if (report->deployed.text)
            fputs(report->deployed.text, stdout);
        summary_expect(stdout, report->scenario, &report->story);
    }
    responses_print(stdout, &report->story.responses);
    print_machines(report);
    print_guests(report);
    print_rules(report);
    if (uname(&host) == 0) {
        printf("same kernel   host %s, inside a container %s%s\n", host.release,
               report->inside.kernel,
               any_course(report) ? "" : "   (a VM shows its own: --machines=vms)");
    }
    if (any_course(report)) {
        printf("              inside a virtual machine %s\n", any_course(report)->kernel);
    }
    print_seen(report);
    print_left(report);
    print_next(report);
}

/* ---- for programs ---- */

static void add_left(struct buffer *json, const struct leftovers *left)
{
    buffer_add(json,
               "\"left\": {\"processes\": %d, \"mounts\": %d, \"namespaces\": %d, \"cgroups\": %d, "
               "\"network_changed\": %s}",
               left->processes, left->mounts, left->namespaces, left->groups,
               left->network_changed ? "true" : "false");
}

/* Medians, as printed; microseconds and bytes. */
static void add_guests(struct buffer *json, const struct report *report)
{
    const struct story_course *any = any_course(report);
    int64_t values[6];
    int n;

    if (!any) {
        return;
    }
    buffer_add_text(json, ", \"guest\": ");
    buffer_add_json_string(json, any->kernel);
    n = MEDIAN_OF(report, firmware_usec, &values[0]);
    MEDIAN_OF(report, kernel_usec, &values[1]);
    MEDIAN_OF(report, user_usec, &values[2]);
    MEDIAN_OF(report, memory_bytes, &values[3]);
    MEDIAN_OF(report, system_bytes, &values[4]);
    MEDIAN_OF(report, host_bytes, &values[5]);
    buffer_add(json,
               "}, \"guests\": {\"n\": %d, \"start\": \"%s\", \"accelerator\": \"%s\", "
               "\"firmware_usec\": %" PRId64 ", \"kernel_usec\": %" PRId64
               ", \"user_usec\": %" PRId64 ", \"memory_bytes\": %" PRId64
               ", \"system_bytes\": %" PRId64 ", \"host_bytes\": %" PRId64,
               n, any->start, any->accelerator, values[0], values[1], values[2], values[3],
               values[4], values[5]);
}

void report_print_json(const struct report *report)
{
    const struct run_summary *summary = &report->summary;
    struct buffer json = {0};
    struct layers layers;
    struct utsname host;

    buffer_add_text(&json, "{\"title\": ");
    buffer_add_json_string(&json, report->scenario->title);
    buffer_add(&json,
               ", \"mode\": \"exec\", \"seed\": %" PRIu64 ", \"tasks\": %" PRId64
               ", \"instances\": %" PRId64 ", \"micro_vms\": %" PRId64 ", \"events\": %" PRId64
               ", \"decisions\": %" PRId64 ", \"machines\": %" PRId64
               ", \"state_hash\": \"%016" PRIx64 "\", \"end\": %.6f, \"placed\": %" PRId64
               ", \"refused\": %" PRId64 ", \"waiting\": %" PRId64 ", ",
               report->seed, summary->tasks, summary->instances, summary->micro_vms,
               summary->events, summary->decisions, summary->machines, summary->state_hash,
               (double)summary->end_usec / USEC_PER_SEC, count_placed(&report->story),
               count_refused(&report->story, false), report->waiting);
    expect_add(&json, report->scenario, &report->story);
    if (report->story.responses.n_groups > 0) {
        buffer_add_text(&json, ", ");
    }
    responses_json(&json, &report->story.responses);
    buffer_add(&json, ", %s", report->deployments.text);
    buffer_add_text(&json, ", ");
    cost_add_json(&json, &report->story);
    layers = layers_of(report->scenario, &report->story, true);
    buffer_add_text(&json, ", ");
    layers_add_json(&json, &layers);
    buffer_add(&json,
               ", \"scale\": \"%d/%d\", \"interrupted\": %s, \"replay\": ", report->scale.numerator,
               report->scale.denominator, report->interrupted ? "true" : "false");
    buffer_add_json_string(&json, report->identical ? "identical" : report->replay.text);
    buffer_add_text(&json, ", ");
    add_left(&json, &report->left);
    buffer_add(&json, ", \"cgroups\": \"%s\", \"kernel\": {\"host\": ",
               cgroup_kind_name(report->cgroups->kind));
    buffer_add_json_string(&json, uname(&host) == 0 ? host.release : NULL);
    buffer_add_text(&json, ", \"inside\": ");
    buffer_add_json_string(&json, report->inside.kernel);
    add_guests(&json, report);
    buffer_add(&json, "}, \"memory\": {\"host\": %" PRId64 ", \"inside\": %" PRId64,
               capacity_of_machine().memory_bytes, report->inside.memory_bytes);
    if (any_course(report) && any_course(report)->seen_bytes > 0) {
        buffer_add(&json, ", \"guest\": %" PRId64, any_course(report)->seen_bytes);
    }
    buffer_add_text(&json, "}, \"log\": ");
    buffer_add_json_string(&json, report->log_path);
    printf("%s}\n", json.text);
    buffer_finish(&json);
}
