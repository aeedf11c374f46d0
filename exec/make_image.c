/*
 * Run by the build: writes the OCI image layout of `berth/NAME:1`, so that a first real run unpacks
 * something. Its layers: the built-in root file system, and some megabytes each of invented sailing
 * notes which make unpacking long enough to be seen. The same busybox, berth-work and zlib give the
 * same digests.
 *
 *     make_image BUSYBOX BERTH-WORK LAYOUT-FOLDER/NAME STAMP-FILE LAYERS-OF-NOTES
 */
#include "exec/builtin.h"
#include "exec/tree.h"
#include "file/err.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NOTES = 12,
    NOTE_BYTES = 512 << 10,
    TAR_BYTES_MAX = 64 << 20,
    EPOCH = 1767225600, /* 2026-01-01T00:00:00Z: no file may tell when it was built */
};

static void must(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "make_image: %s: %s\n", what, strerror(errno));
        exit(EXIT_MACHINE);
    }
}

/* ---- writing a layer as tar ---- */

static void add_entry(struct archive *tar, const char *name, mode_t type, mode_t mode,
                      const char *link, const void *data, size_t size)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, mode);
    archive_entry_set_mtime(entry, EPOCH, 0);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_size(entry, (la_int64_t)size);
    if (link) {
        archive_entry_set_symlink(entry, link);
    }
    must(archive_write_header(tar, entry) == ARCHIVE_OK, name);
    must(!size || archive_write_data(tar, data, size) == (la_ssize_t)size, name);
    archive_entry_free(entry);
}

static void add_file(struct archive *tar, int at, const char *name, const char *path, mode_t mode)
{
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
    struct stat is;
    char *data;

    must(fd >= 0 && fstat(fd, &is) == 0, path);
    data = malloc((size_t)is.st_size + 1);
    assert(data);
    must(read(fd, data, (size_t)is.st_size) == is.st_size, path);
    add_entry(tar, path, AE_IFREG, mode, NULL, data, (size_t)is.st_size);
    free(data);
    close(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_folder(struct archive *tar, int at, const char *name, const char *path);

static void add_any(struct archive *tar, int at, const char *name, const char *path)
{
    char link[256];
    struct stat is;
    ssize_t n;

    must(fstatat(at, name, &is, AT_SYMLINK_NOFOLLOW) == 0, path);
    if (S_ISDIR(is.st_mode)) {
        add_entry(tar, path, AE_IFDIR, is.st_mode & 07777, NULL, NULL, 0);
        add_folder(tar, at, name, path);
    } else if (S_ISLNK(is.st_mode)) {
        n = readlinkat(at, name, link, sizeof link - 1);
        must(n > 0, path);
        link[n] = '\0';
        add_entry(tar, path, AE_IFLNK, 0777, link, NULL, 0);
    } else {
        add_file(tar, at, name, path, is.st_mode & 07777);
    }
}

static void add_folder(struct archive *tar, int at, const char *name, const char *path)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n;
    struct dirent **list;
    char below[1024];

    must(fd >= 0, name);
    n = scandirat(fd, ".", &list, NULL, by_name);
    must(n >= 0, name);
    for (int i = 0; i < n; i++) {
        if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, "..")) {
            snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "/" : "", list[i]->d_name);
            add_any(tar, fd, list[i]->d_name, below);
        }
        free(list[i]);
    }
    free(list);
    close(fd);
}

/* Words in an order that only the number decides: compresses about as well as programs do. */
static void write_note(char *note, size_t size, uint32_t number)
{
    static const char *const words[] = {
        "anchor", "berth",  "cargo", "draught", "ebb",     "fender", "gangway", "harbour",
        "inlet",  "jetty",  "keel",  "lighter", "mooring", "neap",   "oar",     "pilot",
        "quay",   "rudder", "slip",  "tide",    "unload",  "vessel", "wharf",   "yard"};
    uint32_t state = number * 2654435761u + 1;
    size_t used = 0;

    while (used + 24 < size) {
        state = state * 1664525u + 1013904223u;
        used += (size_t)snprintf(note + used, size - used, "%s %04x%c", words[(state >> 16) % 24],
                                 state >> 12 & 0xffff, state >> 30 ? ' ' : '\n');
    }
    memset(note + used, '\n', size - used);
}

/* `layer` begins at 1: no two of an image have a file in common. */
static void add_notes(struct archive *tar, int layer)
{
    char *note = malloc(NOTE_BYTES), name[64];

    assert(note);
    add_entry(tar, "srv/notes", AE_IFDIR, 0755, NULL, NULL, 0);
    for (uint32_t i = (uint32_t)(layer - 1) * NOTES; i < (uint32_t)layer * NOTES; i++) {
        snprintf(name, sizeof name, "srv/notes/%02u.txt", i + 1);
        write_note(note, NOTE_BYTES, i + 1);
        add_entry(tar, name, AE_IFREG, 0644, NULL, note, NOTE_BYTES);
    }
    free(note);
}

/* ---- blobs and what describes them ---- */

static void hash(const void *data, size_t size, char digest[72])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    must(EVP_Digest(data, size, bytes, &n, EVP_sha256(), NULL) == 1, "sha256");
    strcpy(digest, "sha256:");
    for (unsigned i = 0; i < n; i++) {
        sprintf(digest + 7 + 2 * i, "%02x", bytes[i]);
    }
}

static json_t *write_blob(int layout, const void *data, size_t size, const char *type)
{
    char digest[72], path[128];
    int fd;

    hash(data, size, digest);
    snprintf(path, sizeof path, "blobs/sha256/%s", digest + 7);
    fd = openat(layout, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0, path);
    return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest, "size",
                     (json_int_t)size);
}

