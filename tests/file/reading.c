/*
 * Reading texts and comparing what it finds.
 */
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *join(const struct findings *findings)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (int i = 0; i < findings->n_list; i++) {
        const char *line = findings->list[i].text;

        cr_assert(strncmp(line, "x.json:", 7) == 0, "%s", line);
        fprintf(out, "%s%s", i ? "\n" : "", line + 7);
    }
    fclose(out);
    return text;
}

struct scenario *reading(const char *text, const char *wanted)
{
    struct findings findings = {0};
    struct scenario *scenario = scenario_parse(text, "x.json", &findings);
    char *found = join(&findings);

    cr_assert_str_eq(found, wanted, "\nreading %s\nfound   %s\nwanted  %s", text, found, wanted);
    cr_assert((scenario != NULL) == (findings.n_errors == 0));
    free(found);
    findings_finish(&findings);
    return scenario;
}

void reading_gives(const char *text, const char *findings)
{
    scenario_destroy(reading(text, findings));
}

static char *next_text(void)
{
    static char texts[4][8192];
    static int next;

    return texts[next = (next + 1) % 4];
}

const char *scenario_of(const char *members)
{
    char *text = next_text();

    cr_assert(snprintf(text, 8192, "{\"berth\":\"scenario/1\",%s}", members) < 8192);
    return text;
}

const char *containers_of(const char *containers)
{
    char *text = next_text();

    cr_assert(snprintf(text, 8192,
                       "{\"berth\":\"scenario/1\",\"taskDefinitions\":[{\"family\":\"d\","
                       "\"containerDefinitions\":[%s]}]}",
                       containers) < 8192);
    return text;
}
