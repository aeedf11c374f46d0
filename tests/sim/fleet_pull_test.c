/*
 * Images that come to instances, counted by hand: links, layers, disks, and who comes after whom.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>

/* 12 MiB at 1 MiB/s; of the second image only 3 MiB are not here yet. */
Test(fleet_pull, a_layer_comes_once_for_all_images)
{
    run(COSTS "'networkPerSecond': '1MiB'}, " BOX(
        1) "'instances': '1xbox', " TWO_IMAGES
           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "30s", 1) ", " RUN("b", "60s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 13 * SECOND, "the whole");
    assert_usec(life(2, 0)->pulled_at_usec, 33 * SECOND, "the rest");
    assert_usec(life(3, 0)->pulled_at_usec, 60 * SECOND, "nothing");
    trial_end();
}

/* Two instances of 10 MiB/s at a registry of 12: max-min gives each 6, and to each of an instance's two
 * layers 3 until the smaller one is here. */
Test(fleet_pull, a_registry_is_shared_by_instances)
{
    run(COSTS "'networkPerSecond': '10MiB', 'registryPerSecond': '12MiB'}, " BOX(
        1) "'instances': '2xbox', " TWO_IMAGES "'timeline': [{'at': '1s', 'startTask': "
           "{'taskDefinition': 'a', 'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->pulled_at_usec, 3 * SECOND, "12 MiB at 6 MiB/s");
    assert_usec(life(2, 0)->pulled_at_usec, 3 * SECOND, "likewise");
    trial_end();
}

/* Downloading 1 s, then unpacking 12 MiB at 4 MiB for each second of one of the two CPUs, both layers at
 * once: the larger takes 2.5 s. The disk takes 12 MiB at 3 MiB/s: the larger is there after 4 s. */
Test(fleet_pull, unpacking_is_work_and_a_disk_is_shared)
{
    run(COSTS "'networkPerSecond': '12MiB', 'unpackPerSecond': '4MiB'}, " BOX(
        2) "'instances': '1xbox', " TWO_IMAGES "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 1 * SECOND + 1 * SECOND + 2500 * MSEC, "unpacked");
    trial_end();
    run(COSTS "'diskPerSecond': '3MiB'}, " BOX(2) "'instances': '1xbox', " TWO_IMAGES
                                                  "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 5 * SECOND, "written");
    trial_end();
}

/* One image after the other where the agent pulls so; the same image comes once. */
Test(fleet_pull, images_may_come_one_after_the_other)
{
    run(COSTS "'pull': '1s', 'pullQueue': true}, " BOX(
        1) "'instances': '1xbox', " TWO_IMAGES
           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 2 * SECOND, "the first");
    assert_usec(life(2, 0)->pulled_at_usec, 3 * SECOND, "the second");
    trial_end();
}

/* An agent hears at once of all tasks that waited for the same image: it makes both containers (10 ms
 * each) before it starts the first (5 ms). */
Test(fleet_pull, an_image_is_there_for_all_at_once)
{
    int64_t pulled_usec;

    run(COSTS "'agentQueue': true, 'pullQueue': true, 'networkPerSecond': '1MiB', 'create': "
              "{'cpu': '10ms'}, 'start': {'cpu': '5ms'}}, " BOX(
                  4) "'images': {'x': {'size': '1MiB'}}, 'instances': '1xbox', "
                     "'taskDefinitions': [" JOB("a", "") "], 'behaviour': {'a/c': {'work': '1s'}}, "
                                                         "'timeline': [" RUN("a", "1s", 2) "]");
    pulled_usec = life(1, 0)->pulled_at_usec;
    assert_usec(pulled_usec, 2 * SECOND, "pulled");
    assert_usec(life(1, 0)->created_at_usec - pulled_usec, 20 * MSEC, "when both are made");
    assert_usec(life(2, 0)->created_at_usec - pulled_usec, 25 * MSEC, "when the first is started");
    trial_end();
}

Test(fleet_pull, a_task_in_awsvpc_waits_for_its_interface)
{
    run(COSTS "'eni': '5s'}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', "
                                      "'networkMode': 'awsvpc', 'containerDefinitions': [{'name': "
                                      "'c', 'image': 'x', 'cpu': 10, 'memory': 100}]}],"
                                      "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 6 * SECOND, "pulled");
    trial_end();
}
