/*
 * The names of what messages about capacity hold.
 */
#include "core/message_capacity.h"

#include <stddef.h>

const char *const group_kind_names[] = {"fixed", "autoScaling", "fargate", NULL};
const char *const launch_reason_names[] = {"first", "replaces", "scaleOut", "task", NULL};
const char *const terminate_reason_names[] = {"end", "scaleIn", "taskStopped", NULL};
const char *const termination_rule_names[] = {"only one", "zone", "hour", "lot", NULL};
const char *const drain_reason_names[] = {"scaleIn", "spotInterruption", NULL};
const char *const capacity_verdict_names[] = {"steady",    "scaleOut", "scaleIn",   "warmingUp",
                                              "atMaximum", "low",      "atMinimum", "protected",
                                              "neverFits", "noChange", NULL};
