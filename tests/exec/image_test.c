/*
 * Images: the one that comes with the build, and archives that mean harm. Whatever these try,
 * nothing appears outside the store, and a refused layer is not in it either.
 */
#include "exec/image.h"
#include "exec/layer.h"
#include "exec/tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static char top[64];

static void set_up(void)
{
    strcpy(top, "/tmp/berth-test-XXXXXX");
    cr_assert(mkdtemp(top));
}

static void tear_down(void)
{
    cr_expect(tree_remove(AT_FDCWD, top), "%s was left", top);
}

TestSuite(image, .init = set_up, .fini = tear_down);

static char *below(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", top, name);
    return path;
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t n = 0;

    while (folder && readdir(folder)) {
        n++;
    }
    if (folder) {
        closedir(folder);
    }
    return n > 2 ? n - 2 : 0;
}

/* ---- the image of the build ---- */

Test(image, unpacks_the_first_image_once)
{
    struct image image;
    struct stat is;
    struct err err;
    char path[600];

    cr_assert(image_unpack(IMAGE_FIRST ":berth/first:1", below("store"), &image, &err), "%s",
              err.text);
    cr_expect(image.unpacked_layers == 2);
    cr_expect(image.unpacked_bytes > 7 << 20, "%ld bytes", (long)image.unpacked_bytes);
    cr_expect(image.blob_bytes > 2 << 20 && image.blob_bytes < image.unpacked_bytes);
    cr_assert(image.layers[0] && image.layers[1] && !image.layers[2]);
    cr_expect(!strcmp(image.entrypoint[0], "/bin/berth-work") && !image.entrypoint[1]);
    cr_expect(!strcmp(image.env[0], "PATH=/bin") && !image.cmd[0]);
    snprintf(path, sizeof path, "%s/bin/busybox", image.layers[0]);
    cr_expect(stat(path, &is) == 0 && is.st_mode & 0111, "%s", path);
    snprintf(path, sizeof path, "%s/srv/notes/12.txt", image.layers[1]);
    cr_expect(stat(path, &is) == 0 && is.st_size == 512 << 10, "%s", path);
    image_finish(&image);
    cr_assert(image_unpack(IMAGE_FIRST, below("store"), &image, &err), "%s", err.text);
    cr_expect(image.unpacked_layers == 0 && image.unpacked_bytes == 0, "it was there already");
    cr_expect(count_entries(below("store")) == 2);
    image_finish(&image);
}

Test(image, unknown_reference)
{
    struct image image;
    struct err err;

    cr_expect(!image_unpack(IMAGE_FIRST ":berth/second:1", below("store"), &image, &err));
    cr_expect(err.code == EXIT_INPUT && strstr(err.text, "no image berth/second:1"), "%s",
              err.text);
    cr_expect(!image_unpack("/nonesuch", below("store"), &image, &err));
    cr_expect(strstr(err.text, "/nonesuch/index.json"), "%s", err.text);
}

/* Copies the layout and lets somebody change one byte of its biggest blob, or its length. */
static void damage(const char *to, bool longer)
{
    char command[1200];

    snprintf(command, sizeof command,
             "cp -r %s %s && cd %s/blobs/sha256 && big=$(ls -S | head -n1) && %s", IMAGE_FIRST, to,
             to,
             longer ? "echo >>$big"
                    : "printf '\\377' | dd of=$big bs=1 seek=5000 conv=notrunc 2>/dev/null");
    cr_assert(system(command) == 0);
}

Test(image, damaged_blobs_are_refused)
{
    struct image image;
    struct err err;

    damage(below("changed"), false);
    cr_expect(!image_unpack(below("changed"), below("store"), &image, &err));
    cr_expect(err.code == EXIT_INPUT && strstr(err.text, "has the digest"), "%s", err.text);
    damage(below("longer"), true);
    cr_expect(!image_unpack(below("longer"), below("store"), &image, &err));
    cr_expect(err.code == EXIT_INPUT && strstr(err.text, "its descriptor says"), "%s", err.text);
    cr_expect(count_entries(below("store")) <= 1, "a refused layer stands in the store");
}

Test(image, digests_are_no_paths)
{
    static const char *const digests[] = {"sha256:../../../../etc/passwd", "sha256:", "md5:abc", "",
                                          "sha256:ABCDEF"};

    cr_assert(mkdir(below("layout"), 0755) == 0);
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        FILE *index = fopen(below("layout/index.json"), "w");
        struct image image;
        struct err err;

        cr_assert(index);
        fprintf(index, "{\"manifests\":[{\"digest\":\"%s\",\"size\":1}]}", digests[i]);
        fclose(index);
        cr_expect(!image_unpack(below("layout"), below("store"), &image, &err));
        cr_expect(err.code == EXIT_INPUT && strstr(err.text, "without a sha256 digest"), "%s: %s",
                  digests[i], err.text);
    }
}

