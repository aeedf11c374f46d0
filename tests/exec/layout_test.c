/*
 * OCI layouts as registries and attackers write them: whose machine an image is for, what its
 * configuration promises about each layer, and how layers hide what is below them. What is refused
 * leaves nothing in the store.
 */
#include "exec/image.h"
#include "exec/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };

static char top[64];
static char layout[96], store[96];

static void set_up(void)
{
    char blobs[128];

    strcpy(top, "/tmp/berth-test-XXXXXX");
    cr_assert(mkdtemp(top));
    snprintf(layout, sizeof layout, "%s/layout", top);
    snprintf(store, sizeof store, "%s/store", top);
    snprintf(blobs, sizeof blobs, "mkdir -p %s/blobs/sha256", layout);
    cr_assert(system(blobs) == 0);
}

static void tear_down(void)
{
    cr_expect(tree_remove(AT_FDCWD, top), "%s was left", top);
}

TestSuite(layout, .init = set_up, .fini = tear_down);

/* ---- writing layouts ---- */

struct blob {
    char hex[65];
    size_t size;
};

static void hash(const void *data, size_t size, char hex[65])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256(data, size, digest);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void blob_path(const char *hex, char path[256])
{
    snprintf(path, 256, "%s/blobs/sha256/%s", layout, hex);
}

static struct blob put(const void *data, size_t size)
{
    struct blob blob = {.size = size};
    char path[256];
    FILE *file;

    hash(data, size, blob.hex);
    blob_path(blob.hex, path);
    file = fopen(path, "w");
    cr_assert(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    return blob;
}

static struct blob put_text(const char *format, ...)
{
    char text[4096];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return put(text, strlen(text));
}

static void put_index(const char *format, ...)
{
    char path[128];
    va_list list;
    FILE *file;

    snprintf(path, sizeof path, "%s/index.json", layout);
    file = fopen(path, "w");
    cr_assert(file);
    va_start(list, format);
    vfprintf(file, format, list);
    va_end(list);
    fclose(file);
}

struct layer {
    struct blob blob;
    char diff_id[65];
    const char *kind;
};

static char plain[ROOM], packed[ROOM];

/* A file of each name, "dir/" a folder; setuid where it begins with '+'. Returns its size. */
static size_t write_tar(const char *const *names)
{
    struct archive *tar = archive_write_new();
    size_t used = 0;

    archive_write_set_format_ustar(tar);
    archive_write_set_bytes_in_last_block(tar, 1);
    cr_assert(archive_write_open_memory(tar, plain, sizeof plain, &used) == ARCHIVE_OK);
    for (; *names; names++) {
        struct archive_entry *entry = archive_entry_new();
        const char *name = *names + (**names == '+');
        bool folder = name[strlen(name) - 1] == '/';

        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
        archive_entry_set_perm(entry, name != *names ? 04755 : folder ? 0755 : 0644);
        archive_entry_set_size(entry, folder ? 0 : 4);
        cr_assert(archive_write_header(tar, entry) == ARCHIVE_OK);
        if (!folder)
            cr_assert(archive_write_data(tar, "text", 4) == 4);
        archive_entry_free(entry);
    }
    archive_write_close(tar);
    archive_write_free(tar);
    return used;
}

/* `filter` 0: as it is, 'g': gzip, 'z': zstd. */
static size_t pack(size_t size, char filter)
{
    struct archive *raw = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    size_t used = 0;

    archive_write_set_format_raw(raw);
    archive_write_set_bytes_in_last_block(raw, 1);
    cr_assert((filter == 'g'   ? archive_write_add_filter_gzip(raw)
               : filter == 'z' ? archive_write_add_filter_zstd(raw)
                               : archive_write_add_filter_none(raw)) == ARCHIVE_OK);
    cr_assert(archive_write_open_memory(raw, packed, sizeof packed, &used) == ARCHIVE_OK);
    archive_entry_set_filetype(entry, AE_IFREG);
    cr_assert(archive_write_header(raw, entry) == ARCHIVE_OK);
    cr_assert(archive_write_data(raw, plain, size) == (la_ssize_t)size);
    archive_write_close(raw);
    archive_write_free(raw);
    archive_entry_free(entry);
    return used;
}

static struct layer make_layer(char filter, const char *const *names)
{
    size_t size = write_tar(names);
    struct layer layer = {.kind = filter == 'g'   ? "application/vnd.oci.image.layer.v1.tar+gzip"
                                  : filter == 'z' ? "application/vnd.oci.image.layer.v1.tar+zstd"
                                                  : "application/vnd.oci.image.layer.v1.tar"};

