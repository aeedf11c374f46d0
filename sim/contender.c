/*
 * Two tables of names: ECS's strategies here, one's own in core/strategies.c.
 */
#include "contender.h"

#include "core/array.h"
#include "core/strategies.h"
#include "file/memory.h"
#include "file/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL "all"
#define DEFAULT_NAME "ecs-default"
#define ATTRIBUTE_PREFIX "spread-attribute:"
#define NAMES_MAX 64

static const struct {
    const char *name;
    struct strategy_rule rule;
    const char *about;
} ecs_rules[] = {
    {"binpack-cpu",
     {.type = STRATEGY_BINPACK, .field = BY_CPU},
     "ECS's binpack: the fewest CPU units left"},
    {"binpack-memory",
     {.type = STRATEGY_BINPACK, .field = BY_MEMORY},
     "ECS's binpack: the least memory left"},
    {"spread-instance",
     {.type = STRATEGY_SPREAD, .field = BY_INSTANCE},
     "ECS's spread: the instance with the fewest tasks of the group"},
    {"spread-zone",
     {.type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE, .attribute = "ecs.availability-zone"},
     "ECS's spread: the zone with the fewest tasks of the group"},
    {"random", {.type = STRATEGY_RANDOM}, "any candidate"},
};

#define N_ECS_RULES (sizeof ecs_rules / sizeof ecs_rules[0])

/* Of ECS's, what `all` holds besides the single rules: the developer guide's own example. */
#define ALL_CHAIN "spread-zone+binpack-memory"

static bool unknown_name(const char *word, struct err *err)
{
    const char *names[NAMES_MAX] = {DEFAULT_NAME, ALL}, *nearest, *colon = strchr(word, ':');
    char prefix[32];
    int n = 2;

    if (!*word)
        return err_set(err, EXIT_INPUT, "the name of a strategy is missing beside a , or +");
    snprintf(prefix, sizeof prefix, "%.*s", colon ? (int)(colon - word) + 1 : 0, word);
    if (colon && colon[1] && nearest_of(prefix, (const char *const[]){ATTRIBUTE_PREFIX, NULL}))
        return err_set(err, EXIT_INPUT, "no strategy \"%s\"; did you mean " ATTRIBUTE_PREFIX "%s?",
                       word, colon + 1);

    for (size_t i = 0; i < N_ECS_RULES; i++)
        names[n++] = ecs_rules[i].name;
    for (const struct strategy *own = strategies; own->name && n < NAMES_MAX; own++)
        names[n++] = own->name;
    nearest = nearest_name(word, names, n);
    if (nearest)
        return err_set(err, EXIT_INPUT, "no strategy \"%s\"; did you mean %s?", word, nearest);
    return err_set(err, EXIT_INPUT, "no strategy \"%s\"; berth tournament --list shows them all",
                   word);
}

static bool read_rule(const char *word, struct strategy_rule *rule, struct err *err)
{
    for (size_t i = 0; i < N_ECS_RULES; i++) {
        if (strcmp(ecs_rules[i].name, word) != 0)
            continue;
        *rule = ecs_rules[i].rule;
        if (rule->attribute)
            rule->attribute = memory_text(rule->attribute);
        return true;
    }
    if (strncmp(word, ATTRIBUTE_PREFIX, strlen(ATTRIBUTE_PREFIX)) == 0 &&
        word[strlen(ATTRIBUTE_PREFIX)]) {
        *rule = (struct strategy_rule){.type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE};
        rule->attribute = memory_text(word + strlen(ATTRIBUTE_PREFIX));
        return true;
    }
    if (!strategies_find(word))
        return unknown_name(word, err);
    *rule = (struct strategy_rule){.type = STRATEGY_OWN, .name = memory_text(word)};
    return true;
}

static bool read_chain(struct contender *contender, char *text, struct err *err)
{
    char *rest = text, *word;

    while ((word = strsep(&rest, "+")) != NULL) {
        if (strcmp(word, DEFAULT_NAME) == 0 || strcmp(word, ALL) == 0)
            return err_set(err, EXIT_INPUT, "%s is no rule of a chain: it stands alone", word);
        if (contender->n_rules == CONTENDER_RULES_MAX)
            return err_set(err, EXIT_INPUT, "%s has more than %d rules, the most that ECS takes",
                           contender->name, CONTENDER_RULES_MAX);
        if (!read_rule(word, &contender->rules[contender->n_rules], err))
            return false;
        contender->n_rules++;
    }
    return true;
}

static bool is_there(const struct contenders *list, const char *name)
{
    for (int i = 0; i < list->n_contenders; i++)
        if (strcmp(list->contenders[i].name, name) == 0)
            return true;
    return false;
}

static bool add(struct contenders *list, const char *name, struct err *err)
{
    struct contender *contender;
    char *text;
    bool ok;

    if (is_there(list, name))
        return err_set(err, EXIT_INPUT, "%s is named twice", name);
    contender = ARRAY_ADD(list, contenders);
    contender->name = memory_text(name);
    if (strcmp(name, DEFAULT_NAME) == 0)
        return true;
    text = memory_text(name);
    ok = read_chain(contender, text, err);
    free(text);
    return ok;
}

static bool add_missing(struct contenders *list, const char *name, struct err *err)
{
    return is_there(list, name) || add(list, name, err);
}

static bool add_all(struct contenders *list, struct err *err)
{
    bool ok = add_missing(list, DEFAULT_NAME, err);

    for (size_t i = 0; ok && i < N_ECS_RULES; i++)
        ok = add_missing(list, ecs_rules[i].name, err);
    ok = ok && add_missing(list, ALL_CHAIN, err);
    for (const struct strategy *own = strategies; ok && own->name; own++)
        ok = add_missing(list, own->name, err);
    return ok;
}

/* Without the blanks around it. */
static char *trim(char *name)
{
    name += strspn(name, " ");
    name[strcspn(name, " ")] = 0;
    return name;
}

bool contenders_read(struct contenders *list, const char *text, struct err *err)
{
    char *copy, *rest, *name;
    bool ok = true, all = false;

    copy = rest = memory_text(text);
    while (ok && (name = strsep(&rest, ",")) != NULL) {
        name = trim(name);
        if (strcmp(name, ALL) == 0)
            all = true;
        else
            ok = add(list, name, err);
    }
    free(copy);
    return ok && (!all || add_all(list, err));
}

void contenders_finish(struct contenders *list)
{
    for (int i = 0; i < list->n_contenders; i++) {
        struct contender *contender = &list->contenders[i];

        for (int r = 0; r < contender->n_rules; r++) {
            free(contender->rules[r].attribute);
            free(contender->rules[r].name);
        }
        free(contender->name);
    }
    free(list->contenders);
    *list = (struct contenders){0};
}

static void describe(FILE *out, const char *name, const char *about)
{
    fprintf(out, "%-22s  %s\n", name, about);
}

void contenders_describe(FILE *out)
{
    describe(out, DEFAULT_NAME,
             "what ECS does where nothing is said: services spread over zones, "
             "then instances");
    describe(out, "", "by their own tasks; RunTask takes any");
    for (size_t i = 0; i < N_ECS_RULES; i++)
        describe(out, ecs_rules[i].name, ecs_rules[i].about);
    describe(out, ATTRIBUTE_PREFIX "NAME", "likewise by any attribute's value");
    for (const struct strategy *own = strategies; own->name; own++)
        describe(out, own->name, own->about);
    fputs("\nA chain is joined by +, as in " ALL_CHAIN ". Your own: sim/core/strategies.c.\n", out);
}