Test(image, builtin_is_made_once)
{
    struct image image;
    struct stat is;
    struct err err;
    char path[600];

    for (int i = 0; i < 2; i++) {
        cr_assert(image_builtin(below("store"), NULL, WORK_PROGRAM, &image, &err), "%s", err.text);
        cr_expect(image.layers[0] && !image.layers[1]);
        snprintf(path, sizeof path, "%s/bin/berth-work", image.layers[0]);
        cr_expect(stat(path, &is) == 0 && is.st_mode & 0111);
        snprintf(path, sizeof path, "%s/bin/sh", image.layers[0]);
        cr_expect(lstat(path, &is) == 0 && S_ISLNK(is.st_mode));
        image_finish(&image);
    }
    cr_expect(!image_builtin(below("other"), NULL, "/nonesuch", &image, &err));
    cr_expect(strstr(err.text, "/nonesuch"), "%s", err.text);
    cr_expect(count_entries(below("other")) == 0, "something half made was left");
}

/* ---- archives that mean harm ---- */

struct item {
    const char *name;
    char type; /* f file, d folder, l symbolic link, h hard link, c device, p pipe */
    const char *target;
};

static void write_archive(const char *path, const struct item *items, size_t n)
{
    struct archive *tar = archive_write_new();

    archive_write_set_format_pax_restricted(tar);
    cr_assert(archive_write_open_filename(tar, path) == ARCHIVE_OK);
    for (size_t i = 0; i < n && items[i].name; i++) {
        struct archive_entry *entry = archive_entry_new();
        bool file = items[i].type == 'f';

        archive_entry_set_pathname(entry, items[i].name);
        archive_entry_set_perm(entry, items[i].type == 'd' ? 0755 : 0644);
        archive_entry_set_filetype(entry, file                   ? AE_IFREG
                                          : items[i].type == 'd' ? AE_IFDIR
                                          : items[i].type == 'l' ? AE_IFLNK
                                          : items[i].type == 'c' ? AE_IFCHR
                                          : items[i].type == 'p' ? AE_IFIFO
                                                                 : AE_IFREG);
        if (items[i].type == 'l') {
            archive_entry_set_symlink(entry, items[i].target);
        }
        if (items[i].type == 'h') {
            archive_entry_set_hardlink(entry, items[i].target);
        }
        if (items[i].type == 'c') {
            archive_entry_set_rdev(entry, makedev(1, 3));
        }
        archive_entry_set_size(entry, file ? 4 : 0);
        cr_assert(archive_write_header(tar, entry) == ARCHIVE_OK, "%s", archive_error_string(tar));
        if (file) {
            cr_assert(archive_write_data(tar, "evil", 4) == 4);
        }
        archive_entry_free(entry);
    }
    archive_write_close(tar);
    archive_write_free(tar);
}

Test(image, hostile_archives_write_nothing_outside)
{
    static const struct {
        const char *name;
        struct item items[4];
        const char *says;
    } cases[] = {
        {"up", {{"../evil", 'f', NULL}}, "leads out"},
        {"up inside", {{"a/../../evil", 'f', NULL}}, "leads out"},
        {"up and back", {{"a/..", 'd', NULL}}, "leads out"},
        {"absolute", {{"/tmp/berth-evil", 'f', NULL}}, "leads out"},
        {"through an absolute link",
         {{"out", 'l', "/tmp"}, {"out/berth-evil", 'f', NULL}},
         "through a link"},
        {"through a relative link",
         {{"out", 'l', ".."}, {"out/evil", 'f', NULL}},
         "through a link"},
        {"through a link to a link",
         {{"a", 'l', "b"}, {"b", 'l', ".."}, {"a/evil", 'f', NULL}},
         "through a link"},
        {"folder through a link", {{"out", 'l', ".."}, {"out/evil", 'd', NULL}}, "through a link"},
        {"folder over a link", {{"out", 'l', ".."}, {"out", 'd', NULL}}, "cannot unpack"},
        {"hard link out", {{"evil", 'h', "../secret"}}, "leads out"},
        {"hard link absolute", {{"evil", 'h', "/etc/shadow"}}, "leads out"},
        {"hard link through a link",
         {{"out", 'l', ".."}, {"evil", 'h', "out/secret"}},
         "through a link"},
        {"hard link to nothing", {{"evil", 'h', "none"}}, "cannot unpack"},
        {"device", {{"null", 'c', NULL}}, "is a device"},
        {"whiteout up", {{".wh...", 'f', NULL}}, "hides nothing"},
        {"whiteout of nothing", {{".wh.", 'f', NULL}}, "hides nothing"},
        {"through a file", {{"a", 'f', NULL}, {"a/b", 'f', NULL}}, "through a link or a file"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t bytes = 0;
        struct err err = {.text = "nothing"};

        cr_assert(mkdir(below("box"), 0755) == 0 && mkdir(below("box/layer"), 0755) == 0);
        close(open(below("box/secret"), O_CREAT | O_WRONLY, 0600));
        write_archive(below("hostile.tar"), cases[i].items, 4);
        cr_expect(!layer_unpack(below("hostile.tar"), below("box/layer"), NULL, &bytes, &err),
                  "%s: accepted", cases[i].name);
        cr_expect(strstr(err.text, cases[i].says), "%s: %s", cases[i].name, err.text);
        cr_expect(count_entries(below("box")) == 2, "%s: something is beside the layer",
                  cases[i].name);
        cr_expect(access("/tmp/berth-evil", F_OK) != 0, "%s: something is in /tmp", cases[i].name);
        cr_assert(tree_remove(AT_FDCWD, below("box")));
    }
}

/* A tarball of one file of zeros, compressed, that would fill what it is unpacked to. */
static void write_bomb(const char *path, int64_t size)
{
    struct archive *tar = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    static const char zeros[1 << 20];

    archive_write_set_format_ustar(tar);
    archive_write_add_filter_gzip(tar);
    cr_assert(archive_write_open_filename(tar, path) == ARCHIVE_OK);
    archive_entry_set_pathname(entry, "zeros");
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, size);
    cr_assert(archive_write_header(tar, entry) == ARCHIVE_OK);
    for (int64_t done = 0; done < size; done += (int64_t)sizeof zeros) {
        cr_assert(archive_write_data(tar, zeros, sizeof zeros) == (ssize_t)sizeof zeros);
    }
    archive_entry_free(entry);
    archive_write_close(tar);
    archive_write_free(tar);
}

