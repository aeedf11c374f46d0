/*
 * Asked in any order and in slices of any size, an inquiry answers what explain answers, for every task;
 * and the copy that it tries things on is the cluster's equal and leaves the cluster alone.
 */
#include "file/inquiry.h"

#include "core/check.h"
#include "core/cluster_moves.h"
#include "core/cluster_trial.h"
#include "tiny.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[TINY_PATH_BYTES];
static struct tiny run;

static void make_run(void)
{
    tiny_make_log(&run, path);
}

static void remove_run(void)
{
    tiny_remove_log(&run, path);
}

TestSuite(inquiry, .init = make_run, .fini = remove_run);

static int32_t count_tasks(void)
{
    return run.scheduler.cluster.n_tasks;
}

/* The placement as text: of explain, without the task's story. */
static char *table_of(const struct explain *explain)
{
    struct explain bare = *explain;
    struct buffer text = {0};

    bare.story = NULL;
    explain_text(&bare, &text);
    return text.text;
}

static char *explained(int32_t task)
{
    struct explain explain;
    struct err err = {0};
    char *text;

    cr_assert(explain_task(&explain, path, task, USEC_NEVER, &err), "%s", err.text);
    text = table_of(&explain);
    explain_finish(&explain);
    return text;
}

static void expect_answer(struct inquiry *inquiry, int32_t task, int64_t slice)
{
    char *wanted = explained(task), *got;
    enum inquiry_state state;

    inquiry_ask(inquiry, task, USEC_NEVER);
    do
        state = inquiry_work(inquiry, slice);
    while (state == INQUIRY_WORKING);
    cr_assert(state == INQUIRY_ANSWERED, "t%d: %s", task + 1, inquiry->err.text);
    got = table_of(&inquiry->answer);
    cr_assert_str_eq(got, wanted);
    free(got);
    free(wanted);
}

Test(inquiry, order_and_slices_do_not_matter)
{
    struct inquiry inquiry;
    struct err err = {0};

    cr_assert(inquiry_open(&inquiry, path, NULL, &err), "%s", err.text);
    cr_assert(inquiry_work(&inquiry, -1) == INQUIRY_IDLE);
    for (int32_t t = 0; t < count_tasks(); t++)
        expect_answer(&inquiry, t, -1);
    for (int32_t t = count_tasks() - 1; t >= 0; t--)
        expect_answer(&inquiry, t, 1);
    for (int32_t i = 0; i < 40; i++)
        expect_answer(&inquiry, i * 7 % count_tasks(), 3);
    inquiry_close(&inquiry);
}

Test(inquiry, goes_on_from_where_it_is)
{
    struct inquiry inquiry;
    struct err err = {0};
    int64_t n = 0;

    cr_assert(inquiry_open(&inquiry, path, NULL, &err), "%s", err.text);
    for (int i = 0; i < run.n_records; i++) {
        for (int j = 0; j < run.records[i].outputs.n_messages; j++) {
            const struct message *output = &run.records[i].outputs.messages[j];

            if (run.records[i].machine != ID_NONE || output->kind != MESSAGE_PLACE_TASK)
                continue;
            inquiry_ask(&inquiry, output->as.place_task.task, USEC_NEVER);
            cr_assert(inquiry_work(&inquiry, -1) == INQUIRY_ANSWERED);
            cr_assert(inquiry.answer.seq == run.records[i].seq);
            /* One of several by one event is found by reading once more. */
            cr_assert(inquiry.n_records >= n || inquiry.n_records == inquiry.answer.seq);
            n = inquiry.n_records;
        }
    }
    cr_assert(inquiry_permille(&inquiry) > 0 && inquiry_permille(&inquiry) <= 1000);
    inquiry_close(&inquiry);
}

Test(inquiry, says_when_there_is_nothing_to_say)
{
    struct inquiry inquiry;
    struct err err = {0};

    cr_assert(inquiry_open(&inquiry, path, NULL, &err), "%s", err.text);
    inquiry_ask(&inquiry, 99999, USEC_NEVER);
    cr_assert(inquiry_work(&inquiry, -1) == INQUIRY_NOTHING);
    inquiry_ask(&inquiry, count_tasks() - 1, 0);
    cr_assert(inquiry_work(&inquiry, -1) == INQUIRY_NOTHING);
    expect_answer(&inquiry, 0, -1);
    inquiry_close(&inquiry);
    cr_assert(!inquiry_open(&inquiry, "/tmp/no-such.run", NULL, &err));
    inquiry_ask(&inquiry, 0, USEC_NEVER);
    cr_assert(inquiry_work(&inquiry, -1) == INQUIRY_FAILED);
    inquiry_close(&inquiry);
}

Test(inquiry, a_trial_leaves_the_cluster_alone)
{
    struct tiny tiny;
    struct cluster trial;
    char detail[256];
    int n_stopped = 0;

    tiny_init(&tiny);
    for (int i = 0; i < run.n_records / 2; i++) {
        struct outputs outputs = {0};

        if (run.records[i].machine == ID_NONE)
            scheduler_step(&tiny.scheduler, run.records[i].at_usec, &run.records[i].event,
                           &outputs);
        outputs_finish(&outputs);
    }
    uint64_t before = scheduler_hash(&tiny.scheduler);

    cluster_trial_init(&trial, &tiny.scheduler.cluster);
    for (int t = 0; t < trial.n_tasks; t++)
        if (trial.tasks[t].last != TASK_STOPPED) {
            cluster_stop(&trial, t, STOP_NONE);
            n_stopped++;
        }
    for (int i = 0; i < trial.n_instances; i++) {
        const struct instance *instance = &trial.instances[i];

        cr_assert(instance->n_tasks == 0 && instance->cpu_reserved == 0 &&
                  instance->memory_reserved_mib == 0);
        for (int p = 0; p < instance->n_ports; p++)
            cr_assert(instance->ports[p].task == ID_NONE);
    }
    cluster_trial_finish(&trial);
    cr_assert(n_stopped > 2);
    cr_assert(scheduler_hash(&tiny.scheduler) == before);
    const char *broken = core_check(&tiny.scheduler, detail, sizeof detail);

    cr_assert(broken == NULL, "%s: %s", broken, detail);
    tiny_finish(&tiny);
}
