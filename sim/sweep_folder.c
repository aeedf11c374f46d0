/*
 * Lines in files. A run's line is written by one call and counts from its end of line on, so that
 * whatever happens the folder holds whole runs.
 */
#include "sweep_folder.h"

#include "core/array.h"
#include "file/buffer.h"
#include "file/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "berth sweep/1 "

static char *path_in(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = memory_zeroed(size, 1);

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* The whole file as one text for free(), or NULL with errno. */
static char *read_all(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buffer text = {0};
    char part[65536];
    size_t n;

    if (!file)
        return NULL;
    buffer_reserve(&text, 0);
    text.text[0] = '\0';
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buffer_add_bytes(&text, part, n);
    fclose(file);
    return text.text;
}

bool sweep_is_folder(const char *path)
{
    char *file = path_in(path, "sweep");
    bool is = access(file, R_OK) == 0;

    free(file);
    return is;
}

/* What is run --------------------------------------------------------------------------------------- */

static void say_plan(struct buffer *text, const struct sweep *sweep)
{
    const struct sweep_plan *plan = &sweep->plan;

    buffer_add(text, HEAD "%s\nscenario %s\n", BERTH_VERSION, plan->scenario);
    for (int i = 0; i < plan->n_sets; i++)
        buffer_add(text, "set %s\n", plan->sets[i]);
    buffer_add(text, "seeds %d\n", plan->n_seeds);
    if (plan->count)
        buffer_add(text, "count %" PRId32 "\n", plan->count);
    if (plan->instances)
        buffer_add(text, "instances %s\n", plan->instances);
    if (plan->warm_up_usec)
        buffer_add(text, "warm-up %" PRId64 "\n", plan->warm_up_usec);
    buffer_add(text, "digest %016" PRIx64 "\nmeasures", sweep->digest);
    for (int i = 0; i < MEASURES; i++)
        buffer_add(text, " %s", measure_rows[i].name);
    buffer_add_text(text, "\n");
}

/* Under another name first: nobody ever sees half of it. */
static bool write_plan(const char *path, const char *text, struct err *err)
{
    size_t size = strlen(path) + 32;
    char *other = memory_zeroed(size, 1);
    FILE *file;
    bool ok;

    snprintf(other, size, "%s.%ld", path, (long)getpid());
    file = fopen(other, "w");
    ok = file && fputs(text, file) >= 0;
    ok = file && fclose(file) == 0 && ok;
    ok = ok && rename(other, path) == 0;
    if (!ok) {
        err_errno(err, errno, "cannot write %s", path);
        unlink(other);
    }
    free(other);
    return ok;
}

static bool compare_plan(const char *folder, const char *there, const char *wanted, struct err *err)
{
    size_t same = 0;
    const char *line, *end;

    if (strcmp(there, wanted) == 0)
        return true;
    while (there[same] && there[same] == wanted[same])
        same++;
    for (line = there + same; line > there && line[-1] != '\n'; line--)
        ;
    if (strncmp(line, "digest ", 7) == 0)
        return err_set(
            err, EXIT_INPUT,
            "%s holds a sweep of this scenario as it was: the file has changed since; remove the "
            "folder, or choose another one with -o",
            folder);
    end = strchrnul(line, '\n');
    return err_set(
        err, EXIT_INPUT,
        "%s holds another sweep: it says \"%.*s\"; choose another folder with -o, or remove it",
        folder, (int)(end - line > 200 ? 200 : end - line), line);
}

bool sweep_folder_claim(const struct sweep *sweep, struct err *err)
{
    struct buffer wanted = {0};
    char *path = path_in(sweep->folder, "sweep"), *there;
    bool ok;

    say_plan(&wanted, sweep);
    there = read_all(path);
    if (there)
        ok = compare_plan(sweep->folder, there, wanted.text, err);
    else if (errno != ENOENT || (mkdir(sweep->folder, 0777) != 0 && errno != EEXIST))
        ok = err_file(err, errno, "cannot use the folder %s", sweep->folder);
    else
        ok = write_plan(path, wanted.text, err);
    free(there);
    free(path);
    buffer_finish(&wanted);
    return ok;
}

static bool read_line(struct sweep_plan *plan, const char *line)
{
    const char *value = strchr(line, ' ');
    size_t length = value ? (size_t)(value - line) : 0;

    if (!value)
        return false;
    value++;
#define IS(word) (length == strlen(word) && strncmp(line, word, length) == 0)
    if (IS("scenario") && !plan->scenario)
        plan->scenario = memory_text(value);
    else if (IS("set"))
        *ARRAY_ADD(plan, sets) = memory_text(value);
    else if (IS("seeds"))
        plan->n_seeds = atoi(value);
    else if (IS("count"))
        plan->count = atoi(value);
    else if (IS("instances") && !plan->instances)
        plan->instances = memory_text(value);
    else if (IS("warm-up"))
        plan->warm_up_usec = strtoll(value, NULL, 10);
    else
        return IS("digest") || IS("measures");
#undef IS
    return true;
}

bool sweep_folder_plan(const char *folder, struct sweep_plan *plan, struct err *err)
{
    char *path = path_in(folder, "sweep");
    char *text = read_all(path), *rest = text, *line = NULL;
    bool ok = text != NULL;

    if (!text)
        err_errno(err, errno, "cannot read %s", path);
    else
        line = strsep(&rest, "\n");
    if (ok && strncmp(line, HEAD, strlen(HEAD)) != 0)
        ok = err_set(err, EXIT_INPUT, "%s:1: this is no sweep of berth's", path);
    for (int number = 2; ok && rest && *rest; number++) {
        line = strsep(&rest, "\n");
        if (!read_line(plan, line))
            ok = err_set(err, EXIT_INPUT, "%s:%d: this line means nothing here", path, number);
    }
    if (ok && (!plan->scenario || plan->n_seeds < 1 || plan->n_seeds > SWEEP_SEEDS_MAX ||
               plan->count < 0 || plan->warm_up_usec < 0))
        ok = err_set(err, EXIT_INPUT, "%s is not whole", path);
    free(text);
    free(path);
    return ok;
}

/* Runs ------------------------------------------------------------------------------------------ */

/* Cuts off what a crash has left of a last line. */
static bool cut_tail(int file)
{
    off_t size = lseek(file, 0, SEEK_END);
    char last = '\0';

    while (size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n')
        size--;
    return size >= 0 && ftruncate(file, size) == 0;
}

int sweep_folder_open(const char *folder, struct sweep_shard shard, struct err *err)
{
    char name[64];
    char *path;
    int file;

    snprintf(name, sizeof name, "runs.%d-of-%d", shard.index + 1, shard.count);
    path = path_in(folder, name);
    file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        err_errno(err, errno, "cannot write %s", path);
    } else if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        err_set(err, EXIT_INPUT, "%s is being written: this sweep is already going on", path);
        close(file);
        file = -1;
    } else if (!cut_tail(file)) {
        err_errno(err, errno, "cannot write %s", path);
        close(file);
        file = -1;
    }
    free(path);
    return file;
}

