/*
 * One run as the view holds it: read from its log, indexed, and read on where the run still goes on. It must never
 * know a window, or who writes the log.
 */
#ifndef BERTH_VIZ_REEL_H
#define BERTH_VIZ_REEL_H

#include "file/story.h"
#include "viz/chronicle.h"
#include "viz/scene.h"

struct reel {
    struct story story;
    struct run_header header;
    struct scene_index index;
    struct scene scene;
    struct chronicle chronicle;
    const char *path, *name; /* the name, NULL: none, stands before the title */
    struct runlog_reader *reader;
    int64_t n_records;
    bool follow;
    bool ended;  /* its last line is read */
    bool broken; /* a line cannot be read: no more will be */
};

/* Reads what there is of a log and indexes it; says on a terminal how far it is. `follow`: a log without its end is no
 * mistake, one that is not there yet is waited for, and whatever comes moves nothing that is there. The path must
 * outlive the reel. On failure nothing needs to be finished. */
bool reel_open(struct reel *reel, const char *path, bool follow, struct err *err);
void reel_finish(struct reel *reel);

/* Puts a name before the title: what tells two runs of one kind apart. It must outlive the reel. */
void reel_name(struct reel *reel, const char *name);

/* Reads what has been written meanwhile. Returns whether there was something; then the index, scene and chronicle tell
 * of less than the story until reel_index() has been called. False and an error where a line cannot be read. */
bool reel_grow(struct reel *reel, bool *grown, struct err *err);
void reel_index(struct reel *reel);

/* Whether more may come. */
bool reel_is_live(const struct reel *reel);

#endif
