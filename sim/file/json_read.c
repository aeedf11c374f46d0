/*
 * Typed members: the shapes of grammar.h, each with its errors.
 */
#include "file/json_read.h"

#include "core/array.h"
#include "file/nearest.h"
#include "file/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Objects and lists */

/* The text that a number or a truth value stands for; NULL where it is neither. */
static json_t *text_of(const json_t *value)
{
    char text[64];

    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.15g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
    else
        return NULL;
    return json_string(text);
}

/* Real files carry numbers and truth values where the API takes texts. */
static json_t *take_text(const struct node *node)
{
    json_t *text = text_of(node->value);

    /* --set cpu=256 has no way to say that it means a text */
    if (text && !node_set_by(node))
        node_warning(node, "found %s; ECS takes a text here: \"%s\"", node_found(node),
                     json_string_value(text));
    return text;
}

static void text_from_number(struct node *member)
{
    json_t *text = take_text(member);

    if (text)
        json_object_set_new(member->parent->value, member->key, text);
}

void node_take_texts(const struct node *list)
{
    const char *name;
    json_t *value, *text;
    size_t i;
    void *next;

    if (!list->ecs)
        return;
    json_array_foreach(list->value, i, value)
    {
        struct node item = node_item(list, i);

        text = take_text(&item);
        if (text)
            json_array_set_new(list->value, i, text);
    }
    json_object_foreach_safe(list->value, next, name, value)
    {
        struct node member = node_member(list, name);

        text = take_text(&member);
        if (text)
            json_object_set_new(list->value, name, text);
    }
}

/* In a call it changes what is asked for; in a definition it is what real files carry anyway. */
static void say_not_simulated(const struct node *member, const struct grammar *grammar,
                              const struct grammar_member *known)
{
    struct reading *reading = member->document->reading;

    for (int i = 0; i < reading->n_said; i++)
        if (reading->said[i] == known)
            return;
    *ARRAY_ADD(reading, said) = known;
    if (grammar->says_unsimulated)
        node_key_finding(member, SEVERITY_WARNING,
                         "ECS has it, berth does not simulate it yet: no effect");
    else
        node_unsimulated(member, known->name);
}

static void check_member(const struct node *node, const struct grammar *grammar, const char *name)
{
    const struct grammar_member *known = grammar_member(grammar, name);
    struct node member = {.parent = node,
                          .document = node->document,
                          .value = json_object_get(node->value, name),
                          .key = name,
                          .ecs = grammar->ecs};

    if (!known && !grammar->ecs && strcmp(name, "note") == 0)
        return;
    if (!known)
        node_key_finding(&member, grammar->ecs ? SEVERITY_WARNING : SEVERITY_ERROR,
                         "unknown member of %s%s", grammar->name,
                         node_hint(grammar_nearest(grammar, name)));
    else if (grammar->ecs && json_is_null(member.value))
        node_warning(&member, "found null: taken as absent");
    else if (!known->about)
        say_not_simulated(&member, grammar, known);
    if (known && grammar->ecs && known->shape == SHAPE_TEXT)
        text_from_number(&member);
}

bool node_object(struct node *node, const struct grammar *grammar)
{
    const char **names;
    size_t n = 0;
    const char *name;
    json_t *value;

    if (!json_is_object(node->value)) {
        node_error(node, "found %s, wanted an object: %s", node_found(node), grammar->name);
        return false;
    }
    node->ecs = grammar->ecs;
    /* A member may be replaced on the way. */
    names = memory_zeroed(json_object_size(node->value), sizeof *names);
    json_object_foreach(node->value, name, value) names[n++] = name;
    for (size_t i = 0; i < n; i++)
        check_member(node, grammar, names[i]);
    free(names);
    for (const struct grammar_member *member = grammar->members; member->name; member++) {
        struct node child = node_member(node, member->name);

        if (member->required && !child.value)
            node_error(&child, "missing: %s", member->about);
    }
    return true;
}

size_t node_list(struct node *node)
{
    if (!node->value)
        return 0;
    if (json_is_array(node->value))
        return json_array_size(node->value);
    if (!node->ecs) {
        node_error(node, "found %s, wanted a list", node_found(node));
        return 0;
    }
    node_warning(node, "found %s where ECS takes a list: taken as a list of one", node_found(node));
    return 1;
}

/* Values */

bool node_text(const struct node *node, const char **out)
{
    if (!node->value)
        return false;
    if (!json_is_string(node->value)) {
        node_error(node, "found %s, wanted a text", node_found(node));
        return false;
    }
    *out = json_string_value(node->value);
    return true;
}

bool node_bool(const struct node *node, bool *out)
{
    const char *text = json_string_value(node->value);

    if (!node->value)
        return false;
    if (node->ecs && text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        node_warning(node, "found \"%s\"; ECS takes %s without quotes here", text, text);
        *out = strcmp(text, "true") == 0;
        return true;
    }
    if (!json_is_boolean(node->value)) {
        node_error(node, "found %s, wanted true or false", node_found(node));
        return false;
    }
    *out = json_is_true(node->value);
    return true;
}

bool node_decimal(const struct node *node, double minimum, double maximum, double *out)
{
    double value;

    if (!node->value)
        return false;
    value = json_number_value(node->value);
    if (!json_is_number(node->value) || value < minimum || value > maximum) {
        node_error(node, "found %s, wanted a number from %.15g to %.15g", node_found(node), minimum,
                   maximum);
        return false;
    }
    *out = value;
    return true;
}

