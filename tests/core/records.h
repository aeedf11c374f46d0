/*
 * Every member of a record, one after the other, by its schema: how tests of tables say "any".
 * Records are made by ../file/sample.h.
 */
#ifndef BERTH_TESTS_CORE_RECORDS_H
#define BERTH_TESTS_CORE_RECORDS_H

#include "../file/sample.h"
#include "core/schema.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Absent without LeakSanitizer. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* Criterion passes a test that loses memory, sanitizer or not: ask for it. */
static inline void records_expect_no_leak(void)
{
    if (__lsan_do_recoverable_leak_check)
        cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory was lost");
}

static inline void *records_member(const struct field *field, void *record)
{
    return (char *)record + field->offset;
}

/* The ways in which one member alone can change. */
static inline int records_changes(enum field_type type)
{
    return type == FIELD_TEXT ? 2 : 1;
}

static inline void records_change_member(const struct field *field, void *record, int way)
{
    void *member = records_member(field, record);
    int32_t *length = (int32_t *)((char *)record + field->n_offset);

    switch (field->type) {
    case FIELD_TEXT:
        free(*(char **)member);
        *(char **)member = way ? strdup("something else") : NULL;
        break;
    case FIELD_LONG:
    case FIELD_LATER:
        *(int64_t *)member ^= INT64_C(1) << 40;
        break;
    case FIELD_BOOL:
        *(bool *)member ^= 1;
        break;
    case FIELD_LIST:
        --*length;
        schema_finish(field->of, schema_list_item(field, record, *length));
        break;
    case FIELD_RECORD:
        schema_finish(field->of, *(void **)member);
        free(*(void **)member);
        *(void **)member = NULL;
        break;
    default:
        *(int32_t *)member ^= 1;
        break;
    }
}

static inline bool records_change(const struct schema *schema, void *record, int *countdown,
                                  const char *prefix, char *path);

static inline bool records_change_inside(const struct field *field, void *record, int *countdown,
                                         const char *prefix, char *path)
{
    bool is_list = field->type == FIELD_LIST;
    int n = is_list ? schema_list_length(field, record) : field->type == FIELD_RECORD;
    char inner[200];

    for (int i = 0; i < n; i++) {
        void *item =
            is_list ? schema_list_item(field, record, i) : *(void **)records_member(field, record);

        if (is_list)
            snprintf(inner, sizeof inner, "%s%s[%d].", prefix, field->name, i);
        else
            snprintf(inner, sizeof inner, "%s%s.", prefix, field->name);
        if (records_change(field->of, item, countdown, inner, path))
            return true;
    }
    return false;
}

/* Makes change number `*countdown` of all that the record offers, and says in `path` (of 200 bytes)
 * where. False where there are not so many. */
static inline bool records_change(const struct schema *schema, void *record, int *countdown,
                                  const char *prefix, char *path)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        for (int way = 0; way < records_changes(field->type); way++) {
            if ((*countdown)-- > 0)
                continue;
            records_change_member(field, record, way);
            snprintf(path, 200, "%s%s", prefix, field->name);
            return true;
        }
        if (records_change_inside(field, record, countdown, prefix, path))
            return true;
    }
    return false;
}

#endif
