/*
 * Walking structs by their schema. Each function is one switch over the field types.
 */
#include "core/schema.h"

#include "core/draw.h"
#include "core/unit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *at(const struct field *field, const void *record)
{
    return (char *)(uintptr_t)record + field->offset;
}

int32_t schema_list_length(const struct field *field, const void *record)
{
    return *(const int32_t *)((const char *)record + field->n_offset);
}

void *schema_list_item(const struct field *field, const void *record, int i)
{
    const struct schema *of = field->of;

    return *(char **)at(field, record) + (size_t)i * of->size;
}

char schema_id_letter(enum field_type type)
{
    switch (type) {
    case FIELD_TASK:
        return 't';
    case FIELD_INSTANCE:
        return 'i';
    case FIELD_SERVICE:
        return 's';
    case FIELD_TASKDEF:
        return 'd';
    case FIELD_GROUP:
        return 'g';
    case FIELD_TARGET_GROUP:
        return 'b';
    case FIELD_PROVIDER:
        return 'p';
    default:
        return 0;
    }
}

void schema_clear(const struct schema *schema, void *record)
{
    memset(record, 0, schema->size);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (field->type >= FIELD_OPTIONAL && field->type <= FIELD_TARGET_GROUP)
            *(int32_t *)at(field, record) = ID_NONE;
    }
}

static void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);

    assert(memory != NULL);
    return memory;
}

static void copy_field(const struct field *field, void *to, const void *from)
{
    const struct schema *of = field->of;
    void **target = at(field, to);
    void *source = *(void **)at(field, from);

    if (field->type == FIELD_TEXT && source) {
        *target = allocate(strlen(source) + 1);
        strcpy(*target, source);
    } else if (field->type == FIELD_RECORD && source) {
        *target = allocate(of->size);
        schema_copy(of, *target, source);
    } else if (field->type == FIELD_LIST && source) {
        int32_t n = schema_list_length(field, from);

        *target = allocate((size_t)n * of->size);
        for (int i = 0; i < n; i++)
            schema_copy(of, schema_list_item(field, to, i), schema_list_item(field, from, i));
    }
}

static bool owns_memory(enum field_type type)
{
    return type == FIELD_TEXT || type == FIELD_RECORD || type == FIELD_LIST;
}

void schema_copy(const struct schema *schema, void *to, const void *from)
{
    memcpy(to, from, schema->size);
    for (int i = 0; i < schema->n_fields; i++)
        if (owns_memory(schema->fields[i].type))
            copy_field(&schema->fields[i], to, from);
}

void schema_finish(const struct schema *schema, void *record)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        void **owned = at(field, record);

        if (!owns_memory(field->type) || !*owned)
            continue;
        if (field->type == FIELD_RECORD)
            schema_finish(field->of, *owned);
        for (int j = 0; field->type == FIELD_LIST && j < schema_list_length(field, record); j++)
            schema_finish(field->of, schema_list_item(field, record, j));
        free(*owned);
    }
    schema_clear(schema, record);
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool lists_equal(const struct field *field, const void *a, const void *b, char *path,
                        size_t path_size)
{
    int32_t n = schema_list_length(field, a);
    char inner[128] = "";

    if (n != schema_list_length(field, b)) {
        snprintf(path, path_size, "%s", field->name);
        return false;
    }
    for (int i = 0; i < n; i++) {
        if (!schema_equal(field->of, schema_list_item(field, a, i), schema_list_item(field, b, i),
                          inner, sizeof inner)) {
            snprintf(path, path_size, "%s[%d].%s", field->name, i, inner);
            return false;
        }
    }
    return true;
}

static bool records_equal(const struct field *field, const void *a, const void *b, char *path,
                          size_t path_size)
{
    const void *left = *(void **)at(field, a);
    const void *right = *(void **)at(field, b);
    char inner[128] = "";

    if (!left || !right) {
        snprintf(path, path_size, "%s", field->name);
        return left == right;
    }
    if (schema_equal(field->of, left, right, inner, sizeof inner))
        return true;
    snprintf(path, path_size, "%s.%s", field->name, inner);
    return false;
}

static bool scalars_equal(const struct field *field, const void *a, const void *b)
{
    switch (field->type) {
    case FIELD_TEXT:
        return text_equal(*(char **)at(field, a), *(char **)at(field, b));
    case FIELD_LONG:
    case FIELD_LATER:
        return *(int64_t *)at(field, a) == *(int64_t *)at(field, b);
    case FIELD_BOOL:
        return *(bool *)at(field, a) == *(bool *)at(field, b);
    default:
        return *(int32_t *)at(field, a) == *(int32_t *)at(field, b);
    }
}

bool schema_equal(const struct schema *schema, const void *a, const void *b, char *path,
                  size_t path_size)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (field->type == FIELD_LIST) {
            if (!lists_equal(field, a, b, path, path_size))
                return false;
        } else if (field->type == FIELD_RECORD) {
            if (!records_equal(field, a, b, path, path_size))
                return false;
        } else if (!scalars_equal(field, a, b)) {
            snprintf(path, path_size, "%s", field->name);
            return false;
        }
    }
    return true;
}

static uint64_t digest_text(const char *text, uint64_t digest)
{
    if (!text)
        return draw_mix(digest);
    for (; *text; text++)
        digest = draw_mix(digest ^ (unsigned char)*text);
    return draw_mix(digest ^ 0x100);
}

static uint64_t digest_list(const struct field *field, const void *record, uint64_t digest)
{
    int32_t n = schema_list_length(field, record);

    digest = draw_mix(digest ^ (uint64_t)n);
    for (int i = 0; i < n; i++)
        digest = schema_digest(field->of, schema_list_item(field, record, i), digest);
    return digest;
}

uint64_t schema_digest(const struct schema *schema, const void *record, uint64_t digest)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        switch (field->type) {
        case FIELD_LIST:
            digest = digest_list(field, record, digest);
            break;
        case FIELD_RECORD:
            digest = draw_mix(digest ^ (*(void **)at(field, record) != NULL));
            if (*(void **)at(field, record))
                digest = schema_digest(field->of, *(void **)at(field, record), digest);
            break;
        case FIELD_TEXT:
            digest = digest_text(*(char **)at(field, record), digest);
            break;
        case FIELD_LONG:
            digest = draw_mix(digest ^ (uint64_t) * (int64_t *)at(field, record));
            break;
        case FIELD_LATER:
            if (*(int64_t *)at(field, record) != 0)
                digest = draw_mix(draw_mix(digest ^ (uint64_t)i) ^
                                  (uint64_t) * (int64_t *)at(field, record));
            break;
        case FIELD_BOOL:
            digest = draw_mix(digest ^ *(bool *)at(field, record));
            break;
        default:
            digest = draw_mix(digest ^ (uint64_t)(int64_t) * (int32_t *)at(field, record));
            break;
        }
    }
    return digest;
}
