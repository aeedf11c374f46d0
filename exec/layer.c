/*
 * libarchive reads; every name is then opened step by step below the layer's own folder by the
 * kernel (openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), so that no check here can be
 * tricked by what was unpacked before. Two readers stand one behind the other: the first takes the
 * compression off, and what it gives is counted and hashed before the second takes it for a tar.
 */
#include "exec/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
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
    struct archive *packed;  /* takes the compression off */
    struct archive *archive; /* reads what that gives */
    EVP_MD_CTX *hash;        /* of what it gave */
    int64_t plain_bytes;
    bool is_bomb;
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

/* What the archive's reader could not make sense of, and why. */
static bool damaged(const struct unpacking *unpacking, struct err *err)
{
    if (unpacking->is_bomb) {
        return refuse(unpacking, "it", "grows to more than 200 times its size", err);
    }
    return err_set(err, EXIT_INPUT, "%s: damaged: %s", unpacking->path,
                   archive_error_string(unpacking->archive));
}

/* A file may end in a hole. */
static bool finish_sparse(int fd, struct archive_entry *entry)
{
    struct stat is;

    return archive_entry_sparse_count(entry) == 0 || fstat(fd, &is) != 0 ||
           is.st_size >= archive_entry_size(entry) || ftruncate(fd, archive_entry_size(entry)) == 0;
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
    }
    return status == ARCHIVE_EOF
               ? finish_sparse(fd, entry) || failed(unpacking, archive_entry_pathname(entry), err)
               : damaged(unpacking, err);
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

/* What a layer below has is hidden from here on. */
static int make_opaque(const struct unpacking *unpacking, int folder)
{
    return fsetxattr(folder, unpacking->is_root ? "trusted.overlay.opaque" : "user.overlay.opaque",
                     "y", 1, 0);
}

/* A folder in the place of one of the layers below that this layer has hidden: nothing shines
 * through. */
