/*
 * Reading a run that still goes on: whatever of its log has been written, and in whatever pieces, the picture is that
 * of the same log opened afresh.
 */
#include "viz/reel.h"

#include "viz/painter_sdl.h"
#include "viz/stage.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 640
#define HEIGHT 360

static char folder[] = "/tmp/berth-reel-XXXXXX";
static char *text;
static size_t length;
static char whole[64], part[64];

/* A real log, whole and to be written again piece by piece. */
static void simulate(const char *scenario)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' sim '%s/%s' -o '%s' --log=all > /dev/null 2>&1", BERTH,
             SCENARIOS, scenario, whole);
    cr_assert(system(command) >= 0);
    FILE *file = fopen(whole, "r");
    cr_assert(file != NULL);
    fseek(file, 0, SEEK_END);
    length = (size_t)ftell(file);
    rewind(file);
    text = malloc(length);
    cr_assert_eq(fread(text, 1, length, file), length);
    fclose(file);
}

static void set_up(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(whole, sizeof whole, "%s/whole.run", folder);
    snprintf(part, sizeof part, "%s/part.run", folder);
    simulate("first.json");
}

static void tear_down(void)
{
    unlink(whole);
    unlink(part);
    rmdir(folder);
    free(text);
}

TestSuite(reel, .init = set_up, .fini = tear_down);

static void append(size_t from, size_t to)
{
    FILE *file = fopen(part, from == 0 ? "w" : "a");
    cr_assert_eq(fwrite(text + from, 1, to - from, file), to - from);
    fclose(file);
}

/* The picture at the end of what there is. The caller frees it. */
static uint32_t *picture(struct reel *reel, struct painter_sdl *painter)
{
    struct scene *scenes[] = {&reel->scene};
    struct chronicle *chronicles[] = {&reel->chronicle};
    struct stage_look look = {.width = WIDTH, .height = HEIGHT, .strips = true};
    struct stage stage;
    stage_init(&stage, scenes, chronicles, &reel->path, 1, &look, USEC_NEVER);
    stage_settle(&stage);
    size_t size = WIDTH * HEIGHT * sizeof(uint32_t);
    uint32_t *copy = malloc(size);
    memcpy(copy, painter_sdl_draw(painter, &stage.layout.shapes, WIDTH, HEIGHT), size);
    stage_finish(&stage);
    return copy;
}

static size_t header_length(void)
{
    return (size_t)((char *)memchr(text, '\n', length) - text) + 1;
}

Test(reel, grows_to_what_a_fresh_one_is)
{
    struct err err;
    struct reel grows;
    struct painter_sdl *painter = painter_sdl_create(&err);
    size_t at = header_length();
    bool grown;
    srand(9);
    append(0, at);
    cr_assert(reel_open(&grows, part, true, &err), "%s", err.text);
    cr_expect(reel_is_live(&grows));
    while (at < length) {
        size_t to = at + 1 + (size_t)(rand() % 3000);
        append(at, to < length ? to : length);
        at = to < length ? to : length;
        cr_assert(reel_grow(&grows, &grown, &err), "%s", err.text);
        if (!grown)
            continue;
        reel_index(&grows);
        struct reel fresh;
        cr_assert(reel_open(&fresh, part, true, &err), "%s", err.text);
        uint32_t *now = picture(&grows, painter), *then = picture(&fresh, painter);
        cr_expect(memcmp(now, then, WIDTH * HEIGHT * sizeof *now) == 0, "after %zu bytes", at);
        cr_expect_eq(grows.n_records, fresh.n_records);
        free(now);
        free(then);
        reel_finish(&fresh);
    }
    cr_expect(grows.ended && !reel_is_live(&grows), "its end is recognised");
    cr_expect(reel_grow(&grows, &grown, &err) && !grown);
    reel_finish(&grows);
    painter_sdl_destroy(painter);
}

struct place {
    struct scene_slot slot;
    struct scene_block block;
    int32_t cell, instance;
};

