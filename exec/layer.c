/*
 * libarchive reads; every name is then opened step by step below the layer's own folder by the
 * kernel (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), so that no check here can be
 * tricked by what was unpacked before.
 */
#include "exec/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * An archive of zeros grows a thousandfold, an honest one hardly tenfold. Small ones may: they harm
 * nobody. Names cost memory too where the store is in memory.
 */
enum { GROWTH_MAX = 200, HARMLESS_BYTES = 64 << 20, ENTRIES_MAX = 1000000 };

struct unpacking {
    struct archive *archive;
    const char *path; /* of the archive, for errors */
    int root;
    bool is_root; /* owners can be given, devices are overlayfs's whiteouts in either case */
    int64_t bytes;
    int64_t archive_bytes;
    int n_entries;
};

/* Where an entry goes: an open parent folder and the last part of its name. */
struct place {
    int parent;
    const char *name;
    char text[PATH_MAX];
};

static bool refuse(const struct unpacking *unpacking, const char *name, const char *why,
                   struct err *err)
{
    return err_set(err, EXIT_INPUT, "%s: %.200s %s: refused", unpacking->path, name, why);
}

static bool failed(const struct unpacking *unpacking, const char *name, struct err *err)
{
    return err_errno(err, errno, "%s: cannot unpack %.200s", unpacking->path, name);
}

/*
 * Copies a name without "./" and closing slashes; false when it is absolute or has a "..". "" = the
 * root.
 */
static bool clean_name(const char *name, char *clean, size_t size)
{
    size_t used = 0;

    if (!name || name[0] == '/') {
        return false;
    }
    while (*name) {
        size_t length = strcspn(name, "/");

        if (length == 2 && !strncmp(name, "..", 2)) {
            return false;
        }
        if (length && !(length == 1 && *name == '.')) {
            int n =
                snprintf(clean + used, size - used, "%s%.*s", used ? "/" : "", (int)length, name);

            used += (size_t)n;
            if (used >= size) {
                return false;
            }
        }
        name += length + (name[length] == '/');
    }
    clean[used] = '\0';
    return true;
}

static int open_below(int root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

    return (int)syscall(SYS_openat2, root, path[0] ? path : ".", &how, sizeof how);
}

/*
 * Opens a folder of the layer, making what is missing on the way: archives need not name parents.
 */
static int open_folder(int root, const char *path)
{
    char part[PATH_MAX];
    int fd = open_below(root, path);

    if (fd >= 0 || errno != ENOENT) {
        return fd;
    }
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] == '/' || !path[i]) {
            const char *slash;
            int parent;

            snprintf(part, sizeof part, "%.*s", (int)i, path);
            slash = strrchr(part, '/');
            if (slash) {
                part[slash - part] = '\0';
            }
            parent = open_below(root, slash ? part : "");
            if (parent < 0) {
                return -1;
            }
            if (mkdirat(parent, slash ? slash + 1 : part, 0755) != 0 && errno != EEXIST) {
                close(parent);
                return -1;
            }
            close(parent);
        }
    }
    return open_below(root, path);
}

static bool find_place(const struct unpacking *unpacking, const char *name, struct place *place,
                       struct err *err)
{
    char *slash;

    if (!clean_name(name, place->text, sizeof place->text)) {
        return refuse(unpacking, name ? name : "a name", "leads out of the layer", err);
    }
    slash = strrchr(place->text, '/');
    place->name = slash ? slash + 1 : place->text;
    if (slash) {
        *slash = '\0';
    }
    place->parent = open_folder(unpacking->root, slash ? place->text : "");
    if (place->parent >= 0) {
        return true;
    }
    return errno == ELOOP || errno == EXDEV || errno == ENOTDIR
               ? refuse(unpacking, name, "leads through a link or a file", err)
               : failed(unpacking, name, err);
}

/* ---- the kinds of entries ---- */

/*
 * Owner, permissions, time. Without root a folder must stay open to its owner, or it could not be
 * filled.
 */
