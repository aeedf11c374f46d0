/*
 * The layers that a run's tasks stand on: machines, operating systems of their own, the memory that these
 * take, and when tasks were ready and answered. An instance of a cloud is a virtual machine with a kernel of its own,
 * instances that are parts of one host share that host's. Made from scenario and story alone.
 */
#ifndef BERTH_FILE_LAYERS_H
#define BERTH_FILE_LAYERS_H

#include "file/buffer.h"
#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>

struct layers {
    int n_instances;  /* the most at once */
    int n_micro_vms;  /* likewise */
    int n_kernels;    /* likewise: of their own */
    int64_t os_bytes; /* likewise: memory that operating systems keep from tasks */
    int n_ready;      /* tasks that were ready before the end */
    int64_t first_usec, half_usec,
        last_usec;       /* when the first was, half of them, all; USEC_NEVER */
    int64_t answer_usec; /* when the first request was answered; USEC_NEVER */
};

/* What an instance's own operating system keeps; -1: it shares its host's. `real`: of a real run, where
 * kernels of their own are those that came up, and what they take was measured; else it is what the
 * scenario's types and costs say. */
int64_t layers_os_bytes(const struct scenario *scenario, const struct story_instance *instance,
                        bool real);

/* All of a run's; `real` as above. */
struct layers layers_of(const struct scenario *scenario, const struct story *story, bool real);

/* "layers   20 instances, ...": one line, nothing where no task was ready. */
void layers_print(FILE *out, const struct layers *layers);

/* `"layers": {...}`, memory in bytes, moments in seconds, null where there is none. */
void layers_add_json(struct buffer *json, const struct layers *layers);

#endif
