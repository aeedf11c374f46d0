/*
 * Moving pictures: frames of a stage at equal steps of the run's time, as numbered PNG files or through ffmpeg as a
 * film. The same run, look and times give the same frames, byte for byte. It must never know what the frames show.
 */
#ifndef BERTH_VIZ_FILM_H
#define BERTH_VIZ_FILM_H

#include "file/err.h"
#include "viz/painter_sdl.h"
#include "viz/stage.h"

struct film {
    const char *frames; /* a folder, made where there is none; NULL: no frames */
    const char *film;   /* a file whose ending ffmpeg knows; NULL: no film */
    int64_t from_usec, to_usec;
    int fps;
    int64_t speed_milli; /* thousandths: 1000 is as fast as the run */
};

#define FILM_FRAMES_MOST 1000000

/* How many frames it has: from the first moment on as many as it takes to show the last one. */
int64_t film_count(const struct film *film);
int64_t film_at_usec(const struct film *film, int64_t frame);

/* Makes them. Errors: no ffmpeg, a folder or file that cannot be written, more than FILM_FRAMES_MOST frames. */
bool film_make(const struct film *film, struct stage *stage, struct painter_sdl *painter,
               struct err *err);

#endif
