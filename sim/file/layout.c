/*
 * OCI image layout: index.json names a manifest by its digest, which names the layers (opencontainers,
 * image-spec, image-layout.md and manifest.md).
 */
#include "file/layout.h"

#include "file/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* `folder` of `n_folder` bytes, "/" and `name`; free() it. */
static char *join(const char *folder, int n_folder, const char *name)
{
    size_t size = (size_t)n_folder + strlen(name) + 2;
    char *path = memory_zeroed(size, 1);

    snprintf(path, size, "%.*s%s%s", n_folder, folder, n_folder > 0 ? "/" : "", name);
    return path;
}

static int folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash - path) : 0;
}

static bool is_layout(const char *folder, int n_folder, const char *name, int n_name)
{
    char *front = memory_zeroed((size_t)n_name + 12, 1), *marker;
    bool there;

    snprintf(front, (size_t)n_name + 12, "%.*s/oci-layout", n_name, name);
    marker = join(folder, n_folder, front);
    there = access(marker, R_OK) == 0;
    free(marker);
    free(front);
    return there;
}

/* How much of "NAME" or "NAME:TAG" is a layout's folder; 0 where none is. NAME may have colons too. */
static int layout_length(const char *folder, int n_folder, const char *name)
{
    int length = (int)strlen(name);

    if (is_layout(folder, n_folder, name, length))
        return length;
    for (const char *colon = strchr(name, ':'); colon; colon = strchr(colon + 1, ':'))
        if (colon > name && is_layout(folder, n_folder, name, (int)(colon - name)))
            return (int)(colon - name);
    return 0;
}

static char *layout_in(const char *folder, int n_folder, const char *name)
{
    return layout_length(folder, n_folder, name) > 0 ? join(folder, n_folder, name) : NULL;
}

char *layout_find(const char *scenario_path, const char *name, const char *image_folder)
{
    char *found;

    if (!name)
        return NULL;
    if (name[0] == '/')
        return layout_in("", 0, name);
    found = layout_in(scenario_path, folder_of(scenario_path), name);
    if (!found && image_folder)
        found = layout_in(image_folder, (int)strlen(image_folder), name);
    return found;
}

char *layout_split(const char *path, const char **tag)
{
    int length = layout_length("", 0, path);
    char *folder;

    if (length == 0)
        length = (int)strlen(path);
    folder = memory_zeroed((size_t)length + 1, 1);
    memcpy(folder, path, (size_t)length);
    *tag = path[length] ? path + length + 1 : NULL;
    return folder;
}

char *layout_rootfs(const char *scenario_path, const char *name)
{
    char *path = join(scenario_path, name[0] != '/' ? folder_of(scenario_path) : 0, name);

    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* Choosing -------------------------------------------------------------------------------------- */

#if defined __x86_64__
const char layout_machine[] = "amd64";
#elif defined __aarch64__
const char layout_machine[] = "arm64";
#else
const char layout_machine[] = "";
#endif

static const char *tag_of(const json_t *descriptor)
{
    const json_t *annotations = json_object_get(descriptor, "annotations");

    return json_string_value(json_object_get(annotations, "org.opencontainers.image.ref.name"));
}

/* An index may list one manifest for each kind of machine. */
static bool is_for_this_machine(const json_t *descriptor)
{
    const json_t *platform = json_object_get(descriptor, "platform");
    const char *machine = json_string_value(json_object_get(platform, "architecture"));
    const char *system = json_string_value(json_object_get(platform, "os"));

    return !platform || (machine && strcmp(machine, layout_machine) == 0 &&
                         (!system || strcmp(system, "linux") == 0));
}

/* "TAG linux/amd64, ...", as far as there is room. */
static void list_images(const json_t *index, char *list, size_t size)
{
    const json_t *each;
    size_t i;

    list[0] = '\0';
    json_array_foreach(json_object_get(index, "manifests"), i, each)
    {
        const json_t *platform = json_object_get(each, "platform");
        const char *system = json_string_value(json_object_get(platform, "os"));
        const char *machine = json_string_value(json_object_get(platform, "architecture"));
        const char *tag = tag_of(each);
        size_t used = strlen(list);

        if (!tag && !system && !machine)
            tag = "one without a tag";
        snprintf(list + used, size - used, "%s%.60s%s%.20s%s%.20s", used ? ", " : "",
                 tag ? tag : "", tag && (system || machine) ? " " : "", system ? system : "",
                 system && machine ? "/" : "", machine ? machine : "");
    }
    if (!list[0])
        snprintf(list, size, "none");
}

/* Two names of one image are no question. */
static bool same_image(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "digest"), json_object_get(b, "digest"));
}

