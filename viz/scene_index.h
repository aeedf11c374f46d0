/*
 * What there is to know about a run before any moment of it is looked at: which zones there are,
 * where every task lies for its whole life, and all that happens in order of time. Made once per
 * run. It must never know pixels, colours or who draws it.
 */
#ifndef BERTH_VIZ_SCENE_INDEX_H
#define BERTH_VIZ_SCENE_INDEX_H

#include "file/story.h"
#include "viz/scene_sum.h"
#include "viz/scene_use.h"
#include "viz/scene_wait.h"

/* Places and sizes inside an instance's box are in millionths of its width and height. */
#define SCENE_WHOLE 1000000

struct scene_slot {
    int32_t x, y, width, height;
    int64_t covered_at_usec; /* when another takes the stopped task's place */
};

/* The instances of a zone stand together in the index's order, and in it those of a section: see
 * `order` below. */
struct scene_zone {
    const char *name;
    int first_instance, n_instances;
    int first_section, n_sections;
};

/* A capacity provider's instances in one zone, those without a provider together. */
struct scene_section {
    int32_t zone;
    int32_t provider; /* of the story's, or ID_NONE */
    bool fargate;     /* micro-VMs, each for one task */
    int first_instance, n_instances;
    int first_berth, n_berths;
};

/* A place for instances of one size, one after another. */
struct scene_berth {
    int32_t cpu, memory_mib;
    int32_t block, cell; /* of a growing index: where it lies, row by row */
};

/* Room for berths of one size in a plane, whose units are no pixels: see viz/scene_block.h. */
struct scene_block {
    int32_t first; /* the instance for which it was made: its zone and provider are the block's */
    int32_t cpu, memory_mib;
    int32_t box_width, box_height;
    int32_t columns, rows, n_taken;
    int64_t x, y, width, height;
};

/* How large an instance's box is: what its machine has, and what is left of it for tasks. */
struct scene_capacity {
    int32_t cpu, memory_mib;
    int32_t system_mib; /* of it the operating system and the agent take */
};

enum scene_event_kind {
    SCENE_LAUNCHED,
    SCENE_REGISTERED,
    SCENE_LOST,
    SCENE_PLACED,
    SCENE_PULLED,
    SCENE_CREATED,
    SCENE_STARTED,
    SCENE_READY,
    SCENE_RUNS,
    SCENE_STOP,
    SCENE_EXITED,
    SCENE_STOPPED,
    SCENE_REFUSED,
    SCENE_WAITS,
    SCENE_END,
};

/* `failure`: worth a red mark (a lost instance, a failed task, a refusal). */
struct scene_event {
    int64_t at_usec;
    enum scene_event_kind kind;
    int32_t id; /* of the instance, task or note */
    int32_t container;
    bool failure;
};

/* Everything about a run that does not depend on the moment: made once, kept for the whole view. */
struct scene_index {
    const struct story *story;
    uint64_t serial; /* no other index in this process has it */
    enum run_mode mode;
    bool growing; /* it is made again and again while the run goes on */
    bool live;    /* the run may still go on */
    bool broken;  /* its log cannot be read any further */
    bool drains;  /* some task's target drains at some time */
    char *title;
    uint64_t seed;
    int32_t scale_numerator, scale_denominator;
    struct scene_zone *zones;
    int n_zones, cap_zones;
    struct scene_section *sections; /* zone by zone */
    int n_sections, cap_sections;
    struct scene_berth *berths; /* section by section */
    int n_berths, cap_berths;
    struct scene_block *blocks; /* of a growing index, in the order in which they were needed */
    int n_blocks, cap_blocks;
    int64_t plane_width, plane_height;
    int32_t *order;                  /* instances, section by section */
    int32_t *position;               /* by instance: where it stands in `order` */
    int32_t *zone_of;                /* by instance: its zone */
    int32_t *berth_of;               /* by instance: its berth for life */
    int64_t *replaced_at_usec;       /* by instance: when another takes its berth */
    struct scene_capacity *capacity; /* by instance */
    int32_t *turns;                  /* the story's turns of instances, instance by instance */
    int32_t *first_turn;             /* by instance: its first in turns; one more than instances */
    struct scene_slot *slots;        /* by task: its place for life */
    int32_t *by_instance;            /* tasks, instance by instance, in order of placement */
    int32_t *first_of;          /* by instance: its first in by_instance; one more than instances */
    struct scene_event *events; /* in order of time */
    int n_events, cap_events;
    struct scene_changes changes;
    struct scene_waiters waiters;
    struct scene_observed observed;
};

/* `story` must outlive the index. */
void scene_index_init(struct scene_index *index, const struct story *story,
                      const struct run_header *header);

/* Likewise of a run that is read while it goes on: what has its place keeps it, whatever comes later. */
void scene_index_init_growing(struct scene_index *index, const struct story *story,
                              const struct run_header *header);
void scene_index_finish(struct scene_index *index);

/* Puts a name before the title: what tells two runs of one kind apart. */
void scene_index_name(struct scene_index *index, const char *name);

/* The group that an instance was launched for; NULL where a broken log names none. */
const struct instance_group *scene_index_group(const struct scene_index *index, int32_t instance);

/* What a section is called: its capacity provider's name, "FARGATE", or "". */
const char *scene_index_section(const struct scene_index *index, int section);

/* The section in which an instance stands. */
int scene_index_section_of(const struct scene_index *index, int32_t instance);

/* What an instance is known to be at its launch: its type's size, of a micro-VM its task's; zeros where a broken log
 * tells neither. */
struct scene_capacity scene_index_launched(const struct scene_index *index, int32_t instance);

/* When the run ends (of one that was cut short: its last record); at least 1. What follows is the
 * teardown, which is no part of the run. */
int64_t scene_index_length_usec(const struct scene_index *index);

#endif
