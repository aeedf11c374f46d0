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

static char *layout_in(const char *folder, int n_folder, const char *name)
{
    char *path = join(folder, n_folder, name);
    char *marker = join(path, (int)strlen(path), "oci-layout");
    bool there = access(marker, R_OK) == 0;

    free(marker);
    if (there)
        return path;
    free(path);
    return NULL;
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

char *layout_rootfs(const char *scenario_path, const char *name)
{
    char *path = join(scenario_path, name[0] != '/' ? folder_of(scenario_path) : 0, name);

    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* The blob that a digest like "sha256:12ab" names, as JSON. */
static json_t *load_blob(const char *folder, const char *digest)
{
    const char *colon = digest ? strchr(digest, ':') : NULL;
    char name[200], *path;
    json_t *blob;

    if (!colon || strchr(digest, '/') || strlen(digest) > 150)
        return NULL;
    snprintf(name, sizeof name, "blobs/%.*s/%s", (int)(colon - digest), digest, colon + 1);
    path = join(folder, (int)strlen(folder), name);
    blob = json_load_file(path, 0, NULL);
    free(path);
    return blob;
}

static json_t *one_layer(const json_t *layer)
{
    const char *digest = json_string_value(json_object_get(layer, "digest"));
    json_int_t size = json_integer_value(json_object_get(layer, "size"));
    char text[40];

    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT "B", size);
    return digest && size > 0 ? json_pack("{s:s, s:s}", "digest", digest, "size", text) : NULL;
}

json_t *layout_layers(const char *folder)
{
    char *path = join(folder, (int)strlen(folder), "index.json");
    json_t *index = json_load_file(path, 0, NULL), *manifest, *layers = NULL, *one;
    const json_t *first = json_array_get(json_object_get(index, "manifests"), 0), *list;
    size_t i;

    manifest = load_blob(folder, json_string_value(json_object_get(first, "digest")));
    list = json_object_get(manifest, "layers");
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
    json_decref(index);
    free(path);
    return layers;
}
