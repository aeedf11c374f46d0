/*
 * A message of any kind with every member filled, made from its schema: what the codec, the run log
 * and their fuzzers are fed with. `variant` changes every value.
 */
#ifndef BERTH_TESTS_FILE_SAMPLE_H
#define BERTH_TESTS_FILE_SAMPLE_H

#include "core/message.h"

#include <stdlib.h>
#include <string.h>

static inline void sample_fill(const struct schema *schema, void *record, int variant);

static inline void *sample_items(const struct schema *of, int n, int variant)
{
    char *items = calloc((size_t)n, of->size);

    for (int i = 0; i < n; i++)
        sample_fill(of, items + (size_t)i * of->size, variant + i);
    return items;
}

/* The variant's name, so that every name of the table comes up. */
static inline int sample_name(const char *const *names, int variant)
{
    int n = 0;

    while (names[n])
        n++;
    return variant % n;
}

static inline void sample_fill(const struct schema *schema, void *record, int variant)
{
    static const char *const texts[] = {
        "plain",
        "",
        "quote \" and \\ back",
        "line\nbreak\ttab\x01",
        "caf\xc3\xa9 \xe2\x9c\x93",
        "broken \xc3",
        "\xff\xfe",
        "private \xee\xbe\x80 \xee\xbf\xbf",
        "cut \xf0\x9f\x98",
        "surrogate \xed\xa0\x80",
        "overlong \xc0\x80 \xe0\x80\x80",
    };

    schema_clear(schema, record);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        void *to = (char *)record + field->offset;
        int value = variant * 7 + i;

        switch (field->type) {
        case FIELD_LONG:
        case FIELD_LATER:
            *(int64_t *)to = value % 3 ? INT64_MAX - value : INT64_MIN + value;
            break;
        case FIELD_INT:
            *(int32_t *)to = value % 3 ? INT32_MAX - value : INT32_MIN + value;
            break;
        case FIELD_BOOL:
            *(bool *)to = variant % 2 == 0;
            break;
        case FIELD_ENUM:
            *(int32_t *)to = sample_name(field->of, value);
            break;
        case FIELD_TEXT:
            *(char **)to = strdup(texts[(size_t)value % (sizeof texts / sizeof *texts)]);
            break;
        case FIELD_LIST:
            *(int32_t *)((char *)record + field->n_offset) = 1 + variant % 3;
            *(void **)to = sample_items(field->of, 1 + variant % 3, value);
            break;
        case FIELD_RECORD:
            *(void **)to = sample_items(field->of, 1, value);
            break;
        default: /* ids and optional numbers */
            *(int32_t *)to = value % 5 ? value : INT32_MAX - 1;
            break;
        }
    }
}

/* Release with message_finish(). */
static inline struct message sample_message(enum message_kind kind, int variant)
{
    struct message message = message_new(kind);

    message.id = variant % 3 ? INT64_C(1) << (variant % 60) : 0;
    sample_fill(&message_types[kind].schema, &message.as, variant);
    return message;
}

#endif
