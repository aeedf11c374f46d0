/*
 * OCI image layouts (image specification: image-layout.md, manifest.md, config.md). Digests are
 * checked before anything is believed; a layer appears in the store by a rename, whole or not at
 * all.
 */
#include "exec/image.h"

#include "exec/builtin.h"
#include "exec/layer.h"
#include "exec/tree.h"
#include "file/layout.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JSON_BYTES_MAX = 4 << 20, /* of a manifest, as registries have it */
    LAYERS_MAX = 127,         /* Docker's */
    HEX = 64,
};

/* ---- blobs ---- */

/*
 * "sha256:" and 64 hexadecimal digits, nothing else: it becomes a file's name. NULL when it is not
 * that.
 */
static const char *hex_of(const char *digest)
{
    const char *hex = digest && !strncmp(digest, "sha256:", 7) ? digest + 7 : NULL;

    return hex && strlen(hex) == HEX && strspn(hex, "0123456789abcdef") == HEX ? hex : NULL;
}

static bool hash_file(int fd, char *hex)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char block[65536], digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    ssize_t n;
    bool fine = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL);

    while (fine && (n = read(fd, block, sizeof block)) != 0) {
        fine = n > 0 && EVP_DigestUpdate(context, block, (size_t)n);
    }
    fine = fine && EVP_DigestFinal_ex(context, digest, &length);
    for (unsigned i = 0; i < length; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    EVP_MD_CTX_free(context);
    return fine;
}

/* Checks the blob that a descriptor names and gives its path. */
static bool check_blob(const char *layout, json_t *descriptor, char *path, size_t size,
                       struct err *err)
{
    const char *hex = hex_of(json_string_value(json_object_get(descriptor, "digest")));
    json_int_t bytes = json_integer_value(json_object_get(descriptor, "size"));
    char found[2 * EVP_MAX_MD_SIZE + 1];
    struct stat is;
    bool fine;
    int fd;

    if (!hex) {
        return err_set(err, EXIT_INPUT, "%s: a descriptor without a sha256 digest", layout);
    }
    snprintf(path, size, "%s/blobs/sha256/%s", layout, hex);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &is) != 0) {
        fine = err_set(err, EXIT_INPUT, "%s: %s", path, strerror(errno));
    } else if (is.st_size != bytes) {
        fine = err_set(err, EXIT_INPUT, "%s: has %lld bytes, its descriptor says %lld", path,
                       (long long)is.st_size, (long long)bytes);
    } else if (!hash_file(fd, found)) {
        fine = err_set(err, EXIT_MACHINE, "%s: cannot be read", path);
    } else {
        fine = !strcmp(found, hex) ||
               err_set(err, EXIT_INPUT, "%s: its content has the digest %s", path, found);
    }
    if (fd >= 0) {
        close(fd);
    }
    return fine;
}

