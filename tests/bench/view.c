/*
 * How long a large run takes to open, and how long its frames take: played, scrubbed, zoomed and moved about in,
 * beside frames for which everything is made and drawn anew. Times are wall-clock, as a viewer has them.
 */
#include "file/story.h"
#include "viz/camera.h"
#include "viz/chronicle.h"
#include "viz/painter_sdl.h"
#include "viz/stage.h"

#include "bench.h"

#include <stdlib.h>
#include <unistd.h>

#define FRAMES 240
#define PLAIN_FRAMES 60

struct opened {
    struct story story;
    struct run_header header;
    struct scene_index index;
    struct scene scene;
    struct chronicle chronicle;
};

static double now_msec(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* A service on all instances, and jobs in groups of ten that come evenly until shortly before the end, last a
 * minute or more and fail now and then. */
static void write_scenario(const char *path, int instances, int tasks)
{
    FILE *file = fopen(path, "w");
    int groups = tasks * 3 / 4 / 10;
    fprintf(file,
            "{ \"berth\": \"scenario/1\", \"title\": \"%d instances, %d tasks\", \"until\": "
            "\"1200s\",\n"
            "\"instanceTypes\": { \"small\": { \"vcpu\": 4, \"memory\": \"16GiB\" }, \"large\": { "
            "\"vcpu\": 8, "
            "\"memory\": \"32GiB\" } },\n"
            "\"instances\": [ { \"type\": \"small\", \"count\": %d, \"zones\": [\"a\", \"b\", "
            "\"c\"] },\n"
            "  { \"type\": \"large\", \"count\": %d, \"zones\": [\"a\", \"b\", \"c\"] } ],\n"
            "\"taskDefinitions\": [",
            instances, tasks, instances - instances * 2 / 5, instances * 2 / 5);
    static const char *const families[] = {"web", "job", "long"};
    for (int i = 0; i < 3; i++)
        fprintf(
            file,
            "%s{ \"family\": \"%s\", \"containerDefinitions\": [ { \"name\": \"main\", \"image\": "
            "\"i:1\", \"cpu\": %d, \"memory\": 512 } ] }",
            i > 0 ? ", " : "", families[i], i > 0 ? 256 : 512);
    fprintf(file,
            "],\n\"behaviour\": { \"web/main\": { \"idle\": \"forever\" }, \"job/main\": { "
            "\"idle\": \"60s\" }, "
            "\"long/main\": { \"idle\": \"200s\", \"exit\": 1 } },\n"
            "\"timeline\": [ { \"at\": \"60s\", \"createService\": { \"serviceName\": \"web\", "
            "\"taskDefinition\": "
            "\"web\", \"desiredCount\": %d, \"placementStrategy\": [ { \"type\": \"spread\", "
            "\"field\": "
            "\"instanceId\" } ] } }",
            tasks / 4);
    for (int i = 0; i < groups; i++)
        fprintf(
            file,
            ",\n{ \"at\": \"%dms\", \"runTask\": { \"taskDefinition\": \"%s\", \"count\": 10 } }",
            70000 + (int)(INT64_C(1000000) * i / groups), i % 3 ? "job" : "long");
    fprintf(file, " ] }\n");
    fclose(file);
}

static void simulate(const char *folder, int instances, int tasks, char *path, size_t size)
{
    char scenario[256], command[1024];
    snprintf(scenario, sizeof scenario, "%s/%d.json", folder, instances);
    snprintf(path, size, "%s/%d.run", folder, instances);
    write_scenario(scenario, instances, tasks);
    snprintf(command, sizeof command, "'%s' sim '%s' -o '%s' --log=tasks > /dev/null", BERTH,
             scenario, path);
    if (system(command) != 0) {
        fprintf(stderr, "view: cannot simulate %s\n", scenario);
        exit(1);
    }
    unlink(scenario);
}

static void open_run(struct opened *run, const char *path)
{
    struct err err;
    if (!story_load(&run->story, path, &run->header, NULL, &err)) {
        fprintf(stderr, "view: %s\n", err.text);
        exit(1);
    }
    scene_index_init(&run->index, &run->story, &run->header);
    scene_init(&run->scene, &run->index);
    chronicle_init(&run->chronicle, &run->index, run->header.scenario);
}

static void close_run(struct opened *run)
{
    chronicle_finish(&run->chronicle);
    scene_finish(&run->scene);
    scene_index_finish(&run->index);
    story_finish(&run->story);
    run_header_finish(&run->header);
}

enum way { PLAY, SCRUB, ZOOM, MOVE, WAYS };

static const char *const way_names[WAYS] = {"play x10", "scrub", "zoom", "move about"};

/* Where the viewer is after so many of FRAMES frames. */
static void go(struct stage *stage, enum way way, int frame)
{
    int64_t length_usec = stage->clock.length_usec;
    struct shape_rect area = stage->layout.boxes[0];
    int there = frame < FRAMES / 2 ? frame : FRAMES - frame; /* and back again */
    switch (way) {
    case PLAY:
        clock_seek(&stage->clock, length_usec / 2 + frame * INT64_C(166667));
        break;
    case SCRUB:
        clock_seek(&stage->clock, length_usec * ((int64_t)frame * 7919 % FRAMES) / FRAMES);
        break;
    case ZOOM:
        stage->look.camera = camera_zoomed(stage->look.camera, area, 1000 + there * there * 5,
                                           area.x + area.width / 3, area.y + area.height / 3);
        break;
    default:
        if (frame == 0)
            stage->look.camera = camera_zoomed(stage->look.camera, area, 12000, area.x, area.y);
        stage->look.camera =
            camera_moved(stage->look.camera, area, frame < FRAMES / 2 ? -13 : 13, -7);
    }
}

static int by_time(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* Frame times in order. `plain`: the moment and all pixels are made anew each time. */
static void measure(struct opened *run, const char *path, enum way way, bool plain, int width,
                    int height, double *msec, int n)
{
    struct err err;
    struct painter_sdl *painter = painter_sdl_create(&err);
    struct scene *scenes[] = {&run->scene};
    struct chronicle *chronicles[] = {&run->chronicle};
    struct stage_look look = {.width = width, .height = height, .strips = true};
    struct stage stage;
    if (!painter) {
        fprintf(stderr, "view: %s\n", err.text);
        exit(3);
    }
    stage_init(&stage, scenes, chronicles, &path, 1, &look, run->index.story->end_usec / 2);
    stage_draw(&stage);
    painter_sdl_draw(painter, &stage.layout.shapes, width, height);
    for (int i = 0; i < n; i++) {
        go(&stage, way, i * FRAMES / n);
        double start = now_msec();
        if (plain) {
            scene_finish(&run->scene);
            scene_init(&run->scene, &run->index);
            layout_finish(&stage.layout);
            painter_sdl_forget(painter);
        }
        stage_draw(&stage);
        painter_sdl_draw(painter, &stage.layout.shapes, width, height);
        msec[i] = now_msec() - start;
    }
    qsort(msec, (size_t)n, sizeof *msec, by_time);
    stage_finish(&stage);
    painter_sdl_destroy(painter);
}

static void frames(bool json, struct opened *run, const char *path, int instances, int width,
                   int height)
{
    static const int shares[] = {50, 95, 99};
    for (int way = 0; way < WAYS; way++) {
        double msec[FRAMES], plain[PLAIN_FRAMES];
        measure(run, path, (enum way)way, false, width, height, msec, FRAMES);
        measure(run, path, (enum way)way, true, width, height, plain, PLAIN_FRAMES);
        for (int i = 0; i < 3; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s, p%d, %dx%d", way_names[way], shares[i], width, height);
            bench_row(json, "view", name, instances, msec[(FRAMES - 1) * shares[i] / 100], "ms",
                      "full redraw", plain[(PLAIN_FRAMES - 1) * shares[i] / 100]);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        int instances, tasks;
    } sizes[] = {{20, 400}, {10000, 200000}};
    bool json = bench_wants_json(argc, argv);
    char folder[] = "/tmp/berth-view-XXXXXX";
    if (!mkdtemp(folder))
        return 3;
    bench_title(json,
                "The view: opening and frames, ms of wall-clock time (33.3: 30 frames a second)",
                "ms");
    for (int i = 0; i < 2; i++) {
        struct opened run;
        char path[256];
        simulate(folder, sizes[i].instances, sizes[i].tasks, path, sizeof path);
        double start = now_msec();
        open_run(&run, path);
        bench_row(json, "view", "open", sizes[i].instances, now_msec() - start, "ms", NULL, 0);
        frames(json, &run, path, sizes[i].instances, 1280, 720);
        frames(json, &run, path, sizes[i].instances, 1920, 1080);
        close_run(&run);
        unlink(path);
    }
    rmdir(folder);
    return 0;
}
