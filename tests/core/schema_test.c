/*
 * Walking structs by their schema, with one struct that has a member of every type.
 */
#include "core/schema.h"

#include "core/unit.h"
#include "records.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const colour_names[] = {"red", "green", "blue", NULL};

struct leaf {
    int32_t number;
    char *text;
};

struct branch {
    bool flag;
    int32_t n_leaves;
    struct leaf *leaves;
};

struct everything {
    int32_t number;
    int64_t big;
    int64_t moment;
    int32_t optional;
    bool flag;
    int32_t colour;
    char *text;
    int32_t task, instance, service, taskdef, group;
    int32_t n_leaves;
    struct leaf *leaves;
    int32_t n_branches;
    struct branch *branches;
    struct branch *branch;
};

static const struct field leaf_fields[] = {
    FIELD(FIELD_INT, leaf, number, "number"),
    FIELD(FIELD_TEXT, leaf, text, "text"),
};
static const struct schema leaf_schema = SCHEMA(leaf, leaf_fields);

static const struct field branch_fields[] = {
    FIELD(FIELD_BOOL, branch, flag, "flag"),
    FIELD_LIST_OF(branch, leaves, "leaves", &leaf_schema),
};
static const struct schema branch_schema = SCHEMA(branch, branch_fields);

static const struct field everything_fields[] = {
    FIELD(FIELD_INT, everything, number, "number"),
    FIELD(FIELD_LONG, everything, big, "big"),
    FIELD(FIELD_LATER, everything, moment, "moment"),
    FIELD(FIELD_OPTIONAL, everything, optional, "optional"),
    FIELD(FIELD_BOOL, everything, flag, "flag"),
    FIELD_OF(FIELD_ENUM, everything, colour, "colour", colour_names),
    FIELD(FIELD_TEXT, everything, text, "text"),
    FIELD(FIELD_TASK, everything, task, "task"),
    FIELD(FIELD_INSTANCE, everything, instance, "instance"),
    FIELD(FIELD_SERVICE, everything, service, "service"),
    FIELD(FIELD_TASKDEF, everything, taskdef, "taskDefinition"),
    FIELD(FIELD_GROUP, everything, group, "group"),
    FIELD_LIST_OF(everything, leaves, "leaves", &leaf_schema),
    FIELD_LIST_OF(everything, branches, "branches", &branch_schema),
    FIELD_OF(FIELD_RECORD, everything, branch, "branch", &branch_schema),
};
static const struct schema everything_schema = SCHEMA(everything, everything_fields);

Test(schema, clears_to_nothing)
{
    struct everything record;

    memset(&record, 0x5a, sizeof record);
    schema_clear(&everything_schema, &record);
    cr_expect(record.number == 0 && record.big == 0 && record.moment == 0 && !record.flag &&
              record.colour == 0);
    cr_expect(record.optional == ID_NONE && record.task == ID_NONE && record.instance == ID_NONE);
    cr_expect(record.service == ID_NONE && record.taskdef == ID_NONE && record.group == ID_NONE);
    cr_expect(!record.text && !record.leaves && !record.branches && !record.branch);
    cr_expect(record.n_leaves == 0 && record.n_branches == 0);
}

Test(schema, copies_are_equal_and_apart)
{
    struct everything record, copy;

    sample_fill(&everything_schema, &record, 2);
    schema_copy(&everything_schema, &copy, &record);
    cr_expect(schema_equal(&everything_schema, &record, &copy, NULL, 0));
    cr_expect_eq(schema_digest(&everything_schema, &record, 7),
                 schema_digest(&everything_schema, &copy, 7));
    cr_expect(copy.text != record.text && copy.leaves != record.leaves);
    cr_expect(copy.branches != record.branches && copy.branch != record.branch);
    cr_expect(copy.branches[0].leaves != record.branches[0].leaves);
    cr_expect(copy.branch->leaves[0].text != record.branch->leaves[0].text);
    schema_finish(&everything_schema, &record);
    cr_expect(!record.text && record.n_leaves == 0 && record.task == ID_NONE, "finish clears");
    schema_finish(&everything_schema, &copy);
    schema_finish(&everything_schema, &copy);
    records_expect_no_leak();
}

Test(schema, copies_nothing_as_nothing)
{
    struct everything record, copy;
    char path[100];

    schema_clear(&everything_schema, &record);
    schema_copy(&everything_schema, &copy, &record);
    cr_expect(schema_equal(&everything_schema, &record, &copy, path, sizeof path), "%s", path);
    schema_finish(&everything_schema, &copy);
}

