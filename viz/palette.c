/*
 * One table (M. Okabe, K. Ito: Color Universal Design, 2008; lighter ones are mixed with white). It
 * must never know what is drawn.
 */
#include "viz/palette.h"

#include <assert.h>

static const uint32_t colours[PAINTS] = {
    [PAINT_PAPER] = 0xFFFFFF,
    [PAINT_PANEL] = 0xF6F7F8,
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
    [PAINT_PENDING] = 0xFAF5B5,
    [PAINT_PENDING_STRIPE] = 0xE3D52B,
    [PAINT_RUNNING] = 0x4DBB9B,
    [PAINT_STOPPING] = 0xF5CF80,
    [PAINT_STOPPING_STRIPE] = 0xE69F00,
    [PAINT_FAILED] = 0xD55E00,
};

uint32_t palette_rgb(enum paint paint)
{
    assert(paint < PAINTS);
    return colours[paint];
}
