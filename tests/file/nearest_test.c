/*
 * The nearest name is the one that was meant, and nothing where none was.
 */
#include "file/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const names[] = {"desiredCount", "taskDefinition",    "serviceName", "cpu",
                                    "memory",       "memoryReservation", "seed",        NULL};

Test(nearest, finds_what_was_meant)
{
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"desiredCont", "desiredCount"},
        {"DesiredCount", "desiredCount"},
        {"desierdCount", "desiredCount"},
        {"taskdef", NULL},
        {"mem", NULL},
        {"memry", "memory"},
        {"memroy", "memory"},
        {"sed", "seed"},
        {"cups", "cpu"},
        {"xyz", NULL},
        {"", NULL},
        {"service", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *nearest = nearest_of(rows[i].word, names);

        cr_assert((!nearest && !rows[i].nearest) ||
                      (nearest && rows[i].nearest && strcmp(nearest, rows[i].nearest) == 0),
                  "\"%s\": %s", rows[i].word, nearest ? nearest : "nothing");
    }
}

Test(nearest, takes_words_of_any_length)
{
    char word[1000];

    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    cr_assert(nearest_of(word, names) == NULL);
    cr_assert(nearest_name("cpu", NULL, 0) == NULL);
}
