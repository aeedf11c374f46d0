/*
 * The cache's book-keeping. An image that was removed keeps its row: it may be pulled again.
 */
#include "core/images.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void images_finish(struct images *images)
{
    for (int i = 0; i < images->n_list; i++)
        free(images->list[i].name);
    free(images->list);
    *images = (struct images){0};
}

int images_find(struct images *images, const char *name)
{
    struct cached_image *image;

    for (int i = 0; i < images->n_list; i++)
        if (strcmp(images->list[i].name, name) == 0)
            return i;
    image = ARRAY_ADD(images, list);
    image->name = strdup(name);
    assert(image->name != NULL);
    return images->n_list - 1;
}

void images_use(struct images *images, const char *name)
{
    int image = images_find(images, name); /* may move the list */

    images->list[image].n_users++;
}

void images_release(struct images *images, const char *name, int64_t now_usec)
{
    int index = images_find(images, name); /* may move the list */
    struct cached_image *image = &images->list[index];

    image->n_users--;
    image->used_at_usec = now_usec;
}

bool images_must_pull(const struct images *images, int image, enum pull_behavior behavior)
{
    return !images->list[image].cached || behavior == PULL_DEFAULT || behavior == PULL_ALWAYS;
}

bool images_pulled(struct images *images, const char *name, bool worked,
                   enum pull_behavior behavior, int64_t now_usec)
{
    int index = images_find(images, name); /* may move the list */
    struct cached_image *image = &images->list[index];

    if (worked) {
        image->cached = true;
        image->pulled_at_usec = now_usec;
        image->used_at_usec = now_usec;
    }
    return worked || (image->cached && behavior == PULL_DEFAULT);
}

const char *images_clean(struct images *images, const struct agent_rules *rules, int64_t now_usec)
{
    struct cached_image *oldest = NULL;

    if (rules->pull_behavior == PULL_PREFER_CACHED)
        return NULL;
    for (int i = 0; i < images->n_list; i++) {
        struct cached_image *image = &images->list[i];

        if (image->cached && image->n_users == 0 &&
            now_usec - image->pulled_at_usec >= rules->image_minimum_age_usec &&
            (!oldest || image->used_at_usec < oldest->used_at_usec))
            oldest = image;
    }
    if (!oldest)
        return NULL;
    oldest->cached = false;
    return oldest->name;
}
