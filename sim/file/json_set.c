/*
 * --set PATH=VALUE.
 */
#include "file/json_set.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The end of the step that begins at `path`: the longest name that `object` has, else up to the
 * next dot or bracket. */
static size_t step_length(const json_t *object, const char *path)
{
    size_t longest = 0, length = strcspn(path, ".[");
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        size_t n = strlen(name);

        if (n > longest && strncmp(name, path, n) == 0 && (!path[n] || strchr(".[", path[n])))
            longest = n;
    }
    return longest ? longest : length;
}

/* Reads "3", "3]" as a number of an item; returns the characters read, 0 for none. */
static size_t read_index(const char *path, size_t *index)
{
    size_t length = 0;

    *index = 0;
    while (isdigit((unsigned char)path[length]) && length < 9)
        *index = *index * 10 + (size_t)(path[length++] - '0');
    if (length && path[length] == ']')
        length++;
    return path[length] && !strchr(".[", path[length]) ? 0 : length;
}

static json_t *parse_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

    return value ? value : json_string(text);
}

static bool no_place(struct err *err, const char *text, int length, const char *what)
{
    return err_set(err, EXIT_INPUT, "\"%.*s\" %s", length, text, what);
}

bool json_set(json_t *root, const char *text, struct overlay *overlay, struct err *err)
{
    const char *equals = strchr(text, '=');
    json_t *at = root, *value;
    char *path, *step, *name = NULL;
    size_t index = 0;
    bool fine = false;

    if (!equals || equals == text)
        return err_set(err, EXIT_INPUT,
                       "wanted PATH=VALUE, such as services.0.desiredCount=6; found \"%s\"", text);
    path = strndup(text, (size_t)(equals - text));
    assert(path != NULL);
    for (step = path;;) {
        size_t length;
        int walked;

        if (json_is_object(at))
            length = step_length(at, step);
        else if (json_is_array(at))
            length = read_index(step, &index);
        else
            length = 0;
        walked = (int)(step - path) + (int)length;
        if (!length) {
            no_place(err, path, (int)strlen(path),
                     json_is_array(at) ? "addresses nothing: a list's items have numbers, from 0"
                                       : "addresses nothing: what is before the last dot must be "
                                         "an object or a list");
            break;
        }
        free(name);
        name = json_is_object(at) ? strndup(step, length) : NULL;
        if (json_is_array(at) && index >= json_array_size(at)) {
            no_place(err, path, walked, "addresses nothing: the list has fewer items");
            break;
        }
        if (!step[length]) {
            value = parse_value(equals + 1);
            if (!value) {
                no_place(err, equals + 1, (int)strlen(equals + 1), "is not UTF-8 text");
                break;
            }
            if (name)
                json_object_set_new(at, name, value);
            else
                json_array_set_new(at, index, value);
            *overlay = (struct overlay){at, name, (int)index, text};
            name = NULL;
            fine = true;
            break;
        }
        at = name ? json_object_get(at, name) : json_array_get(at, index);
        if (!at) {
            no_place(err, path, walked, "addresses nothing");
            break;
        }
        step += length + 1;
    }
    free(name);
    free(path);
    return fine;
}

bool json_set_begins(const char *text, const char *name)
{
    size_t length = strlen(name);

    return strncmp(text, name, length) == 0 && text[length] && strchr(".[=", text[length]);
}
