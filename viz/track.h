/*
 * The numbers of a run that pictures draw over time: what is reserved of what there is, how many tasks wait, start
 * and run, what an hour costs, how long requests take. Plots and the view's charts ask here alike. It must never
 * know how anything is drawn.
 */
#ifndef BERTH_VIZ_TRACK_H
#define BERTH_VIZ_TRACK_H

#include "file/story.h"
#include "viz/series.h"

enum track_level { TRACK_WAITING, TRACK_STARTING, TRACK_RUNNING, TRACK_LEVELS };

/* When a run ended, before its teardown (of one that was cut short: its last record); at least 1. */
int64_t track_end_usec(const struct story *story);

/* When the task's room is free again for others. */
int64_t track_freed_usec(const struct story_task *task);

/* Each fills a zeroed series and closes it; finish it with series_finish(). */

/* CPU or memory that tasks reserve, in hundredths of a per cent of what is registered. */
void track_share(const struct story *story, bool memory, struct series *share);

/* Tasks; what services want and do not have counts as waiting. */
void track_level(const struct story *story, enum track_level level, struct series *series);

/* Instances that are registered, or Fargate's micro-VMs that are up. */
void track_instances(const struct story *story, bool micro_vms, struct series *series);

/* Nano-dollars an hour that all instances cost together. */
void track_price(const struct story *story, struct series *series);
bool track_has_price(const struct story *story);

/* What a fact says of a target group in a metric period; NULL: nothing. */
const struct target_group_metrics *track_requests(const struct story_fact *fact,
                                                  int32_t target_group);

/* The bound of the bin that so many thousandths of the requests do not exceed; -1: there were none. */
int64_t track_latency_usec(const struct target_group_metrics *metrics, int permille);

/* When an instance is gone; a micro-VM is nobody's any more once its task has stopped. */
int64_t track_gone_usec(const struct story *story, int32_t instance);

/* Microseconds in which the fact's period began; what was observed is a step over the whole period. */
int64_t track_period_usec(const struct story_fact *fact);

/* The 95th percentile of the slowest target group, microseconds; 0 where nobody asked anything. */
void track_slowest(const struct story *story, struct series *series);

#endif
