/*
 * See cpio.h. The format: Documentation/driver-api/early-userspace/buffer-format.rst of the kernel.
 */
#include "exec/cpio.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

bool cpio_open(struct cpio *cpio, const char *path, struct err *err)
{
    *cpio = (struct cpio){.file = fopen(path, "we")};
    return cpio->file || err_errno(err, errno, "cannot make %s", path);
}

static void pad(struct cpio *cpio)
{
    while (ftell(cpio->file) % 4 != 0) {
        fputc(0, cpio->file);
    }
}

static void write_head(struct cpio *cpio, const char *name, unsigned mode, unsigned long size)
{
    fprintf(cpio->file, "070701%08X%08X%08X%08X%08X%08X%08lX%08X%08X%08X%08X%08X%08X%s%c",
            ++cpio->n_entries, mode, 0u, 0u, 1u, 0u, size, 0u, 0u, 0u, 0u,
            (unsigned)strlen(name) + 1, 0u, name, '\0');
    pad(cpio);
}

static bool written(const struct cpio *cpio, struct err *err)
{
    return !ferror(cpio->file) || err_errno(err, errno, "cannot write the guest's first files");
}

bool cpio_add_folder(struct cpio *cpio, const char *name, struct err *err)
{
    write_head(cpio, name, S_IFDIR | 0755, 0);
    return written(cpio, err);
}

/* An entry that is there already is no error to the kernel. */
static bool add_parents(struct cpio *cpio, const char *name, struct err *err)
{
    const char *last = strrchr(name, '/');
    size_t length = last ? (size_t)(last - name) : 0;
    char folder[sizeof cpio->last];

    if (length >= sizeof folder) {
        return err_set(err, EXIT_MACHINE, "too long a name for the guest: %s", name);
    }
    if (strncmp(cpio->last, name, length) == 0 && cpio->last[length] == '\0') {
        return true;
    }
    for (size_t i = 1; i <= length; i++) {
        if (i == length || name[i] == '/') {
            snprintf(folder, sizeof folder, "%.*s", (int)i, name);
            if (!cpio_add_folder(cpio, folder, err)) {
                return false;
            }
        }
    }
    snprintf(cpio->last, sizeof cpio->last, "%.*s", (int)length, name);
    return true;
}

bool cpio_add_file(struct cpio *cpio, const char *name, const char *from, struct err *err)
{
    FILE *file = fopen(from, "re");
    struct stat is;
    char bytes[65536];
    size_t n, left;

    if (!file || fstat(fileno(file), &is) != 0 || !S_ISREG(is.st_mode)) {
        err_errno(err, file ? EINVAL : errno, "cannot read %s", from);
        goto close;
    }
    if (!add_parents(cpio, name, err)) {
        goto close;
    }
    write_head(cpio, name, S_IFREG | (is.st_mode & 0111 ? 0755 : 0644), (unsigned long)is.st_size);
    for (left = (size_t)is.st_size; left > 0; left -= n) {
        n = fread(bytes, 1, left < sizeof bytes ? left : sizeof bytes, file);
        if (n == 0) {
            err_set(err, EXIT_MACHINE, "%s became shorter while it was read", from);
            goto close;
        }
        fwrite(bytes, 1, n, cpio->file);
    }
    fclose(file);
    pad(cpio);
    return written(cpio, err);
close:
    if (file) {
        fclose(file);
    }
    return false;
}

bool cpio_close(struct cpio *cpio, struct err *err)
{
    bool ok;

    write_head(cpio, "TRAILER!!!", 0, 0);
    ok = written(cpio, err);
    if (fclose(cpio->file) != 0 && ok) {
        ok = err_errno(err, errno, "cannot write the guest's first files");
    }
    return ok;
}