    hash(plain, size, layer.diff_id);
    layer.blob = put(packed, pack(size, filter));
    return layer;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *machine(void)
{
    static struct utsname name;

    uname(&name);
    return strcmp(name.machine, "aarch64") == 0 ? "arm64" : "amd64";
}

static const char *stop_signal = "SIGTERM";

/* A manifest of an image for that machine; its configuration is a blob too. */
static struct blob make_manifest(const char *architecture, const struct layer *layers, int n)
{
    char list[2048] = "", ids[1024] = "";
    struct blob config;

    for (int i = 0; i < n; i++) {
        sprintf(list + strlen(list),
                "%s{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%zu}", i ? "," : "",
                layers[i].kind, layers[i].blob.hex, layers[i].blob.size);
        sprintf(ids + strlen(ids), "%s\"sha256:%s\"", i ? "," : "", layers[i].diff_id);
    }
    config = put_text("{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"%s\"],"
                      "\"StopSignal\":\"%s\"},"
                      "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                      architecture, architecture, stop_signal, ids);
    return put_text("{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:%s\",\"size\":%zu},"
                    "\"layers\":[%s]}",
                    config.hex, config.size, list);
}

#define DESCRIPTOR "{\"digest\":\"sha256:%s\",\"size\":%zu}"
#define TAGGED                                                                                     \
    "{\"digest\":\"sha256:%s\",\"size\":%zu,"                                                      \
    "\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}}"
#define PLATFORM                                                                                   \
    "{\"digest\":\"sha256:%s\",\"size\":%zu,"                                                      \
    "\"platform\":{\"architecture\":\"%s\",\"os\":\"%s\"}}"
#define OF(blob) (blob).hex, (blob).size

static void make_image(const struct layer *layers, int n)
{
    struct blob manifest = make_manifest(machine(), layers, n);

    put_index("{\"manifests\":[" DESCRIPTOR "]}", OF(manifest));
}

/* ---- looking at the outcome ---- */

static size_t count_stored(void)
{
    DIR *folder = opendir(store);
    size_t n = 0;

    while (folder && readdir(folder))
        n++;
    if (folder)
        closedir(folder);
    return n > 2 ? n - 2 : 0;
}

static void expect_refused(const char *says)
{
    struct image image = {0};
    struct err err = {.text = "nothing"};

    cr_expect(!image_unpack(layout, store, &image, &err), "accepted");
    cr_expect(err.code == EXIT_INPUT && strstr(err.text, says), "%d: %s", err.code, err.text);
    cr_expect(count_stored() == 0, "something is in the store");
}

static struct image expect_fine(void)
{
    struct image image = {0};
    struct err err;

