/*
 * A log is read from its beginning to where it ends now; a last line that is not whole yet is left for the next time.
 * It must never know a window, or who writes the log.
 */
#include "viz/reel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Records between two words on how far the reading is. */
#define WORD_RECORDS 16384

static void say_progress(const struct reel *reel, bool done)
{
    struct stat file;
    if (!isatty(STDERR_FILENO) || (done && reel->n_records < WORD_RECORDS))
        return;
    if (done || stat(reel->path, &file) != 0 || file.st_size < 1) {
        fprintf(stderr, "\r\033[K");
        return;
    }
    fprintf(stderr, "\rreading %s: %" PRId64 " %%", reel->path,
            runlog_bytes(reel->reader) * 100 / (int64_t)file.st_size);
}

static enum runlog_item read_on(struct reel *reel, struct err *err)
{
    struct record record;
    enum runlog_item item;
    while ((item = runlog_next(reel->reader, &record, err)) == RUNLOG_RECORD) {
        story_add(&reel->story, &record);
        if (++reel->n_records % WORD_RECORDS == 0 && !reel->follow)
            say_progress(reel, false);
    }
    reel->ended = item == RUNLOG_SUMMARY;
    reel->broken = item == RUNLOG_ERROR;
    return item;
}

static bool has_whole_line(const char *path)
{
    FILE *file = fopen(path, "r");
    int letter = EOF;
    if (!file)
        return false;
    while ((letter = getc(file)) != EOF && letter != '\n')
        continue;
    fclose(file);
    return letter == '\n';
}

static void wait_for(const char *path)
{
    static const struct timespec pause = {0, 100000000};
    if (has_whole_line(path))
        return;
    fprintf(stderr, "berth: waiting for %s to begin\n", path);
    while (!has_whole_line(path))
        nanosleep(&pause, NULL);
}

static char *copy_text(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
}

static void take_header(struct reel *reel)
{
    const struct run_header *header = runlog_header(reel->reader);
    reel->header = *header;
    reel->header.title = copy_text(header->title);
    reel->header.scenario = copy_text(header->scenario);
    reel->header.version = copy_text(header->version);
    reel->header.started = copy_text(header->started);
    reel->header.host = copy_text(header->host);
}

static void make_index(struct reel *reel)
{
    if (reel->follow)
        scene_index_init_growing(&reel->index, &reel->story, &reel->header);
    else
        scene_index_init(&reel->index, &reel->story, &reel->header);
    reel->index.live = reel_is_live(reel);
    reel->index.broken = reel->broken;
    if (reel->name)
        scene_index_name(&reel->index, reel->name);
    scene_init(&reel->scene, &reel->index);
    chronicle_init(&reel->chronicle, &reel->index, reel->header.scenario);
}

static void drop_index(struct reel *reel)
{
    chronicle_finish(&reel->chronicle);
    scene_finish(&reel->scene);
    scene_index_finish(&reel->index);
}

void reel_index(struct reel *reel)
{
    drop_index(reel);
    make_index(reel);
}

bool reel_open(struct reel *reel, const char *path, bool follow, struct err *err)
{
    *reel = (struct reel){.path = path, .follow = follow};
    if (follow)
        wait_for(path);
    reel->reader = runlog_open(path, err);
    if (!reel->reader)
        return false;
    story_init(&reel->story);
    enum runlog_item item = read_on(reel, err);
    say_progress(reel, true);
    if (item == RUNLOG_ERROR) {
        story_finish(&reel->story);
        runlog_finish(reel->reader);
        return false;
    }
    take_header(reel);
    if (!reel_is_live(reel)) {
        runlog_finish(reel->reader);
        reel->reader = NULL;
    }
    make_index(reel);
    return true;
}

void reel_finish(struct reel *reel)
{
    drop_index(reel);
    story_finish(&reel->story);
    run_header_finish(&reel->header);
    if (reel->reader)
        runlog_finish(reel->reader);
}

void reel_name(struct reel *reel, const char *name)
{
    reel->name = name;
    scene_index_name(&reel->index, name);
}

bool reel_grow(struct reel *reel, bool *grown, struct err *err)
{
    int64_t before = reel->n_records;
    *grown = false;
    if (!reel_is_live(reel))
        return true;
    enum runlog_item item = read_on(reel, err);
    *grown = reel->n_records > before || reel->ended || reel->broken;
    return item != RUNLOG_ERROR;
}

bool reel_is_live(const struct reel *reel)
{
    return reel->follow && !reel->ended && !reel->broken;
}
