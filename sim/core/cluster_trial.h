/*
 * A cluster to try things on: what placing and stopping tasks changes is its own, what they only read
 * is shared with the cluster it was made from. For whoever asks what was so just before a decision. It
 * must never be stepped.
 */
#ifndef BERTH_CORE_CLUSTER_TRIAL_H
#define BERTH_CORE_CLUSTER_TRIAL_H

#include "core/cluster.h"

/* Copies; the copy is good until the next change of the original. It bills nobody, and answers by the
 * plain placement. Release with cluster_trial_finish(), never with cluster_finish(). */
void cluster_trial_init(struct cluster *trial, const struct cluster *cluster);
void cluster_trial_finish(struct cluster *trial);

#endif