/* A text where a number belongs: a quantity with a unit gets the number that ECS means. */
static bool number_in_text(const struct node *node, enum bare_unit unit, int64_t *value)
{
    const char *text = json_string_value(node->value);
    char *end;
    int64_t quantity;
    int32_t cpu;

    errno = 0;
    *value = strtoll(text, &end, 10);
    if (node->ecs && end != text && !*end && errno == 0 && !isspace((unsigned char)*text)) {
        node_warning(node, "found \"%s\"; ECS takes a number here: %lld", text, (long long)*value);
        return true;
    }
    if (unit == BARE_SECONDS && !units_duration(text, &quantity))
        node_error(node, "found \"%s\"; ECS takes seconds here: %lld", text,
                   (long long)((quantity + USEC_PER_SEC - 1) / USEC_PER_SEC));
    else if (unit == BARE_MIB && !units_size(text, &quantity))
        node_error(node, "found \"%s\"; ECS takes MiB here: %lld", text,
                   (long long)((quantity + (1 << 20) - 1) >> 20));
    else if (unit == BARE_CPU && !units_task_cpu(text, &cpu))
        node_error(node, "found \"%s\"; ECS takes CPU units here: %d", text, (int)cpu);
    else
        node_error(node, "found %s, wanted a whole number", node_found(node));
    return false;
}

/* What spreadsheets and templates make of 512: 512.0. */
static bool whole_in_decimal(const struct node *node, int64_t *value)
{
    double decimal = json_real_value(node->value);

    if (!node->ecs || !json_is_real(node->value) || decimal < -1e15 || decimal > 1e15 ||
        (double)(int64_t)decimal != decimal)
        return false;
    *value = (int64_t)decimal;
    node_warning(node, "found a decimal; ECS takes a whole number here: %lld", (long long)*value);
    return true;
}

bool node_number(const struct node *node, int64_t minimum, int64_t maximum, enum bare_unit unit,
                 int64_t *out)
{
    int64_t value;

    if (!node->value)
        return false;
    if (json_is_string(node->value)) {
        if (!number_in_text(node, unit, &value))
            return false;
    } else if (json_is_integer(node->value)) {
        value = json_integer_value(node->value);
    } else if (!whole_in_decimal(node, &value)) {
        node_error(node, "found %s, wanted a whole number", node_found(node));
        return false;
    }
    if (value < minimum || value > maximum) {
        node_error(node, "found %lld, wanted a whole number from %lld to %lld", (long long)value,
                   (long long)minimum, (long long)maximum);
        return false;
    }
    *out = value;
    return true;
}

bool node_int(const struct node *node, int32_t minimum, int32_t maximum, enum bare_unit unit,
              int32_t *out)
{
    int64_t value;

    if (!node_number(node, minimum, maximum, unit, &value))
        return false;
    *out = (int32_t)value;
    return true;
}

/* A text that `read` understands. */
static bool node_quantity(const struct node *node, const char *wanted,
                          const char *(*read)(const char *, int64_t *), int64_t *out)
{
    const char *wrong;

    if (!node->value)
        return false;
    if (!json_is_string(node->value)) {
        node_error(node, "found %s, wanted %s", node_found(node), wanted);
        return false;
    }
    wrong = read(json_string_value(node->value), out);
    if (wrong)
        node_error(node, "%s %s", node_found(node), wrong);
    return !wrong;
}

bool node_duration(const struct node *node, int64_t *usec)
{
    return node_quantity(node, "a duration such as \"90s\" or \"300ms\"", units_duration, usec);
}

bool node_duration_or(const struct node *node, const char *word, int64_t meaning, int64_t *usec)
{
    const char *text = json_string_value(node->value);

    if (text && strcmp(text, word) == 0) {
        *usec = meaning;
        return true;
    }
    if (text && isalpha((unsigned char)*text)) {
        node_error(node, "found %s, wanted a duration or \"%s\"", node_found(node), word);
        return false;
    }
    return node_duration(node, usec);
}

bool node_size(const struct node *node, int64_t *bytes)
{
    return node_quantity(node, "a size such as \"512MiB\"", units_size, bytes);
}

bool node_id(const struct node *node, char letter, int32_t *out)
{
    const char *text, *wrong;

    if (!node_text(node, &text))
        return false;
    wrong = units_id(text, letter, out);
    if (wrong)
        node_error(node, "%s %s", node_found(node), wrong);
    return !wrong;
}

/* TCP is plain, though ECS takes it for no protocol. */
static bool other_case(const struct node *node, const char *text, const char *const *names,
                       int *out)
{
    for (int i = 0; node->ecs && names[i]; i++) {
        if (strcasecmp(names[i], text) == 0) {
            node_warning(node, "found \"%s\"; ECS takes %s here", text, names[i]);
            *out = i;
            return true;
        }
    }
    return false;
}

bool node_choice(const struct node *node, const char *const *names, int *out)
{
    const char *text;
    char list[200] = "";

    if (!node_text(node, &text))
        return false;
    for (int i = 0; names[i]; i++) {
        size_t used = strlen(list);

        if (strcmp(names[i], text) == 0) {
            *out = i;
            return true;
        }
        if (used < sizeof list - 30)
            snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        else if (strcmp(list + used - 3, "...") != 0)
            snprintf(list + used, sizeof list - used, ", ...");
    }
    if (other_case(node, text, names, out))
        return true;
    node_error(node, "found %s, wanted %s%s%s", node_found(node), names[1] ? "one of " : "", list,
               node_hint(names[1] ? nearest_of(text, names) : NULL));
    return false;
}
