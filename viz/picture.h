/*
 * Pixels to a PNG file, through libpng, and what kind of picture a name tells. It must never know what the picture
 * shows or who drew it.
 */
#ifndef BERTH_VIZ_PICTURE_H
#define BERTH_VIZ_PICTURE_H

#include "file/err.h"

#include <stdint.h>

/* Whether a file's name tells that kind: ".png", small letters or capitals, after something else. */
bool picture_is(const char *path, const char *ending);

/* Writes rows of 0x__RRGGBB from the top as 8-bit RGB. A file that cannot be written whole is
 * removed. */
bool picture_save(const char *path, const uint32_t *pixels, int width, int height, struct err *err);

#endif