/* Every single change is seen by the comparison, which names it, and by the digest. */
Test(schema, sees_every_change)
{
    struct everything record;
    int changes = 0;

    sample_fill(&everything_schema, &record, 2);
    for (bool more = true; more; changes++) {
        struct everything other;
        char path[200] = "", found[200] = "";
        int countdown = changes;

        schema_copy(&everything_schema, &other, &record);
        more = records_change(&everything_schema, &other, &countdown, "", path);
        cr_expect_eq(schema_equal(&everything_schema, &record, &other, found, sizeof found), !more);
        cr_expect_str_eq(found, path);
        cr_expect_eq(schema_digest(&everything_schema, &record, 1) ==
                         schema_digest(&everything_schema, &other, 1),
                     !more, "%s", path);
        schema_finish(&everything_schema, &other);
    }
    /* 15 members and a text's second way, leaves (3 each), branches and their leaves. */
    cr_expect_gt(changes, 40);
    schema_finish(&everything_schema, &record);
    records_expect_no_leak();
}

Test(schema, names_a_member_deep_inside)
{
    struct everything a, b;
    char path[100];

    sample_fill(&everything_schema, &a, 2);
    schema_copy(&everything_schema, &b, &a);
    b.branches[1].leaves[0].number++;
    cr_expect_not(schema_equal(&everything_schema, &a, &b, path, sizeof path));
    cr_expect_str_eq(path, "branches[1].leaves[0].number");
    cr_expect_not(schema_equal(&everything_schema, &a, &b, path, 9), "a short path is cut");
    cr_expect_str_eq(path, "branches");
    cr_expect_not(schema_equal(&everything_schema, &a, &b, NULL, 0), "and may be left out");
    schema_finish(&everything_schema, &a);
    schema_finish(&everything_schema, &b);
}

/* What lies side by side must not run together. */
Test(schema, digests_keep_members_apart)
{
    static const struct {
        char *first, *second;
    } texts[] = {{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"abc", NULL}, {NULL, "abc"}};
    uint64_t seen[6];

    for (int i = 0; i < 6; i++) {
        struct leaf leaves[] = {{1, texts[i].first}, {1, texts[i].second}};
        struct branch branch = {.n_leaves = 2, .leaves = leaves};

        seen[i] = schema_digest(&branch_schema, &branch, 0);
        for (int j = 0; j < i; j++)
            cr_expect_neq(seen[i], seen[j], "%d, %d", i, j);
    }
    /* One leaf that is nothing, on the first branch or on the second. */
    for (int i = 0; i < 2; i++) {
        struct leaf leaf = {0, NULL};
        struct branch branches[] = {{.n_leaves = i == 0, .leaves = &leaf},
                                    {.n_leaves = i == 1, .leaves = &leaf}};
        struct everything record = {.n_branches = 2, .branches = branches};

        seen[i] = schema_digest(&everything_schema, &record, 0);
    }
    cr_expect_neq(seen[0], seen[1]);
    cr_expect_neq(schema_digest(&branch_schema, &(struct branch){0}, 0),
                  schema_digest(&branch_schema, &(struct branch){0}, 1), "it carries on");
}

/* So a member can come up that histories written before it do not know. */
Test(schema, digests_pass_over_an_absent_moment)
{
    struct moment {
        int64_t number, first, second;
    };
    static const struct field fields[] = {
        FIELD(FIELD_LONG, moment, number, "number"),
        FIELD(FIELD_LATER, moment, first, "first"),
        FIELD(FIELD_LATER, moment, second, "second"),
    };
    static const struct schema before = {sizeof(struct moment), fields, 1};
    static const struct schema now = SCHEMA(moment, fields);
    const struct moment absent = {7, 0, 0}, there = {7, 5, 0}, other = {7, 0, 5};

    cr_expect_eq(schema_digest(&now, &absent, 3), schema_digest(&before, &absent, 3));
    cr_expect_neq(schema_digest(&now, &there, 3), schema_digest(&before, &there, 3));
    cr_expect_neq(schema_digest(&now, &there, 3), schema_digest(&now, &other, 3));
    cr_expect_not(schema_equal(&now, &absent, &there, NULL, 0));
}

Test(schema, letters_of_ids)
{
    static const struct {
        enum field_type type;
        char letter;
    } rows[] = {
        {FIELD_INT, 0},       {FIELD_LONG, 0},      {FIELD_OPTIONAL, 0}, {FIELD_BOOL, 0},
        {FIELD_ENUM, 0},      {FIELD_TEXT, 0},      {FIELD_TASK, 't'},   {FIELD_INSTANCE, 'i'},
        {FIELD_SERVICE, 's'}, {FIELD_TASKDEF, 'd'}, {FIELD_GROUP, 'g'},  {FIELD_TARGET_GROUP, 'b'},
        {FIELD_LIST, 0},      {FIELD_RECORD, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(schema_id_letter(rows[i].type), rows[i].letter, "type %d", rows[i].type);
}