static bool finish_file(const struct unpacking *unpacking, int fd, struct archive_entry *entry)
{
    mode_t mode = archive_entry_perm(entry);
    struct timespec times[2] = {{.tv_sec = archive_entry_mtime(entry)},
                                {.tv_sec = archive_entry_mtime(entry)}};

    if (!unpacking->is_root) {
        mode = (mode & 01777) | (archive_entry_filetype(entry) == AE_IFDIR ? 0700 : 0400);
    } else if (fchown(fd, (uid_t)archive_entry_uid(entry), (gid_t)archive_entry_gid(entry)) != 0) {
        return false;
    }
    return fchmod(fd, mode) == 0 && futimens(fd, times) == 0;
}

static bool copy_data(struct unpacking *unpacking, int fd, struct archive_entry *entry,
                      struct err *err)
{
    const void *block;
    size_t size;
    la_int64_t offset;
    int status;

    while ((status = archive_read_data_block(unpacking->archive, &block, &size, &offset)) ==
           ARCHIVE_OK) {
        if (pwrite(fd, block, size, offset) != (ssize_t)size) {
            return failed(unpacking, archive_entry_pathname(entry), err);
        }
        unpacking->bytes += (int64_t)size;
        if (unpacking->bytes > HARMLESS_BYTES &&
            unpacking->bytes / GROWTH_MAX > unpacking->archive_bytes) {
            return refuse(unpacking, archive_entry_pathname(entry),
                          "grows to more than 200 times the archive's size", err);
        }
    }
    return status == ARCHIVE_EOF || err_set(err, EXIT_INPUT, "%s: damaged: %s", unpacking->path,
                                            archive_error_string(unpacking->archive));
}

static bool unpack_file(struct unpacking *unpacking, const struct place *place,
                        struct archive_entry *entry, struct err *err)
{
    int fd = openat(place->parent, place->name,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool fine;

    if (fd < 0) {
        return failed(unpacking, archive_entry_pathname(entry), err);
    }
    fine = copy_data(unpacking, fd, entry, err) &&
           (finish_file(unpacking, fd, entry) ||
            failed(unpacking, archive_entry_pathname(entry), err));
    close(fd);
    return fine;
}

static bool unpack_folder(const struct unpacking *unpacking, const struct place *place,
                          struct archive_entry *entry, struct err *err)
{
    const char *name = place->name[0] ? place->name : ".";
    int fd;
    bool fine;

    if (place->name[0] && mkdirat(place->parent, name, 0700) != 0 && errno != EEXIST) {
        return failed(unpacking, archive_entry_pathname(entry), err);
    }
    fd = openat(place->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    fine = fd >= 0 && finish_file(unpacking, fd, entry);
    if (fd >= 0) {
        close(fd);
    }
    return fine || failed(unpacking, archive_entry_pathname(entry), err);
}

static bool unpack_link(const struct unpacking *unpacking, const struct place *place,
                        struct archive_entry *entry, struct err *err)
{
    if (symlinkat(archive_entry_symlink(entry), place->parent, place->name) != 0 ||
        (unpacking->is_root &&
         fchownat(place->parent, place->name, (uid_t)archive_entry_uid(entry),
                  (gid_t)archive_entry_gid(entry), AT_SYMLINK_NOFOLLOW) != 0)) {
        return failed(unpacking, archive_entry_pathname(entry), err);
    }
    return true;
}

static bool unpack_hard_link(const struct unpacking *unpacking, const struct place *place,
                             struct archive_entry *entry, struct err *err)
{
    struct place target;
    bool fine;

    if (!find_place(unpacking, archive_entry_hardlink(entry), &target, err)) {
        return false;
    }
    fine = linkat(target.parent, target.name, place->parent, place->name, 0) == 0;
    close(target.parent);
    return fine || failed(unpacking, archive_entry_pathname(entry), err);
}

/* ".wh.NAME" hides NAME of the layers below, ".wh..wh..opq" all that they have in this folder. */
static bool unpack_whiteout(const struct unpacking *unpacking, const struct place *place,
                            struct err *err)
{
    const char *hidden = place->name + 4;

