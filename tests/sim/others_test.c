/*
 * What others use of the CPUs: whoever is no child of ours is another.
 */
#include "others.h"

#include "core/unit.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BURNT_USEC (400 * USEC_PER_MSEC)

static void burn(void)
{
    struct timespec used;

    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while (used.tv_sec * USEC_PER_SEC + used.tv_nsec / 1000 < BURNT_USEC);
}

/* A grandchild that nobody of ours waits for; what it says when it is done is read. */
static void let_another_burn(void)
{
    int ends[2];
    char done;

    cr_assert(pipe(ends) == 0);
    if (fork() == 0) {
        if (fork() == 0) {
            burn();
            if (write(ends[1], "!", 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    wait(NULL);
    cr_assert(read(ends[0], &done, 1) == 1);
    close(ends[0]);
    close(ends[1]);
}

Test(others, what_no_child_of_ours_uses_is_theirs)
{
    struct others others;

    others_begin(&others);
    let_another_burn();
    cr_assert(BURNT_USEC / 2 < others_used_usec(&others), "%lld us",
              (long long)others_used_usec(&others));
}

Test(others, what_our_children_use_is_left_out)
{
    struct others others, after;

    others_begin(&others);
    if (fork() == 0) {
        burn();
        _exit(0);
    }
    wait(NULL);
    others_begin(&after);
    after.all_usec = others.all_usec; /* of all since then, and of no child */
    cr_assert(others_used_usec(&others) + BURNT_USEC / 2 < others_used_usec(&after));
}

Test(others, patience_ends)
{
    others_await_end(0);
}