static json_t *write_json_blob(int layout, json_t *json, const char *type)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *descriptor = write_blob(layout, text, strlen(text), type);

    free(text);
    json_decref(json);
    return descriptor;
}

/* Compresses a layer, writes it, and notes it in the manifest's and the configuration's lists. */
static void finish_layer(int layout, const void *tar, size_t size, json_t *layers, json_t *diff_ids)
{
    struct archive *gzip = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    void *packed = malloc(size + 65536);
    char digest[72];
    size_t used = 0;

    assert(packed);
    archive_write_set_format_raw(gzip);
    archive_write_add_filter_gzip(gzip);
    must(archive_write_set_filter_option(gzip, "gzip", "timestamp", NULL) == ARCHIVE_OK &&
             archive_write_open_memory(gzip, packed, size + 65536, &used) == ARCHIVE_OK,
         "gzip");
    archive_entry_set_filetype(entry, AE_IFREG);
    must(archive_write_header(gzip, entry) == ARCHIVE_OK &&
             archive_write_data(gzip, tar, size) == (la_ssize_t)size &&
             archive_write_close(gzip) == ARCHIVE_OK,
         "gzip");
    archive_entry_free(entry);
    archive_write_free(gzip);
    hash(tar, size, digest);
    json_array_append_new(diff_ids, json_string(digest));
    json_array_append_new(
        layers, write_blob(layout, packed, used, "application/vnd.oci.image.layer.v1.tar+gzip"));
    free(packed);
}

static void write_layers(int layout, int root, int n_notes, json_t *layers, json_t *diff_ids)
{
    void *buffer = malloc(TAR_BYTES_MAX);

    assert(buffer);
    for (int i = 0; i <= n_notes; i++) {
        struct archive *tar = archive_write_new();
        size_t used = 0;

        archive_write_set_format_ustar(tar);
        archive_write_set_bytes_per_block(tar, 10240);
        must(archive_write_open_memory(tar, buffer, TAR_BYTES_MAX, &used) == ARCHIVE_OK, "tar");
        if (i == 0) {
            add_folder(tar, root, ".", "");
        } else {
            add_notes(tar, i);
        }
        must(archive_write_close(tar) == ARCHIVE_OK, "tar");
        archive_write_free(tar);
        finish_layer(layout, buffer, used, layers, diff_ids);
    }
    free(buffer);
}

static const char *machine_name(void)
{
#if defined __aarch64__
    return "arm64";
#else
    return "amd64";
#endif
}

static void write_layout(int layout, int root, const char *reference, int n_notes)
{
    json_t *layers = json_array(), *diff_ids = json_array(), *config, *manifest;

    write_layers(layout, root, n_notes, layers, diff_ids);
    config = json_pack("{s:s, s:s, s:{s:[s], s:[s]}, s:{s:s, s:o}}", "architecture", machine_name(),
                       "os", "linux", "config", "Entrypoint", "/bin/berth-work", "Env", "PATH=/bin",
                       "rootfs", "type", "layers", "diff_ids", diff_ids);
    config = write_json_blob(layout, config, "application/vnd.oci.image.config.v1+json");
    manifest =
        json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
                  "application/vnd.oci.image.manifest.v1+json", "config", config, "layers", layers);
    manifest = write_json_blob(layout, manifest, "application/vnd.oci.image.manifest.v1+json");
    json_object_set_new(manifest, "annotations",
                        json_pack("{s:s}", "org.opencontainers.image.ref.name", reference));
    json_object_set_new(manifest, "platform",
                        json_pack("{s:s, s:s}", "architecture", machine_name(), "os", "linux"));
    manifest = json_pack("{s:i, s:[o]}", "schemaVersion", 2, "manifests", manifest);
    {
        int fd = openat(layout, "index.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        must(fd >= 0 && json_dumpfd(manifest, fd, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
                 close(fd) == 0,
             "index.json");
        json_decref(manifest);
        fd = openat(layout, "oci-layout", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        must(fd >= 0 && dprintf(fd, "{\"imageLayoutVersion\":\"1.0.0\"}\n") > 0 && close(fd) == 0,
             "oci-layout");
    }
}

static void make_folder_with_parents(const char *path)
{
    char part[4096];

    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] == '/' || !path[i]) {
            snprintf(part, sizeof part, "%.*s", (int)i, path);
            must(mkdir(part, 0755) == 0 || errno == EEXIST, part);
        }
    }
}

int main(int argc, char **argv)
{
    char blobs[4096], root[4096], reference[300];
    struct err err;
    int layout, root_fd, stamp;

    if (argc != 6 || !strrchr(argv[3], '/') || atoi(argv[5]) < 1) {
        fprintf(stderr, "usage: make_image BUSYBOX BERTH-WORK LAYOUT-FOLDER/NAME STAMP-FILE "
                        "LAYERS-OF-NOTES\n");
        return EXIT_INPUT;
    }
    tree_remove(AT_FDCWD, argv[3]);
    snprintf(blobs, sizeof blobs, "%s/blobs/sha256", argv[3]);
    snprintf(root, sizeof root, "%s/root", argv[3]);
    make_folder_with_parents(blobs);
    make_folder_with_parents(root);
    if (!builtin_make(root, argv[1], argv[2], &err)) {
        return err_report(&err);
    }
    layout = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(layout >= 0 && root_fd >= 0, argv[3]);
    snprintf(reference, sizeof reference, "berth/%.200s:1", strrchr(argv[3], '/') + 1);
    write_layout(layout, root_fd, reference, atoi(argv[5]));
    must(tree_remove(AT_FDCWD, root), root);
    stamp = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(stamp >= 0, argv[4]);
    return EXIT_FINE;
}