bool sweep_folder_write(int file, int run, const struct measure *measure, struct err *err)
{
    struct buffer line = {0};
    ssize_t written;
    bool ok;

    buffer_add_int(&line, run);
    for (int i = 0; i < MEASURES; i++) {
        buffer_add_text(&line, " ");
        buffer_add_int(&line, measure->values[i]);
    }
    buffer_add_text(&line, "\n");
    written = write(file, line.text, line.length);
    ok = written == (ssize_t)line.length ||
         err_errno(err, written < 0 ? errno : ENOSPC, "cannot write the result of a run");
    buffer_finish(&line);
    return ok;
}

/* One line; false where it is not whole or not of this sweep. */
static bool read_run(struct sweep *sweep, const char *line)
{
    int64_t numbers[MEASURES + 1];
    char *end = (char *)line;

    for (int i = 0; i <= MEASURES; i++) {
        errno = 0;
        numbers[i] = strtoll(line, &end, 10);
        if (end == line || errno != 0 || *end != (i < MEASURES ? ' ' : '\0'))
            return false;
        line = end + 1;
    }
    if (numbers[0] < 0 || numbers[0] >= sweep->n_runs)
        return false;
    sweep->done[numbers[0]] = true;
    memcpy(sweep->values + numbers[0] * MEASURES, numbers + 1, sizeof numbers - sizeof numbers[0]);
    return true;
}

static void read_runs(struct sweep *sweep, const char *name)
{
    char *path = path_in(sweep->folder, name), *text = read_all(path), *rest = text;

    while (rest && strchr(rest, '\n'))
        read_run(sweep, strsep(&rest, "\n"));
    free(text);
    free(path);
}

void sweep_folder_read(struct sweep *sweep)
{
    DIR *folder = opendir(sweep->folder);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, "runs.", 5) == 0)
            read_runs(sweep, entry->d_name);
    if (folder)
        closedir(folder);
}
