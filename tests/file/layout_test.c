/*
 * Which image of which layout a name means.
 */
#include "file/layout.h"

#include "file/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char top[] = "/tmp/berth-layout-XXXXXX";

static void make(const char *name, const char *content)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", top, name);
    file = fopen(path, "w");
    cr_assert(file && fputs(content, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void set_up(void)
{
    char command[256];

    strcpy(strchr(top, 'X'), "XXXXXX");
    cr_assert(mkdtemp(top));
    snprintf(command, sizeof command, "cd %s && mkdir -p shop a:b own/first", top);
    cr_assert(system(command) == 0);
    make("shop/oci-layout", "{}");
    make("a:b/oci-layout", "{}");
    make("own/first/oci-layout", "{}");
}

static void tear_down(void)
{
    char command[256];

    snprintf(command, sizeof command, "rm -r %s", top);
    cr_assert(system(command) == 0);
}

TestSuite(layout_file, .init = set_up, .fini = tear_down);

Test(layout_file, a_name_is_a_folder_and_perhaps_a_tag)
{
    static const struct {
        const char *name, *folder, *tag;
    } rows[] = {
        {"shop", "shop", NULL},
        {"shop:1.0", "shop", "1.0"},
        {"a:b", "a:b", NULL},
        {"a:b:x:y", "a:b", "x:y"},
        {"first:1", "own/first", "1"},
        {"shop:docker.io/shop:1", "shop", "docker.io/shop:1"},
        {"none", NULL, NULL},
        {"none:1", NULL, NULL},
        {":1", NULL, NULL},
        {"a", NULL, NULL},
    };
    char scenario[64], own[64];

    snprintf(scenario, sizeof scenario, "%s/scenario.json", top);
    snprintf(own, sizeof own, "%s/own", top);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = layout_find(scenario, rows[i].name, own), *folder, wanted[128];
        const char *tag;

        cr_assert((path != NULL) == (rows[i].folder != NULL), "%s: %s", rows[i].name, path);
        if (!path)
            continue;
        folder = layout_split(path, &tag);
        snprintf(wanted, sizeof wanted, "%s/%s", top, rows[i].folder);
        cr_expect_str_eq(folder, wanted);
        cr_expect(rows[i].tag ? tag && strcmp(tag, rows[i].tag) == 0 : !tag, "%s: %s", rows[i].name,
                  tag);
        free(folder);
        free(path);
    }
}

#define ONE(digest, rest) "{\"digest\":\"sha256:" digest "\"" rest "}"
#define TAG(tag) ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" tag "\"}"
#define MACHINE(name) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" name "\"}"

Test(layout_file, a_tag_means_one_image)
{
    static const struct {
        const char *manifests, *tag, *chosen, *wrong;
    } rows[] = {
        {ONE("1", TAG("a")) "," ONE("2", TAG("b")), "b", "sha256:2", NULL},
        {ONE("1", TAG("a")), NULL, "sha256:1", NULL},
        {ONE("1", ""), NULL, "sha256:1", NULL},
        {ONE("1", "") "," ONE("2", ""), NULL, "sha256:1", NULL},
        {ONE("1", TAG("a")) "," ONE("1", TAG("b")), NULL, "sha256:1", NULL},
        {ONE("1", TAG("a")) "," ONE("2", TAG("b")), NULL, NULL,
         "has several images, say which as in \"folder:tag\": a, b"},
        {ONE("1", TAG("a")) "," ONE("2", ""), NULL, NULL, "a, one without a tag"},
        {ONE("1", TAG("a")) "," ONE("2", TAG("a")), "a", NULL, "several images with the tag a,"},
        {ONE("1", TAG("a") MACHINE("s390x")) "," ONE("2", TAG("b")), NULL, "sha256:2", NULL},
        {ONE("1", TAG("a")) "," ONE("2", TAG("b")), "c", NULL, "no image c for linux/"},
        {ONE("1", TAG("a")), "", NULL, "it has: a"},
        {ONE("1", TAG("a") MACHINE("s390x")), "a", NULL, "it has: a linux/s390x"},
        {"", NULL, NULL, "it has: none"},
        {"7,null,[]", NULL, NULL, "it has: one without a tag"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024], wrong[LAYOUT_WRONG] = "";
        const json_t *chosen;
        json_t *index;

        snprintf(text, sizeof text, "{\"manifests\":[%s]}", rows[i].manifests);
        index = json_loads(text, 0, NULL);
        cr_assert(index != NULL, "row %zu", i);
        chosen = layout_choose(index, rows[i].tag, wrong);
        if (rows[i].chosen)
            cr_expect_str_eq(json_string_value(json_object_get(chosen, "digest")), rows[i].chosen);
        else
            cr_expect(!chosen && strstr(wrong, rows[i].wrong), "row %zu: %s", i, wrong);
        json_decref(index);
    }
}

/* The scenario's author hears of it at once, not when a pull fails; whoever reads a log does not. */
Test(layout_file, a_tag_that_is_not_there_is_a_finding)
{
    const struct scenario_options none = {0};
    const char text[] = "{\"berth\": \"scenario/1\", \"instances\": \"1xt3.micro\",\n"
                        " \"images\": {\"shop\": {\"oci\": \"shop:2\"}}}";
    struct findings findings = {0};
    char path[64];

    make("shop/index.json", "{\"manifests\":[" ONE("1", TAG("1")) "]}");
    make("scenario.json", text);
    snprintf(path, sizeof path, "%s/scenario.json", top);
    cr_expect(!scenario_load(path, &none, &findings));
    cr_assert(findings.n_list > 0);
    cr_expect(strstr(findings.list[0].text,
                     "scenario.json:2:29: error: images.shop.oci: no image 2 for linux/"),
              "%s", findings.list[0].text);
    findings_finish(&findings);
    scenario_destroy(scenario_parse(text, path, &findings));
    cr_expect(findings.n_errors == 0, "%s", findings.list[0].text);
    findings_finish(&findings);
}
