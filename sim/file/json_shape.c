/*
 * One check per shape, down through objects and lists.
 */
#include "file/json_shape.h"

static void check_value(struct node *node, const struct grammar_member *member);

static void check_object(struct node *node, const struct grammar *grammar)
{
    if (!node_object(node, grammar))
        return;
    for (const struct grammar_member *member = grammar->members; member->name; member++) {
        struct node child = node_member(node, member->name);

        check_value(&child, member);
    }
}

static void check_list(struct node *node, const struct grammar_member *member)
{
    const struct grammar_member item = {
        .shape = member->of       ? SHAPE_OBJECT
                 : member->values ? SHAPE_CHOICE
                 : member->items  ? member->items
                                  : SHAPE_TEXT,
        .of = member->of,
        .values = member->values,
    };
    size_t n = node_list(node);

    for (size_t i = 0; i < n; i++) {
        struct node child = node_item(node, i);

        check_value(&child, &item);
    }
}

static void check_map(const struct node *node)
{
    const char *name, *text;
    json_t *value;

    if (!json_is_object(node->value))
        node_error(node, "found %s, wanted an object of names and texts", node_found(node));
    node_take_texts(node);
    json_object_foreach(node->value, name, value)
    {
        struct node child = node_member(node, name);

        node_text(&child, &text);
    }
}

/* The shapes that ECS's tables have; the others are berth's own. */
static void check_value(struct node *node, const struct grammar_member *member)
{
    const char *text;
    int64_t number;
    int choice;
    bool flag;

    if (!node->value)
        return;
    if (member->shape == SHAPE_TEXT)
        node_text(node, &text);
    else if (member->shape == SHAPE_NUMBER)
        node_number(node, INT32_MIN, INT32_MAX, BARE_NUMBER, &number);
    else if (member->shape == SHAPE_BOOL)
        node_bool(node, &flag);
    else if (member->shape == SHAPE_CHOICE)
        node_choice(node, member->values, &choice);
    else if (member->shape == SHAPE_OBJECT)
        check_object(node, member->of);
    else if (member->shape == SHAPE_LIST)
        check_list(node, member);
    else if (member->shape == SHAPE_TEXT_MAP)
        check_map(node);
}

void shape_check_unused(const struct node *object, const struct grammar *grammar)
{
    for (const struct grammar_member *member = grammar->members; member->name; member++) {
        struct node child = node_member(object, member->name);

        if (!member->about)
            check_value(&child, member);
    }
}
