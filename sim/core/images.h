/*
 * The images an agent has pulled, who uses them, and which may go (agent/engine/image_manager). By
 * ECS_IMAGE_PULL_BEHAVIOR it is decided here whether a container's image has to be pulled.
 */
#ifndef BERTH_CORE_IMAGES_H
#define BERTH_CORE_IMAGES_H

#include "core/message.h"

struct cached_image {
    char *name;
    bool cached;
    int64_t pulled_at_usec, used_at_usec;
    int32_t n_users; /* containers of tasks that are not gone */
};

struct images {
    struct cached_image *list;
    int n_list, cap_list;
};

void images_finish(struct images *images);

/* The index of an image, new if it was never heard of. */
int images_find(struct images *images, const char *name);

/* A container of an admitted task needs the image until images_release(). */
void images_use(struct images *images, const char *name);
void images_release(struct images *images, const char *name, int64_t now_usec);

/* Whether a pull must be ordered, or the cached image will do. */
bool images_must_pull(const struct images *images, int image, enum pull_behavior behavior);

/* The answer to a pull. Returns whether the container can go on: with `default` a failed pull falls
 * back on the cached image. */
bool images_pulled(struct images *images, const char *name, bool worked,
                   enum pull_behavior behavior, int64_t now_usec);

/* One image that clean-up may remove now: cached, unused, old enough; the longest unused first. NULL
 * where there is none, and always with prefer-cached. Forgets it; the text lives until images_finish(). */
const char *images_clean(struct images *images, const struct agent_rules *rules, int64_t now_usec);

#endif
