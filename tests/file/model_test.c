/*
 * The grammar of task definitions beside the API's own model, in place: every member that
 * RegisterTaskDefinition has, at every depth, is known with its shape and its enumeration.
 */
#include "../data.h"
#include "file/grammar.h"
#include "file/json_node.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* One grammar serves definitions and RunTask: distinctInstance is refused where it does not belong. */
#define CONSTRAINT_TYPES "TaskDefinitionPlacementConstraintType"

static json_t *shapes;
static int n_members;

static const char *type_of(const json_t *shape)
{
    return json_string_value(json_object_get(shape, "type"));
}

static json_t *shape_named(const char *name)
{
    json_t *shape = json_object_get(shapes, name);

    cr_assert(shape != NULL, "the model has no %s", name);
    return shape;
}

static bool has(const char *const *values, const char *value)
{
    for (; values && *values; values++)
        if (strcmp(*values, value) == 0)
            return true;
    return false;
}

static void check_choices(const char *path, const char *name, const json_t *wanted,
                          const char *const *values)
{
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(wanted); i++)
        cr_expect(has(values, json_string_value(json_array_get(wanted, i))), "%s: no %s", path,
                  json_string_value(json_array_get(wanted, i)));
    for (; values && values[n]; n++) {
    }
    cr_expect(n == json_array_size(wanted) || strcmp(name, CONSTRAINT_TYPES) == 0,
              "%s: %zu values, the model has %zu", path, n, json_array_size(wanted));
}

/* What the model calls so is one of these shapes. */
static bool fits(const char *type, const struct grammar_member *member)
{
    switch (member->shape) {
    case SHAPE_TEXT:
    case SHAPE_CHOICE:
        return strcmp(type, "string") == 0;
    case SHAPE_NUMBER:
        return strcmp(type, "integer") == 0 || strcmp(type, "long") == 0;
    case SHAPE_BOOL:
        return strcmp(type, "boolean") == 0;
    case SHAPE_OBJECT:
        return strcmp(type, "structure") == 0;
    case SHAPE_LIST:
        return strcmp(type, "list") == 0;
    case SHAPE_TEXT_MAP:
        return strcmp(type, "map") == 0;
    default:
        return false;
    }
}

static void walk(const char *path, const json_t *structure, const struct grammar *grammar);

static void check_member(const char *path, const char *name, const struct grammar_member *member)
{
    json_t *shape = shape_named(name), *choices;
    const char *item;

    n_members++;
    cr_expect(fits(type_of(shape), member), "%s: %s in the model", path, type_of(shape));
    if (strcmp(type_of(shape), "list") == 0) {
        item = json_string_value(json_object_get(json_object_get(shape, "member"), "shape"));
        shape = shape_named(item);
        name = item;
    }
    choices = json_object_get(shape, "enum");
    if (choices)
        check_choices(path, name, choices, member->values);
    if (strcmp(type_of(shape), "structure") == 0) {
        cr_assert(member->of != NULL, "%s: no grammar", path);
        walk(path, shape, member->of);
    }
}

static void walk(const char *path, const json_t *structure, const struct grammar *grammar)
{
    json_t *required = json_object_get(structure, "required"), *value;
    const char *name;
    char below[400];

    json_object_foreach(json_object_get(structure, "members"), name, value) {
        const struct grammar_member *member = grammar_member(grammar, name);

        snprintf(below, sizeof below, "%s.%s", path, name);
        cr_expect(member != NULL, "%s is not known", below);
        if (member)
            check_member(below, json_string_value(json_object_get(value, "shape")), member);
    }
    for (size_t i = 0; i < json_array_size(required); i++) {
        const struct grammar_member *member =
            grammar_member(grammar, json_string_value(json_array_get(required, i)));

        cr_expect(member && member->required, "%s.%s is required", path,
                  json_string_value(json_array_get(required, i)));
    }
}

Test(model, every_member_of_a_task_definition_is_known)
{
    char path[1024];
    json_error_t error;
    json_t *model;

    if (!data_path(path, sizeof path, "aws-api-models/ecs.json"))
        cr_skip_test("no %s: set BERTH_DATA to the folder that has aws-api-models/", path);
    model = json_load_file(path, 0, &error);
    cr_assert(model != NULL, "%s: %s", path, error.text);
    shapes = json_object_get(model, "shapes");
    walk("", shape_named("RegisterTaskDefinitionRequest"), &task_definition_grammar);
    cr_assert(n_members > 150, "only %d members", n_members);
    json_decref(model);
}
