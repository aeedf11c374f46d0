/*
 * Placement strategies as the command line names them: "binpack-memory", "spread-zone+best-fit".
 * Knows names and rules, and nothing of what becomes of them.
 */
#ifndef BERTH_CONTENDER_H
#define BERTH_CONTENDER_H

#include "core/message.h"
#include "file/err.h"

#include <stdio.h>

/* As many as ECS takes (ECS API: CreateService.placementStrategy). */
#define CONTENDER_RULES_MAX 5

struct contender {
    char *name;
    int32_t n_rules; /* 0: ECS's defaults */
    struct strategy_rule rules[CONTENDER_RULES_MAX];
};

struct contenders {
    struct contender *contenders;
    int n_contenders, cap_contenders;
};

/* Reads names with commas between them, of which "all" stands for every one in the tables that is not named
 * beside it; the rules of one are joined by "+". False (EXIT_INPUT) with the nearest valid name. Finish in either
 * case. */
bool contenders_read(struct contenders *list, const char *text, struct err *err);
void contenders_finish(struct contenders *list);

/* Every name with its meaning, one a line. */
void contenders_describe(FILE *out);

#endif
