/*
 * Lists that stand in a file of their own, a line for each: what was measured, what was logged. Knows nothing of what a
 * line means.
 */
#include "file/json_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 256

static char *trim(char *line)
{
    size_t length;

    line += strspn(line, " \t\r\n");
    length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

/* False: it cannot be had. */
static bool add_line(json_t *list, const struct node *node, const char *name, int number,
                     char *line, int max, node_of_line *read)
{
    json_t *value = read(node, name, number, line);

    if (!value)
        return false;
    if (json_is_null(value))
        return true;
    if (json_array_size(list) < (size_t)max) {
        json_array_append_new(list, value);
        return true;
    }
    json_decref(value);
    node_error(node, "%.200s has more than %d lines", name, max);
    return false;
}

static json_t *read_lines(const struct node *node, FILE *file, int max, node_of_line *read)
{
    const char *name = json_string_value(node->value);
    json_t *list = json_array();
    char line[LINE_BYTES_MAX];
    bool ok = true;

    for (int number = 1; ok && fgets(line, sizeof line, file); number++) {
        bool whole = strchr(line, '\n') || feof(file);
        char *rest = trim(line);

        if (!whole) {
            node_error(node, "%.200s, line %d: longer than %d bytes", name, number,
                       LINE_BYTES_MAX - 2);
            ok = false;
            break;
        }
        if (*rest != '\0' && *rest != '#')
            ok = add_line(list, node, name, number, rest, max, read);
    }
    if (ok && ferror(file)) { /* a folder can be opened, and not be read */
        node_error(node, "cannot read %.200s: %s", name, strerror(errno));
        ok = false;
    }
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

bool node_inline_lines(struct node *node, const char *member, int max, node_of_line *read)
{
    char *path = document_beside(node->document, json_string_value(node->value));
    FILE *file = fopen(path, "re");
    json_t *list;

    if (!file)
        node_error(node, "cannot read %.200s: %s", path, strerror(errno));
    list = file ? read_lines(node, file, max, read) : NULL;
    if (file)
        fclose(file);
    free(path);
    if (!list)
        return false;
    json_object_set_new(node->parent->value, member, list);
    node->value = list;
    return true;
}
