/*
 * Which tasks are on an instance, in the order in which they were placed, however many there are; and that nothing is
 * kept of the others.
 */
#include "core/cluster_moves.h"
#include "core/draw.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define LIVE_MAX 200

/* The tasks that should be on an instance, oldest first. */
static int32_t live[LIVE_MAX];
static int n_live;

static void expect_live(const struct cluster *cluster, const struct instance *instance)
{
    int i = n_live, t = cluster_newest_on(cluster, instance);

    cr_assert(instance->n_tasks == n_live);
    for (; t != ID_NONE; t = cluster_older_on(cluster, t))
        cr_assert(i-- > 0 && live[i] == t, "t%d is the %dth of %d", t + 1, i + 1, n_live);
    cr_assert(i == 0, "%d of %d are missing", i, n_live);
}

static void stop(struct cluster *cluster, int which)
{
    cluster_stop(cluster, live[which], STOP_USER_INITIATED);
    memmove(live + which, live + which + 1, (size_t)(--n_live - which) * sizeof *live);
}

/* Random ones come and go, most of the time up to so many at once. */
static void come_and_go(struct cluster *cluster, int request, int box, int n_most)
{
    for (uint64_t turn = 0; turn < 2000; turn++) {
        uint64_t bits = draw_bits(1, DRAW_WORK, n_most, (int64_t)turn);

        if (n_live > 0 && (bits % 64 < 30 || n_live == n_most)) {
            stop(cluster, (int)((bits >> 8) % (uint64_t)n_live));
        } else {
            live[n_live] = cluster_add_task(cluster, 0, request);
            cluster_place(cluster, live[n_live], box);
            if (bits >> 8 & 1) /* of some something is known before they are linked */
                cluster_open_details(cluster, live[n_live])->report = 1;
            n_live++;
        }
        expect_live(cluster, &cluster->instances[box]);
    }
}

Test(cluster, tasks_of_an_instance_are_known_in_their_order)
{
    static const int n_most[] = {
        1, 2, INSTANCE_NEWEST - 1, INSTANCE_NEWEST, INSTANCE_NEWEST + 1, LIVE_MAX};
    struct cluster cluster;
    int request, service, box;

    cluster_init(&cluster, 1);
    request = fixture_service(&cluster, "own", fixture_taskdef(&cluster, "small", 1, 1, 0), NULL, 0,
                              &service);
    box = fixture_instance(&cluster, "a", 1000, 1000);
    for (size_t i = 0; i < sizeof n_most / sizeof n_most[0]; i++)
        come_and_go(&cluster, request, box, n_most[i]);
    while (n_live > 0)
        stop(&cluster, n_live / 2);
    expect_live(&cluster, &cluster.instances[box]);
    cr_expect(cluster.n_free_details == cluster.n_details - 1, "records of nobody are not free");
    cluster_finish(&cluster);
}

Test(cluster, nothing_is_kept_of_tasks_of_which_nothing_is_known)
{
    struct cluster cluster;
    int request, service, box;

    cluster_init(&cluster, 1);
    request = fixture_service(&cluster, "own", fixture_taskdef(&cluster, "small", 1, 1, 0), NULL, 0,
                              &service);
    box = fixture_instance(&cluster, "a", 1000, 1000);
    for (int i = 0; i < INSTANCE_NEWEST; i++)
        cluster_place(&cluster, cluster_add_task(&cluster, 0, request), box);
    cr_expect(cluster.n_details == 1, "%d records", cluster.n_details);
    cluster_place(&cluster, cluster_add_task(&cluster, 0, request), box);
    cr_expect(cluster.n_details == 2, "%d records", cluster.n_details);
    cluster_finish(&cluster);
}