static json_t *load(const char *path, struct err *err)
{
    json_error_t error;
    struct stat is;
    json_t *json = NULL;

    if (stat(path, &is) != 0) {
        err_set(err, EXIT_INPUT, "%s: %s", path, strerror(errno));
    } else if (is.st_size > JSON_BYTES_MAX) {
        err_set(err, EXIT_INPUT, "%s: more than %d bytes", path, JSON_BYTES_MAX);
    } else {
        json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
        if (!json) {
            err_set(err, EXIT_INPUT, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        }
    }
    return json;
}

static json_t *load_blob(const char *layout, json_t *descriptor, struct err *err)
{
    char path[PATH_MAX];

    return check_blob(layout, descriptor, path, sizeof path, err) ? load(path, err) : NULL;
}

/* ---- from index to manifest ---- */

static json_t *load_manifest(const char *layout, const char *tag, struct err *err)
{
    char path[PATH_MAX], wrong[LAYOUT_WRONG];
    json_t *json;

    snprintf(path, sizeof path, "%s/index.json", layout);
    json = load(path, err);
    for (int depth = 0; json && depth < 3 && !json_object_get(json, "layers"); depth++) {
        json_t *descriptor = layout_choose(json, depth ? NULL : tag, wrong);
        json_t *next = NULL;

        if (!descriptor) {
            err_set(err, EXIT_INPUT, "%s: %s", path, wrong);
        } else {
            next = load_blob(layout, descriptor, err);
        }
        json_decref(json);
        json = next;
    }
    if (json && !json_is_array(json_object_get(json, "layers"))) {
        json_decref(json);
        err_set(err, EXIT_INPUT, "%s: leads to no manifest", path);
        json = NULL;
    }
    return json;
}

/* ---- the store ---- */

/*
 * Opens and locks the store: one process unpacks at a time, so what is half done was left by a dead
 * one.
 */
static int open_store(const char *store, struct err *err)
{
    int fd;

    if (mkdir(store, 0700) != 0 && errno != EEXIST) {
        err_errno(err, errno, "cannot make %s", store);
        return -1;
    }
    fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        err_errno(err, errno, "cannot open %s", store);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* A fresh folder in the store that nobody takes for a layer yet: its name begins with a dot. */
static bool begin(int store_fd, const char *store, const char *name, char *path, size_t size,
                  struct err *err)
{
    char hidden[HEX + 16];

    snprintf(hidden, sizeof hidden, ".%s", name);
    snprintf(path, size, "%s/%s", store, hidden);
    tree_remove(store_fd, hidden);
    return mkdirat(store_fd, hidden, 0755) == 0 || err_errno(err, errno, "cannot make %s", path);
}

/* Gives it its name, or takes it away. */
static bool end(int store_fd, const char *name, bool fine, struct err *err)
{
    char hidden[HEX + 16];

    snprintf(hidden, sizeof hidden, ".%s", name);
    if (fine && renameat(store_fd, hidden, store_fd, name) != 0) {
        fine = err_errno(err, errno, "cannot keep layer %s", name);
    }
    if (!fine) {
        tree_remove(store_fd, hidden);
    }
    return fine;
}

/* The kinds of layers that are a tar; the reader sees for itself how they are compressed. */
static bool check_kind(const char *layout, json_t *descriptor, struct err *err)
{
    static const char *const kinds[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    };
    const char *kind = json_string_value(json_object_get(descriptor, "mediaType"));

    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return !kind || err_set(err, EXIT_INPUT, "%s: a layer of the kind %.120s, which is no tar",
                            layout, kind);
}

/* Its name in the store is what it is when unpacked, not how it was packed: another image that claims
 * something else of the same blob does not find it, and one that packed the same otherwise does. */
static bool store_layer(const char *layout, json_t *descriptor, const char *diff_id, int store_fd,
                        const char *store, struct image *image, struct err *err)
{
    char blob[PATH_MAX], folder[PATH_MAX];
    struct stat is;

    if (fstatat(store_fd, diff_id, &is, AT_SYMLINK_NOFOLLOW) == 0) {
        return true;
    }
    if (!check_kind(layout, descriptor, err) ||
        !check_blob(layout, descriptor, blob, sizeof blob, err) ||
        !begin(store_fd, store, diff_id, folder, sizeof folder, err)) {
        return false;
    }
    image->unpacked_layers++;
    return end(store_fd, diff_id, layer_unpack(blob, folder, diff_id, &image->unpacked_bytes, err),
               err);
}

static char *join(const char *folder, const char *name)
{
    char *path = NULL;
    int n = asprintf(&path, "%s/%s", folder, name);

    assert(n > 0);
    return path;
}

static bool store_layers(const char *layout, json_t *layers, json_t *diff_ids, const char *store,
                         struct image *image, struct err *err)
{
    int store_fd = open_store(store, err);
    bool fine = store_fd >= 0;
    json_t *each;
    size_t i;

    image->layers = calloc(json_array_size(layers) + 1, sizeof *image->layers);
    assert(image->layers);
    json_array_foreach(layers, i, each)
    {
        const char *diff_id = hex_of(json_string_value(json_array_get(diff_ids, i)));

        fine = fine && store_layer(layout, each, diff_id, store_fd, store, image, err);
        if (fine) {
            image->layers[i] = join(store, diff_id);
            image->blob_bytes += json_integer_value(json_object_get(each, "size"));
        }
    }
    if (store_fd >= 0) {
        close(store_fd);
    }
    return fine;
}

/* ---- the configuration ---- */

static char *copy(const char *text)
{
    char *own = strdup(text ? text : "");

    assert(own);
    return own;
}

static char **copy_list(json_t *list)
{
    char **own = calloc(json_array_size(list) + 1, sizeof *own);
    json_t *each;
    size_t i;

    assert(own);
    json_array_foreach(list, i, each)
    {
        own[i] = copy(json_string_value(each));
    }
    return own;
}

/* "SIGQUIT", "QUIT" or "3"; what is none of them is passed over, as Docker does. */
static int signal_of(const char *text)
{
    const char *name = text && strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    int number = text ? atoi(text) : 0;

    for (int i = 1; name && i < NSIG; i++) {
        const char *known = sigabbrev_np(i);

        if (known && strcasecmp(name, known) == 0) {
            return i;
        }
    }
    return number > 0 && number < NSIG ? number : SIGTERM;
}

static void take_config(json_t *config, struct image *image)
{
    image->entrypoint = copy_list(json_object_get(config, "Entrypoint"));
    image->cmd = copy_list(json_object_get(config, "Cmd"));
    image->env = copy_list(json_object_get(config, "Env"));
    image->working_dir = copy(json_string_value(json_object_get(config, "WorkingDir")));
    image->user = copy(json_string_value(json_object_get(config, "User")));
    image->stop_signal = signal_of(json_string_value(json_object_get(config, "StopSignal")));
}

/* ---- the interface ---- */

static bool check_layers(const char *layout, json_t *layers, struct err *err)
{
    size_t n = json_array_size(layers);

    return (n > 0 && n <= LAYERS_MAX) ||
           err_set(err, EXIT_INPUT, "%s: an image of %zu layers; 1 to %d are possible", layout, n,
                   LAYERS_MAX);
}

/* Who wrote the configuration says what each layer is when unpacked, and for which machine. */
static bool check_config(const char *layout, json_t *config, json_t *layers, struct err *err)
{
    const char *machine = json_string_value(json_object_get(config, "architecture"));
    const char *system = json_string_value(json_object_get(config, "os"));
    json_t *diff_ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids"), *each;
    size_t i;

    if ((machine && strcmp(machine, layout_machine)) || (system && strcmp(system, "linux"))) {
        return err_set(err, EXIT_INPUT, "%s: an image for %.40s/%.40s; this machine is linux/%s",
                       layout, system ? system : "linux", machine ? machine : "any",
                       layout_machine);
    }
    if (json_array_size(diff_ids) != json_array_size(layers)) {
        return err_set(err, EXIT_INPUT, "%s: %zu layers, its configuration knows %zu (diff_ids)",
                       layout, json_array_size(layers), json_array_size(diff_ids));
    }
    json_array_foreach(diff_ids, i, each)
    {
        if (!hex_of(json_string_value(each))) {
            return err_set(err, EXIT_INPUT, "%s: diff_id %zu is no sha256 digest", layout, i);
        }
    }
    return true;
}

bool image_unpack(const char *path, const char *store, struct image *image, struct err *err)
{
    const char *tag;
    char *layout = layout_split(path, &tag);
    json_t *manifest = load_manifest(layout, tag, err);
    json_t *layers = json_object_get(manifest, "layers");
    json_t *config = NULL;
    struct image made = {0};
    bool fine = manifest && check_layers(layout, layers, err);

    if (fine) {
        config = load_blob(layout, json_object_get(manifest, "config"), err);
        take_config(json_object_get(config, "config"), &made);
        fine = config && check_config(layout, config, layers, err) &&
               store_layers(layout, layers,
                            json_object_get(json_object_get(config, "rootfs"), "diff_ids"), store,
                            &made, err);
    }
    json_decref(config);
    json_decref(manifest);
    free(layout);
    if (fine) {
        *image = made;
    } else {
        image_finish(&made);
    }
    return fine;
}

/* The sha256 of a file in hexadecimal. */
static bool hash_path(const char *path, char *hex, int64_t *bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat is;
    bool fine;

    if (fd < 0 || fstat(fd, &is) != 0) {
        fine = err_set(err, EXIT_INPUT, "%s: %s", path, strerror(errno));
    } else {
        *bytes = is.st_size;
        fine = hash_file(fd, hex) || err_set(err, EXIT_MACHINE, "%s: cannot be read", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return fine;
}

bool image_tarball(const char *tarball, const char *store, struct image *image, struct err *err)
{
    struct image made = {0};
    char hex[2 * EVP_MAX_MD_SIZE + 1], folder[PATH_MAX];
    int store_fd = open_store(store, err);
    struct stat is;
    bool fine = store_fd >= 0 && hash_path(tarball, hex, &made.blob_bytes, err);

    if (fine && fstatat(store_fd, hex, &is, AT_SYMLINK_NOFOLLOW) != 0) {
        made.unpacked_layers = 1;
        fine =
            begin(store_fd, store, hex, folder, sizeof folder, err) &&
            end(store_fd, hex, layer_unpack(tarball, folder, NULL, &made.unpacked_bytes, err), err);
    }
    if (store_fd >= 0) {
        close(store_fd);
    }
    if (fine) {
        take_config(NULL, &made);
        made.layers = calloc(2, sizeof *made.layers);
        assert(made.layers);
        made.layers[0] = join(store, hex);
        *image = made;
    }
    return fine;
}

bool image_builtin(const char *store, const char *busybox_path, const char *work_path,
                   struct image *image, struct err *err)
{
    const char *busybox = busybox_path ? busybox_path : BUILTIN_BUSYBOX;
    int store_fd = open_store(store, err);
    char folder[PATH_MAX];
    struct stat is;
    bool fine = store_fd >= 0;

    if (fine && fstatat(store_fd, "builtin", &is, AT_SYMLINK_NOFOLLOW) != 0) {
        fine = begin(store_fd, store, "builtin", folder, sizeof folder, err) &&
               end(store_fd, "builtin", builtin_make(folder, busybox, work_path, err), err);
    }
    if (store_fd >= 0) {
        close(store_fd);
    }
    if (fine) {
        *image = (struct image){.unpacked_layers = 0};
        take_config(NULL, image);
        image->layers = calloc(2, sizeof *image->layers);
        free(image->entrypoint);
        image->entrypoint = calloc(2, sizeof *image->entrypoint);
        assert(image->layers && image->entrypoint);
        image->layers[0] = join(store, "builtin");
        image->entrypoint[0] = copy("/bin/berth-work");
    }
    return fine;
}

static void free_list(char **list)
{
    for (char **each = list; each && *each; each++) {
        free(*each);
    }
    free(list);
}

void image_finish(struct image *image)
{
    free_list(image->layers);
    free_list(image->entrypoint);
    free_list(image->cmd);
    free_list(image->env);
    free(image->working_dir);
    free(image->user);
    *image = (struct image){0};
}
