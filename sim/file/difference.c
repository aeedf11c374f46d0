/*
 * Differences by way of JSON: the value of a member is shown as a log would show it.
 */
#include "file/difference.h"

#include "file/codec.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* What a message is about: its task, else the first thing that it names. */
static const struct field *subject(const struct message *message)
{
    const struct schema *schema = &message_types[message->kind].schema;
    const struct field *first = NULL;

    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (!schema_id_letter(field->type) ||
            *(const int32_t *)((const char *)&message->as + field->offset) == ID_NONE)
            continue;
        if (field->type == FIELD_TASK)
            return field;
        if (!first)
            first = field;
    }
    return first;
}

void difference_event(struct buffer *text, const struct message *message)
{
    const struct field *field = subject(message);

    buffer_add_text(text, message_kind_names[message->kind]);
    if (field)
        buffer_add(text, " %c%" PRId64, schema_id_letter(field->type),
                   (int64_t) * (const int32_t *)((const char *)&message->as + field->offset) + 1);
}

/* The member at a path such as "containers[1].exitCode", or NULL. */
static const json_t *follow(const json_t *value, const char *path)
{
    while (*path && value) {
        size_t n = strcspn(path, ".[");

        if (*path == '[') {
            char *end;

            value = json_array_get(value, strtoul(path + 1, &end, 10));
            path = end + 1;
        } else {
            char name[64] = "";

            if (n < sizeof name)
                memcpy(name, path, n);
            value = json_object_get(value, name);
            path += n;
        }
        path += *path == '.';
    }
    return value;
}

static void add_value(struct buffer *text, const struct message *message, const char *path)
{
    struct buffer json = {0};
    json_t *object;
    const json_t *value;
    char *shown;

    codec_write_message(&json, message);
    object = json_loadb(json.text, json.length, 0, NULL);
    value = follow(object, path);
    shown =
        value && !json_is_string(value) ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    if (json_is_string(value))
        buffer_add(text, "%.200s", json_string_value(value));
    else
        buffer_add(text, "%.200s", shown ? shown : "nothing");
    free(shown);
    json_decref(object);
    buffer_finish(&json);
}

void difference_members(struct buffer *text, const struct message *a, const struct message *b,
                        const char *a_says, const char *b_says)
{
    char path[256] = "";

    message_equal(a, b, path, sizeof path);
    buffer_add(text, "%s: %s ", path, a_says);
    add_value(text, a, path);
    buffer_add(text, ", %s ", b_says);
    add_value(text, b, path);
}

static void add_message(struct buffer *text, const struct message *message)
{
    if (message)
        difference_event(text, message);
    else
        buffer_add_text(text, "nothing");
}

void difference_messages(struct buffer *text, const struct message *a, const struct message *b,
                         const char *a_says, const char *b_says)
{
    if (a && b && a->kind == b->kind) {
        difference_members(text, a, b, a_says, b_says);
        return;
    }
    buffer_add(text, "%s ", a_says);
    add_message(text, a);
    buffer_add(text, ", %s ", b_says);
    add_message(text, b);
}