json_t *layout_choose(const json_t *index, const char *tag, char wrong[LAYOUT_WRONG])
{
    json_t *each, *found = NULL;
    char there[LAYOUT_WRONG / 2];
    bool unclear = false;
    size_t i;

    json_array_foreach(json_object_get(index, "manifests"), i, each)
    {
        if (!json_is_object(each) || !is_for_this_machine(each) ||
            (tag && (!tag_of(each) || strcmp(tag_of(each), tag))))
            continue;
        /* of those without tags the first is the best (image-spec, image-index.md) */
        unclear = unclear || (found && !same_image(each, found) && (tag_of(each) || tag_of(found)));
        found = found ? found : each;
    }
    if (found && !unclear)
        return found;
    list_images(index, there, sizeof there);
    if (unclear)
        snprintf(wrong, LAYOUT_WRONG,
                 "has several images%s%.60s, say which as in \"folder:tag\": %s",
                 tag ? " with the tag " : "", tag ? tag : "", there);
    else
        snprintf(wrong, LAYOUT_WRONG, "no image %.60s%sfor linux/%s; it has: %s", tag ? tag : "",
                 tag ? " " : "", layout_machine, there);
    return NULL;
}

/* Layers ---------------------------------------------------------------------------------------- */

/* Larger ones are no manifests: registries take at most so much. */
#define MANIFEST_BYTES_MAX (4 << 20)

static json_t *load(const char *folder, const char *name)
{
    char *path = join(folder, (int)strlen(folder), name);
    struct stat is;
    json_t *json = NULL;

    if (stat(path, &is) == 0 && S_ISREG(is.st_mode) && is.st_size <= MANIFEST_BYTES_MAX)
        json = json_load_file(path, 0, NULL);
    free(path);
    return json;
}

/* The blob that a digest like "sha256:12ab" names, as JSON. */
static json_t *load_blob(const char *folder, const char *digest)
{
    const char *colon = digest ? strchr(digest, ':') : NULL;
    char name[200];

    if (!colon || strchr(digest, '/') || strlen(digest) > 150)
        return NULL;
    snprintf(name, sizeof name, "blobs/%.*s/%s", (int)(colon - digest), digest, colon + 1);
    return load(folder, name);
}

bool layout_check(const char *path, char wrong[LAYOUT_WRONG])
{
    const char *tag;
    char *folder = layout_split(path, &tag);
    json_t *index = load(folder, "index.json");
    bool fine = !json_is_array(json_object_get(index, "manifests")) ||
                layout_choose(index, tag, wrong) != NULL;

    json_decref(index);
    free(folder);
    return fine;
}

/* From index to index to manifest, as whoever pulls it goes. */
static json_t *load_manifest(const char *folder, const char *tag)
{
    json_t *json = load(folder, "index.json"), *next;
    char wrong[LAYOUT_WRONG];

    for (int depth = 0; json && depth < 3 && !json_object_get(json, "layers"); depth++) {
        const json_t *descriptor = layout_choose(json, depth ? NULL : tag, wrong);

        next = load_blob(folder, json_string_value(json_object_get(descriptor, "digest")));
        json_decref(json);
        json = next;
    }
    return json;
}

static json_t *one_layer(const json_t *layer)
{
    const char *digest = json_string_value(json_object_get(layer, "digest"));
    json_int_t size = json_integer_value(json_object_get(layer, "size"));
    char text[40];

    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT "B", size);
    return digest && size > 0 ? json_pack("{s:s, s:s}", "digest", digest, "size", text) : NULL;
}

json_t *layout_layers(const char *path)
{
    const char *tag;
    char *folder = layout_split(path, &tag);
    json_t *manifest = load_manifest(folder, tag), *layers = NULL, *one;
    const json_t *list = json_object_get(manifest, "layers");
    size_t i;

    if (json_array_size(list) > 0)
        layers = json_array();
    for (i = 0; layers && i < json_array_size(list); i++) {
        one = one_layer(json_array_get(list, i));
        if (one) {
            json_array_append_new(layers, one);
        } else {
            json_decref(layers);
            layers = NULL;
        }
    }
    json_decref(manifest);
    free(folder);
    return layers;
}