static bool replaces_whiteout(const struct place *place)
{
    struct stat is;

    return fstatat(place->parent, place->name, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISCHR(is.st_mode) && unlinkat(place->parent, place->name, 0) == 0 &&
           mkdirat(place->parent, place->name, 0700) == 0;
}

static bool unpack_folder(const struct unpacking *unpacking, const struct place *place,
                          struct archive_entry *entry, struct err *err)
{
    const char *name = place->name[0] ? place->name : ".";
    bool hides = false, fine;
    int fd;

    if (place->name[0] && mkdirat(place->parent, name, 0700) != 0) {
        if (errno != EEXIST) {
            return failed(unpacking, archive_entry_pathname(entry), err);
        }
        hides = replaces_whiteout(place);
    }
    fd = openat(place->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    fine =
        fd >= 0 && (!hides || make_opaque(unpacking, fd) == 0) && finish_file(unpacking, fd, entry);
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
        return make_opaque(unpacking, place->parent) == 0 || failed(unpacking, place->name, err);
    }
    if (!hidden[0] || !strcmp(hidden, ".") || !strcmp(hidden, "..")) {
        return refuse(unpacking, place->name, "hides nothing", err);
    }
    /* Device 0:0 is the one device that anybody may make. What this layer has itself stays. */
    return mknodat(place->parent, hidden, S_IFCHR, makedev(0, 0)) == 0 || errno == EEXIST ||
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
    return status == ARCHIVE_EOF || damaged(unpacking, err);
}

/* ---- the two readers ---- */

static bool grows_too_much(const struct unpacking *unpacking)
{
    return unpacking->plain_bytes > HARMLESS_BYTES &&
           unpacking->plain_bytes / GROWTH_MAX > unpacking->archive_bytes;
}

/* The next block without compression: 0 at the end, -1 with the error in `archive`. */
static la_ssize_t next_block(struct archive *archive, void *data, const void **block)
{
    struct unpacking *unpacking = data;
    size_t size = 0;
    la_int64_t offset;
    int status = archive_read_data_block(unpacking->packed, block, &size, &offset);

    if (status == ARCHIVE_EOF) {
        return 0;
    }
    unpacking->plain_bytes += (int64_t)size;
    unpacking->is_bomb = grows_too_much(unpacking);
    if (status != ARCHIVE_OK || unpacking->is_bomb ||
        !EVP_DigestUpdate(unpacking->hash, *block, size)) {
        archive_set_error(archive, EIO, "%s",
                          status == ARCHIVE_OK ? "" : archive_error_string(unpacking->packed));
        return -1;
    }
    return (la_ssize_t)size;
}

/* Those that registries know; others libarchive would start programs for. */
static bool open_packed(struct unpacking *unpacking, struct err *err)
{
    struct archive_entry *entry;

    archive_read_support_format_raw(unpacking->packed);
    archive_read_support_filter_gzip(unpacking->packed);
    archive_read_support_filter_zstd(unpacking->packed);
    archive_read_support_filter_bzip2(unpacking->packed);
    archive_read_support_filter_xz(unpacking->packed);
    return (archive_read_open_filename(unpacking->packed, unpacking->path, 65536) == ARCHIVE_OK &&
            archive_read_next_header(unpacking->packed, &entry) == ARCHIVE_OK) ||
           err_set(err, EXIT_INPUT, "%s: damaged: %s", unpacking->path,
                   archive_error_string(unpacking->packed));
}

static bool open_tar(struct unpacking *unpacking, struct err *err)
{
    archive_read_support_format_tar(unpacking->archive);
    return archive_read_open(unpacking->archive, unpacking, NULL, next_block, NULL) == ARCHIVE_OK ||
           damaged(unpacking, err);
}

/* What stands behind the end of the tar belongs to its digest too. */
static bool check_diff_id(struct unpacking *unpacking, const char *wanted, struct err *err)
{
    char found[2 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const void *block;
    la_ssize_t n;

    if (!wanted) {
        return true;
    }
    while ((n = next_block(unpacking->archive, unpacking, &block)) > 0) {
    }
    if (n < 0 || !EVP_DigestFinal_ex(unpacking->hash, digest, &length)) {
        return damaged(unpacking, err);
    }
    for (unsigned i = 0; i < length; i++) {
        snprintf(found + 2 * i, 3, "%02x", digest[i]);
    }
    return strcmp(found, wanted) == 0 ||
           err_set(err, EXIT_INPUT,
                   "%s: unpacked it has the digest %s, the image's configuration says %s: refused",
                   unpacking->path, found, wanted);
}

bool layer_unpack(const char *archive, const char *folder, const char *diff_id, int64_t *bytes,
                  struct err *err)
{
    struct unpacking unpacking = {.packed = archive_read_new(),
                                  .archive = archive_read_new(),
                                  .hash = EVP_MD_CTX_new(),
                                  .path = archive,
                                  .is_root = geteuid() == 0};
    mode_t mask = umask(0);
    struct stat is = {0};
    bool fine;

    assert(unpacking.packed && unpacking.archive && unpacking.hash &&
           EVP_DigestInit_ex(unpacking.hash, EVP_sha256(), NULL));
    unpacking.archive_bytes = stat(archive, &is) == 0 ? is.st_size : 0;
    unpacking.root = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (unpacking.root < 0) {
        fine = err_errno(err, errno, "cannot open %s", folder);
    } else {
        fine = open_packed(&unpacking, err) && open_tar(&unpacking, err) &&
               unpack_all(&unpacking, err) && check_diff_id(&unpacking, diff_id, err);
    }
    umask(mask);
    if (unpacking.root >= 0) {
        close(unpacking.root);
    }
    archive_read_free(unpacking.archive);
    archive_read_free(unpacking.packed);
    EVP_MD_CTX_free(unpacking.hash);
    *bytes += unpacking.bytes;
    return fine;
}
