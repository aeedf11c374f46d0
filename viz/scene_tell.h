/*
 * The scene in words: what a tooltip says about a thing, what has just happened, what a waiting
 * task lacks. It must never know where the words are drawn.
 */
#ifndef BERTH_VIZ_SCENE_TELL_H
#define BERTH_VIZ_SCENE_TELL_H

#include "viz/scene.h"

struct scene_line {
    char text[96];
};

/* A moment or a duration as people read it: "12.345 s". Returns `text`. */
char *scene_tell_time(char *text, size_t size, int64_t usec);

/* The nearest miss: "RESOURCE:MEMORY: i2 lacks 128 MiB". */
void scene_tell_lack(char *text, size_t size, enum place_reason reason, int32_t nearest,
                     int64_t lack);

/* One event in words, without its time: "t7 web placed on i2". */
void scene_tell_event(char *text, size_t size, const struct scene_index *index,
                      const struct scene_event *event);

/* The last moment at which anything happened, with all of it: "5.000 s  t5 placed on i1, ...". */
void scene_tell_latest(char *text, size_t size, const struct scene_index *index, int64_t at_usec);

/* The run's placement of that number, with its time: "5.000 s  t5 job placed on i1"; of none there is the time
 * alone. */
void scene_tell_placement(char *text, size_t size, const struct scene_index *index, int64_t at_usec,
                          int32_t nth_placed);

/* The number of events up to a moment, that moment included. */
int scene_tell_count(const struct scene_index *index, int64_t at_usec);

/* Fills up to `most` lines about a thing and returns how many. */
int scene_tell_task(const struct scene *scene, const struct scene_task *task,
                    struct scene_line *lines, int most);
int scene_tell_instance(const struct scene *scene, const struct scene_instance *instance,
                        struct scene_line *lines, int most);

#endif