Test(image, bombs_are_refused_and_leave_nothing)
{
    struct image image = {0};
    struct err err = {.text = "nothing"};

    write_bomb(below("bomb.tar.gz"), INT64_C(256) << 20);
    cr_expect(!image_tarball(below("bomb.tar.gz"), below("store"), &image, &err));
    cr_expect(err.code == EXIT_INPUT && strstr(err.text, "200 times"), "%s", err.text);
    cr_expect(count_entries(below("store")) == 0, "something is left in the store");
}

Test(image, a_tarball_is_a_layer_by_its_digest)
{
    static const struct item items[] = {{"bin", 'd', NULL}, {"bin/tool", 'f', NULL}};
    struct image image, again;
    char tool[PATH_MAX];
    struct err err;

    write_archive(below("root.tar"), items, 2);
    cr_assert(image_tarball(below("root.tar"), below("store"), &image, &err), "%s", err.text);
    cr_expect(image.unpacked_layers == 1 && image.layers[0] && !image.layers[1]);
    snprintf(tool, sizeof tool, "%s/bin/tool", image.layers[0]);
    cr_expect(access(tool, F_OK) == 0, "%s", tool);
    cr_assert(image_tarball(below("root.tar"), below("store"), &again, &err), "%s", err.text);
    cr_expect(again.unpacked_layers == 0, "unpacked twice");
    cr_expect_str_eq(image.layers[0], again.layers[0]);
    cr_expect(!image_tarball(below("none.tar"), below("store"), &again, &err));
    image_finish(&image);
    image_finish(&again);
}

Test(image, garbage_is_refused)
{
    int64_t bytes = 0;
    struct err err;
    FILE *file = fopen(below("garbage.tar"), "w");

    cr_assert(file);
    for (int i = 0; i < 5000; i++) {
        fputc(i * 7 % 251, file);
    }
    fclose(file);
    cr_assert(mkdir(below("layer"), 0755) == 0);
    cr_expect(!layer_unpack(below("garbage.tar"), below("layer"), NULL, &bytes, &err));
    cr_expect(err.code == EXIT_INPUT, "%s", err.text);
    cr_expect(count_entries(below("layer")) == 0);
}

Test(image, honest_archives_arrive)
{
    static const struct item items[] = {
        {"./", 'd', NULL},
        {"./deep/er/file", 'f', NULL},                /* parents are not named */
        {"deep/link", 'l', "../../../../etc/passwd"}, /* is resolved inside, later */
        {"hard", 'h', "deep/er/file"},
        {"pipe", 'p', NULL},
        {"gone/.wh.file", 'f', NULL},
        {"fresh/.wh..wh..opq", 'f', NULL},
        {"twice", 'f', NULL},
        {"twice", 'f', NULL},
    };
    const char *opaque = geteuid() == 0 ? "trusted.overlay.opaque" : "user.overlay.opaque";
    struct stat is, other;
    int64_t bytes = 0;
    struct err err;
    char value;

    cr_assert(mkdir(below("layer"), 0755) == 0);
    write_archive(below("honest.tar"), items, sizeof items / sizeof *items);
    cr_assert(layer_unpack(below("honest.tar"), below("layer"), NULL, &bytes, &err), "%s",
              err.text);
    cr_expect(bytes == 12, "%ld bytes", (long)bytes);
    cr_expect(stat(below("layer/deep/er/file"), &is) == 0 && is.st_size == 4);
    cr_expect(stat(below("layer/hard"), &other) == 0 && other.st_ino == is.st_ino);
    cr_expect(lstat(below("layer/deep/link"), &is) == 0 && S_ISLNK(is.st_mode));
    cr_expect(lstat(below("layer/pipe"), &is) == 0 && S_ISFIFO(is.st_mode));
    cr_expect(lstat(below("layer/gone/file"), &is) == 0 && S_ISCHR(is.st_mode) && is.st_rdev == 0,
              "a whiteout is device 0:0");
    cr_expect(getxattr(below("layer/fresh"), opaque, &value, 1) == 1 && value == 'y');
}