    if (!strcmp(hidden, ".wh..opq")) {
        const char *name = unpacking->is_root ? "trusted.overlay.opaque" : "user.overlay.opaque";

        return fsetxattr(place->parent, name, "y", 1, 0) == 0 ||
               failed(unpacking, place->name, err);
    }
    if (!hidden[0] || !strcmp(hidden, ".") || !strcmp(hidden, "..")) {
        return refuse(unpacking, place->name, "hides nothing", err);
    }
    /* Device 0:0 is the one device that anybody may make. */
    return mknodat(place->parent, hidden, S_IFCHR, makedev(0, 0)) == 0 ||
           failed(unpacking, place->name, err);
}

/* A later entry replaces an earlier one of the same name, but never a folder. */
static bool make_room(const struct unpacking *unpacking, const struct place *place, struct err *err)
{
    return unlinkat(place->parent, place->name, 0) == 0 || errno == ENOENT ||
           refuse(unpacking, place->name, "replaces a folder", err);
}

static bool unpack_at(struct unpacking *unpacking, const struct place *place,
                      struct archive_entry *entry, struct err *err)
{
    const char *name = archive_entry_pathname(entry);

    if (!archive_entry_hardlink(entry) && archive_entry_filetype(entry) == AE_IFDIR) {
        return unpack_folder(unpacking, place, entry, err);
    }
    if (!place->name[0]) {
        return refuse(unpacking, name, "is not a folder", err);
    }
    if (!strncmp(place->name, ".wh.", 4)) {
        return unpack_whiteout(unpacking, place, err);
    }
    if (!make_room(unpacking, place, err)) {
        return false;
    }
    if (archive_entry_hardlink(entry)) {
        return unpack_hard_link(unpacking, place, entry, err);
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return unpack_file(unpacking, place, entry, err);
    case AE_IFLNK:
        return unpack_link(unpacking, place, entry, err);
    case AE_IFIFO:
        return mkfifoat(place->parent, place->name, archive_entry_perm(entry)) == 0 ||
               failed(unpacking, name, err);
    default:
        return refuse(unpacking, name, "is a device or a socket", err);
    }
}

static bool unpack_all(struct unpacking *unpacking, struct err *err)
{
    struct archive_entry *entry;
    struct place place;
    int status;

    while ((status = archive_read_next_header(unpacking->archive, &entry)) == ARCHIVE_OK ||
           status == ARCHIVE_WARN) {
        bool fine;

        if (++unpacking->n_entries > ENTRIES_MAX) {
            return refuse(unpacking, archive_entry_pathname(entry), "is one of over a million",
                          err);
        }
        if (!find_place(unpacking, archive_entry_pathname(entry), &place, err)) {
            return false;
        }
        fine = unpack_at(unpacking, &place, entry, err);
        close(place.parent);
        if (!fine) {
            return false;
        }
    }
    return status == ARCHIVE_EOF || err_set(err, EXIT_INPUT, "%s: damaged: %s", unpacking->path,
                                            archive_error_string(unpacking->archive));
}

bool layer_unpack(const char *archive, const char *folder, int64_t *bytes, struct err *err)
{
    struct unpacking unpacking = {
        .archive = archive_read_new(), .path = archive, .is_root = geteuid() == 0};
    mode_t mask = umask(0);
    struct stat is = {0};
    bool fine;

    unpacking.archive_bytes = stat(archive, &is) == 0 ? is.st_size : 0;
    unpacking.root = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    archive_read_support_format_tar(unpacking.archive);
    archive_read_support_filter_gzip(unpacking.archive);
    archive_read_support_filter_bzip2(unpacking.archive);
    archive_read_support_filter_xz(unpacking.archive);
    archive_read_support_filter_zstd(unpacking.archive);
    if (unpacking.root < 0) {
        fine = err_errno(err, errno, "cannot open %s", folder);
    } else if (archive_read_open_filename(unpacking.archive, archive, 65536) != ARCHIVE_OK) {
        fine = err_set(err, EXIT_INPUT, "%s: %s", archive, archive_error_string(unpacking.archive));
    } else {
        fine = unpack_all(&unpacking, err);
    }
    umask(mask);
    if (unpacking.root >= 0) {
        close(unpacking.root);
    }
    archive_read_free(unpacking.archive);
    *bytes += unpacking.bytes;
    return fine;
}
