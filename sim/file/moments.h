/*
 * What happened to one task, as sentences in order of time: for people who ask about it.
 */
#ifndef BERTH_FILE_MOMENTS_H
#define BERTH_FILE_MOMENTS_H

#include "file/story.h"

struct moment {
    int64_t at_usec;
    int order; /* among moments at the same time */
    char text[240];
};

struct moments {
    struct moment *list;
    int n_list, cap_list;
    int64_t until_usec;
};

/* Fills zeroed moments with those of the task up to `until_usec`; finish them. */
void moments_list(struct moments *moments, const struct story *story, int32_t task,
                  int64_t until_usec);
void moments_finish(struct moments *moments);

/* Seconds for people: to the millisecond, "1.203". */
const char *moments_seconds(int64_t usec, char *text, size_t size);

#endif
