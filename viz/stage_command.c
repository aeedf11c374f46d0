/*
 * A look as the options of `berth view`, and back. It must never know a window, a driver or the computer's clock.
 */
#include "viz/stage.h"

#include "viz/camera.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of millionths with no more decimals than it takes. */
static void add_millionths(struct buffer *text, int64_t millionths)
{
    int digits = 6;
    int64_t rest = millionths % 1000000;
    buffer_add(text, "%" PRId64, millionths / 1000000);
    if (rest == 0)
        return;
    for (; rest % 10 == 0; rest /= 10)
        digits--;
    buffer_add(text, ".%0*" PRId64, digits, rest);
}

static void add_pick(struct buffer *text, const char *option, const struct layout_pick *pick)
{
    static const char letters[] = {
        [LAYOUT_TASK] = 't', [LAYOUT_INSTANCE] = 'i', [LAYOUT_WAIT] = 'w', [LAYOUT_SERVICE] = 's'};
    if (pick->thing == LAYOUT_NOTHING)
        return;
    buffer_add(text, " --%s ", option);
    if (pick->scene > 0)
        buffer_add(text, "%d:", pick->scene + 1);
    buffer_add(text, "%c%d", letters[pick->thing], (int)pick->id + 1);
}

/* A window can be smaller or larger than what can be asked for. */
static int side(int points)
{
    return points < STAGE_SIDE_LEAST  ? STAGE_SIDE_LEAST
           : points > STAGE_SIDE_MOST ? STAGE_SIDE_MOST
                                      : points;
}

void stage_command(const struct stage *stage, struct buffer *text)
{
    const struct stage_look *look = &stage->look;
    buffer_add_text(text, "berth view");
    for (int i = 0; i < stage->n_scenes; i++) {
        buffer_add_text(text, " ");
        buffer_add_shell_word(text, stage->paths[i]);
    }
    buffer_add_text(text, " --at ");
    add_millionths(text, stage->clock.at_usec);
    buffer_add_text(text, "s");
    if (stage->clock.shown < clock_placed(&stage->clock))
        buffer_add(text, " --placed %d", (int)stage->clock.shown);
    if (look->camera.zoom_thousandths > CAMERA_ZOOM_LEAST) {
        buffer_add_text(text, " --zoom ");
        add_millionths(text, look->camera.zoom_thousandths * INT64_C(1000));
        buffer_add_text(text, "@");
        add_millionths(text, look->camera.x);
        buffer_add_text(text, ",");
        add_millionths(text, look->camera.y);
    }
    if (look->filter[0] != '\0') {
        buffer_add_text(text, " --filter ");
        buffer_add_shell_word(text, look->filter);
    }
    add_pick(text, "pin", &look->pinned);
    if (look->pinned.thing != LAYOUT_NOTHING && stage->panel_scroll > 0)
        buffer_add(text, " --scroll %d", stage->panel_scroll);
    add_pick(text, "focus", &look->focus);
    if (look->theme != THEME_LIGHT)
        buffer_add(text, " --theme %s", theme_names[look->theme]);
    if (look->scale_percent != 100)
        buffer_add(text, " --scale %d%%", look->scale_percent);
    if (!look->strips)
        buffer_add_text(text, " --no-charts");
    if (look->wished > 0) {
        buffer_add_text(text, " --hidpi ");
        add_millionths(text, look->wished * INT64_C(10000));
    }
    buffer_add(text, " --size %dx%d", side(look->width), side(look->height));
}

bool stage_read_pick(const char *text, struct layout_pick *pick)
{
    struct layout_pick read = {0};
    char *end;
    if (isdigit((unsigned char)text[0]) && text[1] == ':') {
        read.scene = text[0] - '1';
        text += 2;
    }
    read.thing = *text == 't'   ? LAYOUT_TASK
                 : *text == 'i' ? LAYOUT_INSTANCE
                 : *text == 'w' ? LAYOUT_WAIT
                 : *text == 's' ? LAYOUT_SERVICE
                                : LAYOUT_NOTHING;
    if (read.thing == LAYOUT_NOTHING || !isdigit((unsigned char)text[1]))
        return false;
    long id = strtol(text + 1, &end, 10);
    if (*end != '\0' || id < 1 || id > INT32_MAX || read.scene < 0 || read.scene >= LAYOUT_SCENES)
        return false;
    read.id = (int32_t)id - 1;
    *pick = read;
    return true;
}

/* A decimal number up to `most`, in `units` of one. */
static bool read_decimal(const char **text, int64_t units, int64_t most, int64_t *value)
{
    const char *at = *text;
    int64_t whole = 0, part = 0;
    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at) && whole <= most; at++)
        whole = whole * 10 + (*at - '0');
    if (*at == '.') {
        int64_t unit = units;
        for (at++; isdigit((unsigned char)*at); at++)
            part += (*at - '0') * (unit /= 10);
    }
    *text = at;
    *value = whole * units + part;
    return whole <= most && *value <= most * units;
}

bool stage_read_zoom(const char *text, struct layout_camera *camera)
{
    int64_t zoom, x = 500000, y = 500000;
    if (!read_decimal(&text, 1000, CAMERA_ZOOM_MOST / 1000, &zoom) || zoom < CAMERA_ZOOM_LEAST)
        return false;
    if (*text == '@') {
        text++;
        if (!read_decimal(&text, 1000000, 1, &x) || *text++ != ',' ||
            !read_decimal(&text, 1000000, 1, &y))
            return false;
    }
    *camera = camera_bounded((struct layout_camera){(int32_t)zoom, (int32_t)x, (int32_t)y});
    return *text == '\0';
}