/* Where a task's tile lies in its instance's box, and that in the plane; no width: nowhere yet. */
static struct place place_of(const struct scene_index *index, int32_t task)
{
    struct place place = {.instance = index->story->tasks[task].instance};
    place.slot = index->slots[task];
    if (place.slot.width == 0)
        return place;
    const struct scene_berth *berth = &index->berths[index->berth_of[place.instance]];
    place.block = index->blocks[berth->block];
    place.cell = berth->cell;
    return place;
}

static bool has_moved(const struct place *before, const struct place *now)
{
    return before->slot.x != now->slot.x || before->slot.y != now->slot.y ||
           before->slot.width != now->slot.width || before->slot.height != now->slot.height ||
           before->block.x != now->block.x || before->block.y != now->block.y ||
           before->block.box_width != now->block.box_width ||
           before->block.columns != now->block.columns || before->cell != now->cell ||
           before->instance != now->instance;
}

/* Reads the log piece by piece; from its first to its last moment no tile is anywhere else. */
static void expect_kept(size_t step, int n_tasks, int n_instances)
{
    struct err err;
    struct reel reel;
    struct place *before = calloc((size_t)n_tasks + 1, sizeof *before);
    int n_before = 0;
    size_t at = header_length();
    bool grown;
    append(0, at);
    cr_assert(reel_open(&reel, part, true, &err), "%s", err.text);
    for (; at < length; at += step) {
        append(at, at + step < length ? at + step : length);
        cr_assert(reel_grow(&reel, &grown, &err), "%s", err.text);
        if (!grown)
            continue;
        reel_index(&reel);
        for (int t = 0; t < reel.story.n_tasks && t < n_tasks; t++) {
            struct place now = place_of(&reel.index, t);
            cr_expect(t >= n_before || before[t].slot.width == 0 || !has_moved(&before[t], &now),
                      "t%d after %zu bytes", t + 1, at);
            before[t] = now;
        }
        n_before = reel.story.n_tasks;
    }
    cr_expect(reel.ended);
    cr_expect_eq(n_before, n_tasks);
    cr_expect_eq(reel.story.n_instances, n_instances);
    reel_finish(&reel);
    free(before);
}

Test(reel, keeps_what_is_there_in_its_place)
{
    expect_kept(1000, 8, 2);
}

/* Instances come and go, and take each other's places. */
Test(reel, keeps_it_when_instances_come)
{
    free(text);
    simulate("scale-out.json");
    struct story story;
    struct run_header header;
    struct err err;
    cr_assert(story_load(&story, whole, &header, NULL, &err), "%s", err.text);
    int n_tasks = story.n_tasks, n_instances = story.n_instances, n_first = 0;
    for (int i = 0; i < n_instances; i++)
        n_first += story.instances[i].launch_at_usec == 0;
    cr_expect(n_first < n_instances, "some come later");
    story_finish(&story);
    run_header_finish(&header);
    expect_kept(length / 150, n_tasks, n_instances);
}

Test(reel, says_what_is_wrong_with_a_line_and_reads_no_further)
{
    struct err err;
    struct reel reel;
    bool grown;
    size_t at = header_length();
    append(0, at);
    cr_assert(reel_open(&reel, part, true, &err), "%s", err.text);
    FILE *file = fopen(part, "a");
    fputs("{\"this is\": \"no line of a run\"}\n", file);
    fclose(file);
    cr_expect(!reel_grow(&reel, &grown, &err));
    cr_expect(grown && !reel_is_live(&reel));
    cr_expect(strstr(err.text, "part.run:2"), "%s", err.text);
    cr_expect(reel_grow(&reel, &grown, &err) && !grown);
    reel_finish(&reel);
    cr_expect(!reel_open(&reel, part, false, &err));
    cr_expect_eq(err.code, EXIT_INPUT);
}

Test(reel, every_cut_of_a_log_can_be_shown)
{
    struct err err;
    struct painter_sdl *painter = painter_sdl_create(&err);
    for (size_t at = header_length(); at < length; at += length / 40) {
        struct reel reel;
        append(0, at);
        cr_assert(reel_open(&reel, part, false, &err), "%s", err.text);
        cr_expect(!reel.ended && !reel_is_live(&reel));
        free(picture(&reel, painter));
        reel_finish(&reel);
    }
    painter_sdl_destroy(painter);
}
