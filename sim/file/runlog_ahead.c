/*
 * A ring of batches: one thread fills them, the other one empties them, each waits for the other. What a record
 * owns is allocated and freed by the thread that reads.
 */
#include "file/runlog_ahead.h"

#include "file/codec.h"
#include "file/memory.h"

#include <stdlib.h>
#include <threads.h>

#define BATCHES 4
#define BATCH_RECORDS 256

struct batch {
    struct record records[BATCH_RECORDS];
    int n_records;
    enum runlog_item then; /* RUNLOG_RECORD: another batch follows */
    struct err err;        /* of RUNLOG_ERROR */
};

struct runlog_ahead {
    struct runlog_reader *reader;
    struct batch *batches; /* NULL: there is no thread */
    thrd_t thread;
    mtx_t lock;    /* of the rest but `at` */
    cnd_t changed; /* any of them */
    int64_t n_filled, n_emptied;
    bool stop;
    int at; /* in the batch that is emptied now */
    struct record record;
};

static void fill(struct runlog_reader *reader, struct batch *batch)
{
    struct record record;

    for (batch->n_records = 0; batch->n_records < BATCH_RECORDS; batch->n_records++) {
        batch->then = runlog_next(reader, &record, &batch->err);
        if (batch->then != RUNLOG_RECORD)
            return;
        runlog_take(reader, &batch->records[batch->n_records]);
    }
}

/* Waits until a batch is empty; NULL: nobody wants any more. */
static struct batch *next_empty(struct runlog_ahead *ahead)
{
    struct batch *batch = NULL;

    mtx_lock(&ahead->lock);
    while (!ahead->stop && ahead->n_filled - ahead->n_emptied == BATCHES)
        cnd_wait(&ahead->changed, &ahead->lock);
    if (!ahead->stop)
        batch = &ahead->batches[ahead->n_filled % BATCHES];
    mtx_unlock(&ahead->lock);
    return batch;
}

static int read_all(void *argument)
{
    struct runlog_ahead *ahead = argument;
    struct batch *batch;
    bool more = true;

    while (more && (batch = next_empty(ahead))) {
        fill(ahead->reader, batch);
        more = batch->then == RUNLOG_RECORD;
        mtx_lock(&ahead->lock);
        ahead->n_filled++;
        cnd_signal(&ahead->changed);
        mtx_unlock(&ahead->lock);
    }
    return 0;
}

static void start_thread(struct runlog_ahead *ahead)
{
    ahead->batches = memory_zeroed(BATCHES, sizeof *ahead->batches);
    if (mtx_init(&ahead->lock, mtx_plain) == thrd_success) {
        if (cnd_init(&ahead->changed) == thrd_success) {
            if (thrd_create(&ahead->thread, read_all, ahead) == thrd_success)
                return;
            cnd_destroy(&ahead->changed);
        }
        mtx_destroy(&ahead->lock);
    }
    free(ahead->batches);
    ahead->batches = NULL;
}

struct runlog_ahead *runlog_ahead_start(struct runlog_reader *reader)
{
    struct runlog_ahead *ahead = memory_zeroed(1, sizeof *ahead);

    ahead->reader = reader;
    if (runlog_size(reader) >= RUNLOG_AHEAD_BYTES)
        start_thread(ahead);
    return ahead;
}

/* The batch that is emptied now, once it is filled. */
static struct batch *wait_for_batch(struct runlog_ahead *ahead)
{
    mtx_lock(&ahead->lock);
    while (ahead->n_filled == ahead->n_emptied)
        cnd_wait(&ahead->changed, &ahead->lock);
    mtx_unlock(&ahead->lock);
    return &ahead->batches[ahead->n_emptied % BATCHES];
}

static void pass_batch(struct runlog_ahead *ahead)
{
    mtx_lock(&ahead->lock);
    ahead->n_emptied++;
    cnd_signal(&ahead->changed);
    mtx_unlock(&ahead->lock);
    ahead->at = 0;
}

enum runlog_item runlog_ahead_next(struct runlog_ahead *ahead, const struct record **record,
                                   struct err *err)
{
    struct batch *batch;

    if (!ahead->batches) {
        *record = &ahead->record;
        return runlog_next(ahead->reader, &ahead->record, err);
    }
    if (ahead->at == BATCH_RECORDS)
        pass_batch(ahead);
    batch = ahead->at > 0 ? &ahead->batches[ahead->n_emptied % BATCHES] : wait_for_batch(ahead);
    if (ahead->at == batch->n_records) {
        if (batch->then == RUNLOG_ERROR)
            *err = batch->err;
        return batch->then;
    }
    *record = &batch->records[ahead->at++];
    return RUNLOG_RECORD;
}

static void stop_thread(struct runlog_ahead *ahead)
{
    mtx_lock(&ahead->lock);
    ahead->stop = true;
    cnd_signal(&ahead->changed);
    mtx_unlock(&ahead->lock);
    thrd_join(ahead->thread, NULL);
    cnd_destroy(&ahead->changed);
    mtx_destroy(&ahead->lock);
    for (int i = 0; i < BATCHES; i++)
        for (int r = 0; r < BATCH_RECORDS; r++)
            record_finish(&ahead->batches[i].records[r]);
    free(ahead->batches);
}

void runlog_ahead_finish(struct runlog_ahead *ahead)
{
    if (ahead->batches)
        stop_thread(ahead);
    free(ahead);
}
