/*
 * A small cluster in which every subject of the query language has several values and is absent
 * somewhere. For the tests of the query language alone.
 *
 *     i1  g1 us-east-1a  t2.small    tasks of service:production, database
 *     i2  g1 us-east-1b  t2.small    agent disconnected; database is stopping; registered after 1 h
 *     i3  g2 us-east-1d  g2.2xlarge  family:job; registered after 1 day
 *     i4  g2 us-east-1a  g2.2xlarge  service:production twice; registered 2 s and a half after i1
 *     i5  g3 no zone     m5.large    launching
 *     i6  g3 no zone     m5.large    empty
 */
#ifndef BERTH_TESTS_QUERY_WORLD_H
#define BERTH_TESTS_QUERY_WORLD_H

#include "core/array.h"
#include "core/cluster_moves.h"

#define QUERY_WORLD_INSTANCES 6
/* 2018-06-18T00:00:00Z */
#define QUERY_WORLD_EPOCH_USEC (INT64_C(1529280000) * USEC_PER_SEC)

static void query_world_groups(struct cluster *cluster)
{
    static struct zone zones[] = {{"us-east-1a"}, {"us-east-1b"}, {"us-east-1d"}, {"us-east-1a"}};
    static struct attribute first[] = {
        {"stack", "prod"}, {"disks", "10"}, {"spot", NULL}, {"load", "-1.50"}, {"kernel", "5.10.0"}};
    static struct attribute second[] = {{"stack", "test"},
                                        {"disks", "9"},
                                        {"rack", "r-1.5"},
                                        {"long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"},
                                        {"load", "0.25"},
                                        {"kernel", "5.9.1"}};
    const struct instance_group specs[] = {
        {.group = 0, .type = "t2.small", .cpu = 1024, .memory_mib = 2048, .count = 2,
         .n_zones = 2, .zones = zones, .n_attributes = 5, .attributes = first},
        {.group = 1, .type = "g2.2xlarge", .cpu = 8192, .memory_mib = 15360, .count = 2,
         .n_zones = 2, .zones = zones + 2, .n_attributes = 6, .attributes = second},
        {.group = 2, .type = "m5.large", .cpu = 2048, .memory_mib = 8192, .count = 2},
    };

    for (int i = 0; i < 3; i++)
        schema_copy(&message_types[MESSAGE_INSTANCE_GROUP].schema,
                    &ARRAY_ADD(cluster, groups)->spec, &specs[i]);
}

static void query_world_instances(struct cluster *cluster)
{
    static const int64_t registered_sec[QUERY_WORLD_INSTANCES] = {0, 3600, 86400, 2, 0, 7};

    for (int i = 0; i < QUERY_WORLD_INSTANCES; i++)
        *ARRAY_ADD(cluster, instances) = (struct instance){
            .status = i == 4 ? INSTANCE_LAUNCHING : INSTANCE_ACTIVE,
            .agent_connected = i != 1 && i != 4,
            .epoch = 1,
            .group = i / 2,
            .zone = i < 4 ? i % 2 : ID_NONE,
            .registered_at_usec = registered_sec[i] * USEC_PER_SEC + (i == 3 ? 500000 : 0),
        };
}

static void query_world_task(struct cluster *cluster, char *group, int instance, bool stopping)
{
    struct message call = message_new(MESSAGE_RUN_TASK);
    int task;

    call.as.run_task.taskdef = 0;
    call.as.run_task.count = 1;
    call.as.run_task.group = group;
    task = cluster_add_task(cluster, 0, cluster_add_request(cluster, &call, ID_NONE));
    cluster_place(cluster, task, instance);
    if (stopping)
        cluster_retire(cluster, task, STOP_USER_INITIATED);
}

/* Release with cluster_finish(). */
static void query_world_init(struct cluster *cluster)
{
    struct task_definition job = {.family = "job"};

    cluster_init(cluster, 1);
    cluster->epoch_usec = QUERY_WORLD_EPOCH_USEC;
    cluster_add_taskdef(cluster, &job);
    query_world_groups(cluster);
    query_world_instances(cluster);
    query_world_task(cluster, "service:production", 0, false);
    query_world_task(cluster, "database", 0, false);
    query_world_task(cluster, "database", 1, true);
    query_world_task(cluster, NULL, 2, false);
    query_world_task(cluster, "service:production", 3, false);
    query_world_task(cluster, "service:production", 3, false);
}

#endif
