/*
 * A few pictures, byte for byte, and the same scenes as text. After a change that is wanted, look at the new pictures
 * and keep them:
 *
 *     BERTH_GOLDEN=write build/tests/viz/viz_golden_test
 */
#include "viz/painter_sdl.h"
#include "viz/picture.h"
#include "viz/reel.h"
#include "viz/scene_text.h"
#include "viz/stage.h"

#include <SDL2/SDL_ttf.h>
#include <criterion/criterion.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Letters look different with another version: pictures are then not compared. */
#define FREETYPE "2.12.1"

static const struct golden {
    const char *name, *scenario, *options, *keys;
    int64_t at_usec;
    int width, height;
    enum theme theme;
    int density; /* of the picture, percent */
} goldens[] = {
    {"first", "first.json", "", "", 6500000, 480, 300, THEME_LIGHT, 100},
    {"dense", "first.json", "", "", 6500000, 480, 300, THEME_LIGHT, 200},
    {"waiting", "scale-out.json", "", "", 8000000, 480, 300, THEME_DARK, 100},
    {"draining", "scale-out.json", "", "", 55000000, 320, 240, THEME_PROJECTOR, 100},
    {"deregistering", "blue-green.json", "", "", 9000000, 480, 300, THEME_LIGHT, 100},
    {"disconnected", "faults.json", "", "", 8000000, 480, 300, THEME_LIGHT, 100},
    {"spot", "../tests/exec/spot.json", "", "", 3500000, 480, 300, THEME_DARK, 100},
    {"use", "rolling-web.json", "", "", 16500000, 400, 260, THEME_LIGHT, 100},
    {"many", "vm-or-container.json", "--set instances=300xsmall --set services.0.desiredCount=280",
     "", 1200000, 320, 240, THEME_LIGHT, 100},
};
#define N_GOLDENS (int)(sizeof goldens / sizeof goldens[0])

static bool writes(void)
{
    const char *wish = getenv("BERTH_GOLDEN");
    return wish && strcmp(wish, "write") == 0;
}

static void open_run(struct reel *reel, const struct golden *golden, char *path, size_t size)
{
    char command[1024];
    struct err err;
    snprintf(path, size, "/tmp/berth-golden-%d.run", (int)getpid());
    snprintf(command, sizeof command, "'%s' sim '%s/%s' %s -o %s --log=all > /dev/null 2>&1", BERTH,
             SCENARIOS, golden->scenario, golden->options, path);
    cr_assert(system(command) >= 0);
    cr_assert(reel_open(reel, path, false, &err), "%s", err.text);
}

static void compare_text(const struct golden *golden, const struct buffer *text)
{
    char path[512], kept[65536];
    snprintf(path, sizeof path, "%s/%s.txt", GOLDEN, golden->name);
    FILE *file = fopen(path, writes() ? "w+" : "r");
    cr_assert(file != NULL, "%s", path);
    if (writes())
        fwrite(text->text, 1, text->length, file);
    rewind(file);
    size_t n = fread(kept, 1, sizeof kept, file);
    fclose(file);
    cr_expect(n == text->length && memcmp(kept, text->text, n) == 0, "%s is now:\n%s", path,
              text->text);
}

static void compare_picture(const struct golden *golden, struct painter_sdl *painter,
                            const struct shapes *shapes)
{
    int width = shapes_measure(shapes, golden->width);
    int height = shapes_measure(shapes, golden->height);
    const uint32_t *pixels = painter_sdl_draw(painter, shapes, width, height);
    char path[512];
    struct err err;
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    snprintf(path, sizeof path, "%s/%s.png", GOLDEN, golden->name);
    if (writes())
        cr_assert(picture_save(path, pixels, width, height, &err), "%s", err.text);
    cr_assert(png_image_begin_read_from_file(&image, path), "%s", path);
    image.format = PNG_FORMAT_RGB;
    cr_assert(image.width == (png_uint_32)width && image.height == (png_uint_32)height);
    png_byte *bytes = malloc(PNG_IMAGE_SIZE(image));
    cr_assert(png_image_finish_read(&image, NULL, bytes, 0, NULL));
    int differ = 0;
    for (int i = 0; i < width * height; i++) {
        uint32_t rgb =
            (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        differ += rgb != (pixels[i] & 0xFFFFFF);
    }
    free(bytes);
    cr_expect_eq(differ, 0, "%s: %d pixels differ", path, differ);
}

static bool has_freetype(void)
{
    int major, minor, patch;
    char version[32];
    TTF_GetFreeTypeVersion(&major, &minor, &patch);
    snprintf(version, sizeof version, "%d.%d.%d", major, minor, patch);
    if (strcmp(version, FREETYPE) == 0)
        return true;
    fprintf(stderr, "pictures are not compared: FreeType %s draws other letters than %s\n", version,
            FREETYPE);
    return false;
}

Test(golden, pictures_and_texts_are_as_they_were)
{
    for (int i = 0; i < N_GOLDENS; i++) {
        const struct golden *golden = &goldens[i];
        char path[64];
        struct err err;
        struct reel reel;
        struct buffer text = {0};
        open_run(&reel, golden, path, sizeof path);
        struct scene *scenes[] = {&reel.scene};
        struct chronicle *chronicles[] = {&reel.chronicle};
        struct stage_look look = {.width = golden->width,
                                  .height = golden->height,
                                  .theme = golden->theme,
                                  .density = golden->density,
                                  .strips = true};
        struct stage stage;
        struct painter_sdl *painter = painter_sdl_create(&err);
        cr_assert(painter != NULL);
        stage_init(&stage, scenes, chronicles, &reel.path, 1, &look, golden->at_usec);
        stage_keys(&stage, golden->keys);
        stage_settle(&stage);
        scene_text(&reel.scene, &text);
        compare_text(golden, &text);
        if (has_freetype())
            compare_picture(golden, painter, &stage.layout.shapes);
        buffer_finish(&text);
        stage_finish(&stage);
        painter_sdl_destroy(painter);
        reel_finish(&reel);
        unlink(path);
    }
}
