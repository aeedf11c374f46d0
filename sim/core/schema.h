/*
 * The shape of a struct as data: its members' names, kinds and places. Every message between the
 * machines and their drivers has one, so that copying, comparing, digesting and (in sim/file)
 * writing and reading are each written once for all messages, and a new message is a new table row.
 * Knows nothing of what the members mean.
 */
#ifndef BERTH_CORE_SCHEMA_H
#define BERTH_CORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
    FIELD_INT,  /* int32_t */
    FIELD_LONG, /* int64_t */
    FIELD_LATER, /* int64_t that older histories do not have: 0 stands for "absent", and leaves a digest as it is */
    FIELD_BOOL, /* bool */
    FIELD_ENUM, /* an enum, `of` is its NULL-terminated table of names */
    FIELD_TEXT, /* char *, may be NULL */
    /* Those that are ID_NONE where there is nothing stand together. */
    FIELD_OPTIONAL,     /* int32_t, ID_NONE stands for "absent" */
    FIELD_TASK,         /* int32_t index, written t1, t2, ...; likewise below */
    FIELD_INSTANCE,     /* i1 */
    FIELD_SERVICE,      /* s1 */
    FIELD_TASKDEF,      /* d1 */
    FIELD_GROUP,        /* g1 */
    FIELD_PROVIDER,     /* p1 */
    FIELD_TARGET_GROUP, /* b1 */
    FIELD_LIST,   /* pointer to an array of structs described by `of`, its int32_t length at `n` */
    FIELD_RECORD, /* pointer to one struct described by `of`, may be NULL */
};

struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t n_offset;
    const void *of;
    size_t name_length;
};

struct schema {
    size_t size; /* of the struct, bytes */
    const struct field *fields;
    int n_fields;
};

/* Rows of a field table: the struct, the member, its name outside. */
#define FIELD(type, owner, member, name)                                                           \
    {                                                                                              \
        name, type, offsetof(struct owner, member), 0, NULL, sizeof(name) - 1                      \
    }
#define FIELD_OF(type, owner, member, name, of)                                                    \
    {                                                                                              \
        name, type, offsetof(struct owner, member), 0, of, sizeof(name) - 1                        \
    }
#define FIELD_LIST_OF(owner, member, name, of)                                                     \
    {                                                                                              \
        name, FIELD_LIST, offsetof(struct owner, member), offsetof(struct owner, n_##member), of,  \
            sizeof(name) - 1                                                                       \
    }
#define SCHEMA(owner, fields)                                                                      \
    {                                                                                              \
        sizeof(struct owner), fields, (int)(sizeof(fields) / sizeof((fields)[0]))                  \
    }

/* Sets every member to "nothing": ids and optional numbers to ID_NONE, the rest to zero. */
void schema_clear(const struct schema *schema, void *record);

/* Deep copy of all texts, lists and records; release with schema_finish(). */
void schema_copy(const struct schema *schema, void *to, const void *from);

/* Frees what schema_copy() made and clears the record. */
void schema_finish(const struct schema *schema, void *record);

/* Whether two records are equal; where not, and `path` is given, writes the first member that
 * differs, such as "containers[1].exitCode", into it. */
bool schema_equal(const struct schema *schema, const void *a, const void *b, char *path,
                  size_t path_size);

/* Folds every member into a digest: equal records give equal digests on every machine. */
uint64_t schema_digest(const struct schema *schema, const void *record, uint64_t digest);

/* The letter that ids of this type are written with, or 0 for a type that is no id. */
char schema_id_letter(enum field_type type);

/* The length of a FIELD_LIST and the address of its element `i`. */
int32_t schema_list_length(const struct field *field, const void *record);
void *schema_list_item(const struct field *field, const void *record, int i);

#endif
