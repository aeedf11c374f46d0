/*
 * The cache's book-keeping: who may go, and who goes first.
 */
#include "core/images.h"

#include <criterion/criterion.h>

static const struct agent_rules rules = {.pull_behavior = PULL_DEFAULT,
                                         .image_minimum_age_usec = 100};

static void pull(struct images *images, const char *name, int64_t at_usec)
{
    images_use(images, name);
    cr_assert(images_pulled(images, name, true, PULL_DEFAULT, at_usec));
}

Test(images, a_name_is_one_image)
{
    struct images images = {0};

    cr_assert(images_find(&images, "a") == 0 && images_find(&images, "b") == 1);
    cr_assert(images_find(&images, "a") == 0 && images.n_list == 2);
    images_finish(&images);
}

Test(images, whether_a_pull_is_ordered)
{
    static const struct {
        enum pull_behavior behavior;
        bool new_one, cached_one, failed_but_cached, failed;
    } rows[] = {
        {PULL_DEFAULT, true, true, true, false},
        {PULL_ALWAYS, true, true, false, false},
        {PULL_ONCE, true, false, false, false},
        {PULL_PREFER_CACHED, true, false, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct images images = {0};
        int image = images_find(&images, "a");

        cr_assert(images_must_pull(&images, image, rows[i].behavior) == rows[i].new_one);
        cr_assert(images_pulled(&images, "a", false, rows[i].behavior, 1) == rows[i].failed);
        cr_assert(images_pulled(&images, "a", true, rows[i].behavior, 2));
        cr_assert(images_must_pull(&images, image, rows[i].behavior) == rows[i].cached_one, "%s",
                  pull_behavior_names[rows[i].behavior]);
        cr_assert(images_pulled(&images, "a", false, rows[i].behavior, 3) ==
                  rows[i].failed_but_cached);
        images_finish(&images);
    }
}

/* Unused, old enough since the pull, the longest unused first. */
Test(images, clean_up_takes_the_longest_unused)
{
    struct images images = {0};

    pull(&images, "a", 0);
    pull(&images, "b", 10);
    pull(&images, "c", 20);
    pull(&images, "d", 150);
    images_use(&images, "b");
    images_release(&images, "b", 100); /* one user is left */
    images_release(&images, "c", 110);
    images_release(&images, "a", 120);
    images_release(&images, "d", 160);
    cr_assert(images_clean(&images, &rules, 99) == NULL);
    cr_assert_str_eq(images_clean(&images, &rules, 130), "c");
    cr_assert_str_eq(images_clean(&images, &rules, 130), "a");
    cr_assert(images_clean(&images, &rules, 130) == NULL, "b is in use, d is young");
    cr_assert(images_must_pull(&images, images_find(&images, "c"), PULL_ONCE), "gone");
    cr_assert_str_eq(images_clean(&images, &rules, 250), "d");
    images_finish(&images);
}

Test(images, prefer_cached_cleans_nothing)
{
    struct images images = {0};
    struct agent_rules keep = rules;

    keep.pull_behavior = PULL_PREFER_CACHED;
    pull(&images, "a", 0);
    images_release(&images, "a", 1);
    cr_assert(images_clean(&images, &keep, 1000) == NULL);
    images_finish(&images);
}
