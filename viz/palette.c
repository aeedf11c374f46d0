/*
 * One table (M. Okabe, K. Ito: Color Universal Design, 2008; lighter ones are mixed with white). It
 * must never know what is drawn.
 */
#include "viz/palette.h"

#include <assert.h>
#include <stddef.h>

const char *const theme_names[] = {"light", "dark", "projector", NULL};

static const uint32_t colours[THEMES][PAINTS] = {
    [THEME_LIGHT] =
        {
            [PAINT_PAPER] = 0xFFFFFF,
            [PAINT_PANEL] = 0xF6F7F8,
            [PAINT_CELL] = 0xDDE2E6,
            [PAINT_INK] = 0x14181C,
            [PAINT_FAINT] = 0x5A646E,
            [PAINT_RULE] = 0xB9C0C7,
            [PAINT_TIP] = 0xFFFBE0,
            [PAINT_SIM] = 0x0072B2,
            [PAINT_REAL] = 0xD55E00,
            [PAINT_CPU] = 0x0072B2,
            [PAINT_MEMORY] = 0xCC79A7,
            [PAINT_WAIT] = 0xC4C9CE,
            [PAINT_PULL] = 0x56B4E9,
            [PAINT_CREATE] = 0x0072B2,
            [PAINT_READY] = 0xF0E442,
            [PAINT_PENDING] = 0xF9F0A8,
            [PAINT_PENDING_STRIPE] = 0xE3D52B,
            [PAINT_RUNNING] = 0x52BA88,
            [PAINT_STOPPING] = 0xF5CF80,
            [PAINT_STOPPING_STRIPE] = 0xE69F00,
            [PAINT_FAILED] = 0xD55E00,
            [PAINT_SIM_LIGHT] = 0xCFE3F0,
            [PAINT_REAL_LIGHT] = 0xF7DECB,
            [PAINT_SECOND] = 0x9B3F73,
            [PAINT_DEPLOYMENT] = 0x0072B2,
            [PAINT_SCALE] = 0x00785A,
            [PAINT_FAULT] = 0x9A6200,
            [PAINT_FOCUS] = 0x0072B2,
        },
    [THEME_DARK] =
        {
            [PAINT_PAPER] = 0x14181C,
            [PAINT_PANEL] = 0x1F252B,
            [PAINT_CELL] = 0x323B44,
            [PAINT_INK] = 0xF1F4F6,
            [PAINT_FAINT] = 0xA9B4BE,
            [PAINT_RULE] = 0x4B555F,
            [PAINT_TIP] = 0x33301A,
            [PAINT_SIM] = 0x56B4E9,
            [PAINT_REAL] = 0xE5762A,
            [PAINT_CPU] = 0x56B4E9,
            [PAINT_MEMORY] = 0xCC79A7,
            [PAINT_WAIT] = 0x5A646E,
            [PAINT_PULL] = 0x56B4E9,
            [PAINT_CREATE] = 0x0072B2,
            [PAINT_READY] = 0xF0E442,
            [PAINT_PENDING] = 0x6A6620,
            [PAINT_PENDING_STRIPE] = 0xD0C430,
            [PAINT_RUNNING] = 0x0B6E55,
            [PAINT_STOPPING] = 0x5B2F10,
            [PAINT_STOPPING_STRIPE] = 0xB86A10,
            [PAINT_FAILED] = 0xF0803C,
            [PAINT_SIM_LIGHT] = 0x24455A,
            [PAINT_REAL_LIGHT] = 0x57331B,
            [PAINT_SECOND] = 0xEFA3C8,
            [PAINT_DEPLOYMENT] = 0x56B4E9,
            [PAINT_SCALE] = 0x3FCBA0,
            [PAINT_FAULT] = 0xF0C040,
            [PAINT_FOCUS] = 0xF0E442,
        },
    [THEME_PROJECTOR] =
        {
            [PAINT_PAPER] = 0xFFFFFF,
            [PAINT_PANEL] = 0xFFFFFF,
            [PAINT_CELL] = 0xD5DBE0,
            [PAINT_INK] = 0x000000,
            [PAINT_FAINT] = 0x2E363D,
            [PAINT_RULE] = 0x7A848E,
            [PAINT_TIP] = 0xFFFBE0,
            [PAINT_SIM] = 0x0072B2,
            [PAINT_REAL] = 0xD55E00,
            [PAINT_CPU] = 0x0072B2,
            [PAINT_MEMORY] = 0xCC79A7,
            [PAINT_WAIT] = 0xC4C9CE,
            [PAINT_PULL] = 0x56B4E9,
            [PAINT_CREATE] = 0x0072B2,
            [PAINT_READY] = 0xF0E442,
            [PAINT_PENDING] = 0xF9F0A8,
            [PAINT_PENDING_STRIPE] = 0xE3D52B,
            [PAINT_RUNNING] = 0x2FA985,
            [PAINT_STOPPING] = 0xF5CF80,
            [PAINT_STOPPING_STRIPE] = 0xE69F00,
            [PAINT_FAILED] = 0xD55E00,
            [PAINT_SIM_LIGHT] = 0xB5D5EA,
            [PAINT_REAL_LIGHT] = 0xF3CBAC,
            [PAINT_SECOND] = 0x8A2F63,
            [PAINT_DEPLOYMENT] = 0x004C80,
            [PAINT_SCALE] = 0x00704A,
            [PAINT_FAULT] = 0x7A4E00,
            [PAINT_FOCUS] = 0x005A8C,
        },
};

uint32_t palette_colour(enum theme theme, enum paint paint)
{
    assert(theme < THEMES && paint < PAINTS);
    return colours[theme][paint];
}

uint32_t palette_rgb(enum paint paint)
{
    return palette_colour(THEME_LIGHT, paint);
}

uint32_t palette_shaded(enum paint paint, int shade)
{
    uint32_t rgb = palette_rgb(paint), mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        uint32_t part = (rgb >> shift) & 0xFF;
        mixed |= (255 - (255 - part) * (uint32_t)shade / 100) << shift;
    }
    return mixed;
}