    cr_assert(image_unpack(layout, store, &image, &err), "%s", err.text);
    return image;
}

static bool has(const struct image *image, int layer, const char *name, struct stat *is)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", image->layers[layer], name);
    return lstat(path, is) == 0;
}

/* ---- tests ---- */

Test(layout, layers_of_each_compression)
{
    struct layer layers[] = {make_layer(0, NAMES("a")), make_layer('g', NAMES("b")),
                             make_layer('z', NAMES("c"))};
    struct image image;
    struct stat is;

    make_image(layers, 3);
    image = expect_fine();
    cr_expect(has(&image, 0, "a", &is) && has(&image, 1, "b", &is) && has(&image, 2, "c", &is));
    image_finish(&image);
}

Test(layout, what_a_layer_is_when_unpacked_is_checked)
{
    struct layer layer = make_layer('g', NAMES("a"));

    layer.diff_id[0] = layer.diff_id[0] == '0' ? '1' : '0';
    make_image(&layer, 1);
    expect_refused("the image's configuration says");
    strcpy(layer.diff_id, "../../evil");
    make_image(&layer, 1);
    expect_refused("diff_id 0 is no sha256 digest");
}

/* That its blob is in the store already makes no image's claim true. */
Test(layout, what_a_stored_layer_is_is_checked_too)
{
    struct layer layer = make_layer('g', NAMES("a")), again = make_layer('z', NAMES("a"));
    struct image image = {0};
    struct err err;

    make_image(&layer, 1);
    image = expect_fine();
    image_finish(&image);
    layer.diff_id[0] = layer.diff_id[0] == '0' ? '1' : '0';
    make_image(&layer, 1);
    cr_expect(!image_unpack(layout, store, &image, &err));
    cr_expect(strstr(err.text, "the image's configuration says"), "%s", err.text);
    cr_expect(count_stored() == 1);
    make_image(&again, 1);
    image = expect_fine();
    cr_expect(image.unpacked_layers == 0 && count_stored() == 1, "the same, packed otherwise");
    image_finish(&image);
}

Test(layout, each_layer_has_its_diff_id)
{
    struct layer layer = make_layer('g', NAMES("a"));
    struct blob config = put_text("{\"rootfs\":{\"diff_ids\":[]}}");
    struct blob manifest = put_text("{\"config\":" DESCRIPTOR ",\"layers\":[" DESCRIPTOR "]}",
                                    OF(config), OF(layer.blob));

    put_index("{\"manifests\":[" DESCRIPTOR "]}", OF(manifest));
    expect_refused("1 layers, its configuration knows 0");
}

Test(layout, other_kinds_of_layers_are_refused)
{
    struct layer layer = make_layer('g', NAMES("a"));

    layer.kind = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    make_image(&layer, 1);
    expect_refused("which is no tar");
}

Test(layout, an_image_says_how_it_is_asked_to_stop)
{
    static const struct {
        const char *text;
        int signal;
    } cases[] = {{"SIGQUIT", SIGQUIT}, {"usr1", SIGUSR1}, {"3", 3},
                 {"", SIGTERM},        {"none", SIGTERM}, {"99999", SIGTERM}};
    struct layer layer = make_layer('g', NAMES("a"));
    struct image image;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stop_signal = cases[i].text;
        make_image(&layer, 1);
        image = expect_fine();
        cr_expect(image.stop_signal == cases[i].signal, "%s: %d", cases[i].text, image.stop_signal);
        image_finish(&image);
    }
}

/* gzip itself passes over it. The digest of what is before it is right. */
Test(layout, garbage_behind_gzip_changes_nothing)
{
    struct layer layer = make_layer('g', NAMES("a"));
    struct image image;
    struct stat is;
    size_t size = pack(write_tar(NAMES("a")), 'g');

    memcpy(packed + size, "garbage", 7);
    layer.blob = put(packed, size + 7);
    make_image(&layer, 1);
    image = expect_fine();
    cr_expect(has(&image, 0, "a", &is));
    image_finish(&image);
}

/* Behind the end of the tar, where no file can be seen to grow. */
Test(layout, a_bomb_behind_the_end_is_refused)
{
    struct layer layer = make_layer('g', NAMES("a"));
    char path[256], command[512];

    blob_path(layer.blob.hex, path);
    snprintf(command, sizeof command, "head -c 200000000 /dev/zero | gzip -9 >>%s", path);
    cr_assert(system(command) == 0);
    FILE *file = fopen(path, "r");
    size_t size = fread(packed, 1, sizeof packed, file);

    fclose(file);
    layer.blob = put(packed, size);
    make_image(&layer, 1);
    expect_refused("200 times");
}

Test(layout, missing_blobs_are_named)
{
    struct layer layer = make_layer('g', NAMES("a"));
    char path[256];

    make_image(&layer, 1);
    blob_path(layer.blob.hex, path);
    unlink(path);
    expect_refused(layer.blob.hex);
    put_index("{\"manifests\":[" DESCRIPTOR "]}", layer.diff_id, (size_t)7);
    expect_refused(layer.diff_id);
    put_index("{}");
    expect_refused("it has: none");
    put_index("[1");
    expect_refused("index.json:1:");
}

/* As buildx writes them: one for each machine, and attestations that are none. */
Test(layout, this_machines_image_is_chosen)
{
    const char *own = machine(), *other = strcmp(own, "amd64") == 0 ? "arm64" : "amd64";
    struct layer layer = make_layer('g', NAMES("a"));
    struct blob mine = make_manifest(own, &layer, 1), theirs = make_manifest(other, &layer, 1);
    struct blob index;
    struct image image;

    index = put_text("{\"manifests\":[" PLATFORM "," PLATFORM "," PLATFORM "," PLATFORM "]}",
                     OF(theirs), "unknown", "unknown", OF(theirs), other, "linux", OF(theirs), own,
                     "windows", OF(mine), own, "linux");
    put_index("{\"manifests\":[" DESCRIPTOR "]}", OF(index));
    image = expect_fine();
    cr_expect_str_eq(image.cmd[0], own);
    image_finish(&image);
}

Test(layout, the_image_of_the_tag_is_unpacked)
{
    struct layer layers[] = {make_layer('g', NAMES("a")), make_layer('g', NAMES("b"))};
    struct blob images[] = {make_manifest(machine(), &layers[0], 1),
                            make_manifest(machine(), &layers[1], 1)};
    struct image image;
    char path[128];
    struct stat is;

    put_index("{\"manifests\":[" TAGGED "," TAGGED "]}", OF(images[0]), "1", OF(images[1]), "2");
    expect_refused("several images");
    snprintf(path, sizeof path, "%s/oci-layout", layout);
    cr_assert(fclose(fopen(path, "w")) == 0);
    strcat(layout, ":2");
    image = expect_fine();
    cr_expect(has(&image, 0, "b", &is) && !has(&image, 0, "a", &is));
    image_finish(&image);
}

Test(layout, an_image_for_another_machine_is_refused)
{
    struct layer layer = make_layer('g', NAMES("a"));
    struct blob manifest = make_manifest("s390x", &layer, 1);

    put_index("{\"manifests\":[" DESCRIPTOR "]}", OF(manifest));
    expect_refused("an image for linux/s390x");
    put_index("{\"manifests\":[" PLATFORM "]}", OF(manifest), "s390x", "linux");
    expect_refused("it has: linux/s390x");
}

/* A layer may hide what is below and bring its own; setuid programs are the container's affair. */
Test(layout, a_layer_hides_and_replaces)
{
    struct layer layers[] = {
        make_layer('g', NAMES("d/old", "f", "g")),
        make_layer('g', NAMES(".wh.d", "d/", "d/new", "f", ".wh.f", ".wh.g", "+root"))};
    struct image image;
    struct stat is;
    char path[512], value;

    make_image(layers, 2);
    image = expect_fine();
    cr_expect(has(&image, 1, "d/new", &is) && S_ISREG(is.st_mode));
    snprintf(path, sizeof path, "%s/d", image.layers[1]);
    cr_expect(getxattr(path, geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque",
                       &value, 1) == 1 &&
                  value == 'y',
              "the old one would shine through");
    cr_expect(has(&image, 1, "f", &is) && S_ISREG(is.st_mode), "its own stays");
    cr_expect(has(&image, 1, "g", &is) && S_ISCHR(is.st_mode) && is.st_rdev == 0);
    cr_expect(has(&image, 1, "root", &is) && (geteuid() != 0 || is.st_mode & S_ISUID));
    cr_expect(stat(store, &is) == 0 && (is.st_mode & 077) == 0, "nobody else reaches them there");
    image_finish(&image);
}
