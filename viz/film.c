/*
 * A frame is the stage's picture with the clock set to its moment; ffmpeg gets the pixels through a pipe. It must
 * never know what the frames show.
 */
#include "viz/film.h"

#include "viz/density.h"
#include "viz/picture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int64_t film_at_usec(const struct film *film, int64_t frame)
{
    __int128 usec = (__int128)frame * USEC_PER_SEC * film->speed_milli / film->fps / 1000;
    __int128 at_usec = film->from_usec + usec;
    return at_usec < film->to_usec ? (int64_t)at_usec : film->to_usec;
}

int64_t film_count(const struct film *film)
{
    if (film->to_usec <= film->from_usec)
        return 1;
    __int128 per_frame = (__int128)USEC_PER_SEC * film->speed_milli;
    __int128 all = (__int128)(film->to_usec - film->from_usec) * film->fps * 1000;
    __int128 n = (all + per_frame - 1) / per_frame + 1;
    return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

/* ffmpeg, fed through a pipe. */
struct encoder {
    pid_t pid; /* 0: none */
    int pipe;
    unsigned char *row; /* the picture as red, green, blue */
};

static bool encoder_start(struct encoder *encoder, const struct film *film, int width, int height,
                          struct err *err)
{
    char size[32], fps[16];
    snprintf(size, sizeof size, "%dx%d", width, height);
    snprintf(fps, sizeof fps, "%d", film->fps);
    /* Most players want an even number of pixels and this form of colours. */
    const char *const arguments[] = {"ffmpeg",
                                     "-loglevel",
                                     "error",
                                     "-nostdin",
                                     "-y",
                                     "-f",
                                     "rawvideo",
                                     "-pixel_format",
                                     "rgb24",
                                     "-video_size",
                                     size,
                                     "-framerate",
                                     fps,
                                     "-i",
                                     "pipe:0",
                                     "-vf",
                                     "pad=ceil(iw/2)*2:ceil(ih/2)*2",
                                     "-pix_fmt",
                                     "yuv420p",
                                     film->film,
                                     NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(err, errno, "cannot make a pipe to ffmpeg");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    int failed =
        posix_spawnp(&encoder->pid, "ffmpeg", &actions, NULL, (char *const *)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    encoder->pipe = ends[1];
    if (failed == 0)
        return true;
    encoder->pid = 0;
    close(ends[1]);
    if (failed == ENOENT)
        return err_set(
            err, EXIT_MACHINE,
            "%s: a film is made by ffmpeg, which is not on this machine: apt-get install "
            "ffmpeg; --frames DIR makes pictures that any other program can join",
            film->film);
    return err_errno(err, failed, "cannot start ffmpeg");
}

static bool encoder_add(struct encoder *encoder, const uint32_t *pixels, size_t n)
{
    unsigned char *bytes = encoder->row;
    for (size_t i = 0; i < n; i++) {
        bytes[3 * i] = (unsigned char)(pixels[i] >> 16);
        bytes[3 * i + 1] = (unsigned char)(pixels[i] >> 8);
        bytes[3 * i + 2] = (unsigned char)pixels[i];
    }
    for (size_t done = 0; done < 3 * n;) {
        ssize_t wrote = write(encoder->pipe, bytes + done, 3 * n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false; /* it has ended: its exit code says how */
        done += (size_t)wrote;
    }
    return true;
}

static bool encoder_finish(struct encoder *encoder, const struct film *film, bool ok,
                           struct err *err)
{
    int status;
    if (encoder->pid == 0)
        return ok;
    close(encoder->pipe);
    while (waitpid(encoder->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ok;
    return err_set(err, EXIT_MACHINE,
                   "%s: ffmpeg could not make the film; what it said stands above", film->film);
}

static bool save_frame(const struct film *film, int64_t frame, const uint32_t *pixels, int width,
                       int height, struct err *err)
{
    char *path;
    if (!film->frames)
        return true;
    if (asprintf(&path, "%s/frame-%06" PRId64 ".png", film->frames, frame) < 0)
        abort();
    bool ok = picture_save(path, pixels, width, height, err);
    free(path);
    return ok;
}

/* The number of a frame's file; -1: it is none of ours. */
static int64_t frame_of(const char *name)
{
    int64_t frame;
    int length = 0;
    char own[32];
    if (sscanf(name, "frame-%9" SCNd64 ".png%n", &frame, &length) != 1 || length == 0 ||
        name[length] != '\0')
        return -1;
    snprintf(own, sizeof own, "frame-%06" PRId64 ".png", frame);
    return strcmp(name, own) == 0 ? frame : -1;
}

/* Those of an earlier, longer film would be taken for this one's end. */
static bool remove_later(const struct film *film, int64_t n, struct err *err)
{
    DIR *folder = film->frames ? opendir(film->frames) : NULL;
    bool ok = true;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        if (frame_of(entry->d_name) >= n && unlinkat(dirfd(folder), entry->d_name, 0) != 0 && ok)
            ok = err_errno(err, errno, "%s/%s: a frame of an earlier film cannot be removed",
                           film->frames, entry->d_name);
    }
    if (folder)
        closedir(folder);
    return ok;
}

static void say_progress(int64_t frame, int64_t n)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\rframe %" PRId64 " of %" PRId64 "%s", frame + 1, n,
                frame + 1 == n ? "\n" : "");
}

static bool make_frames(const struct film *film, struct stage *stage, struct painter_sdl *painter,
                        struct encoder *encoder, struct err *err)
{
    int width = density_pixels(stage->look.width, stage->look.density);
    int height = density_pixels(stage->look.height, stage->look.density);
    int64_t n = film_count(film);
    for (int64_t i = 0; i < n; i++) {
        clock_seek(&stage->clock, film_at_usec(film, i));
        stage_settle(stage);
        const uint32_t *pixels = painter_sdl_draw(painter, &stage->layout.shapes, width, height);
        if (!save_frame(film, i, pixels, width, height, err))
            return false;
        if (encoder->pid != 0 && !encoder_add(encoder, pixels, (size_t)width * (size_t)height))
            return true;
        say_progress(i, n);
    }
    return remove_later(film, n, err);
}

bool film_make(const struct film *film, struct stage *stage, struct painter_sdl *painter,
               struct err *err)
{
    int width = density_pixels(stage->look.width, stage->look.density);
    int height = density_pixels(stage->look.height, stage->look.density);
    struct encoder encoder = {0};
    if (film_count(film) > FILM_FRAMES_MOST)
        return err_set(err, EXIT_INPUT,
                       "that would be %" PRId64
                       " frames, more than %d: take a part with --from and "
                       "--to, or a higher --speed",
                       film_count(film), FILM_FRAMES_MOST);
    if (film->frames && mkdir(film->frames, 0777) != 0 && errno != EEXIST)
        return err_file(err, errno, "%s: cannot make the folder", film->frames);
    if (film->film && !encoder_start(&encoder, film, width, height, err))
        return false;
    encoder.row = malloc((size_t)width * (size_t)height * 3 + 1);
    if (!encoder.row)
        abort();
    /* ffmpeg may end before the last frame. */
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    bool ok = make_frames(film, stage, painter, &encoder, err);
    ok = encoder_finish(&encoder, film, ok, err);
    signal(SIGPIPE, before);
    free(encoder.row);
    return ok;
}
