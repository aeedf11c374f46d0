/*
 * The second scan finds each value and each name where it stands in the text.
 */
#include "file/position.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static void at(struct position found, int line, int column)
{
    cr_assert(found.line == line && found.column == column, "%d:%d, wanted %d:%d", found.line,
              found.column, line, column);
}

Test(position, members_and_items)
{
    static const char text[] = "{\n"
                               "  \"a\": [1, {\"b\" : true}, \"x\\\"y\"],\n"
                               "\t\"\xc3\xa4\xe2\x82\xac\": \"\xf0\x9f\x9a\xa2\", \"c\": null\n"
                               "}\n";
    struct positions *positions = positions_scan(text, strlen(text));
    int a = positions_member(positions, 0, "a");

    at(positions_value(positions, 0), 1, 1);
    at(positions_key(positions, a), 2, 3);
    at(positions_value(positions, a), 2, 8);
    at(positions_value(positions, positions_item(positions, a, 0)), 2, 9);
    at(positions_value(positions, positions_item(positions, a, 2)), 2, 26);
    at(positions_value(positions,
                       positions_member(positions, positions_item(positions, a, 1), "b")),
       2, 19);
    cr_assert(positions_item(positions, a, 3) == -1);
    /* columns are characters, not bytes */
    at(positions_key(positions, positions_member(positions, 0, "\xc3\xa4\xe2\x82\xac")), 3, 2);
    at(positions_key(positions, positions_member(positions, 0, "c")), 3, 13);
    cr_assert(positions_member(positions, 0, "b") == -1);
    positions_destroy(positions);
}

Test(position, names_written_with_escapes)
{
    static const char text[] = "{\"\\u0061\\\"\": 1, \"a\": 2}";
    struct positions *positions = positions_scan(text, strlen(text));

    at(positions_value(positions, positions_member(positions, 0, "a\"")), 1, 14);
    at(positions_value(positions, positions_member(positions, 0, "a")), 1, 22);
    positions_destroy(positions);
}

/* Whatever jansson reads has a place for each of its values. */
static void compare(const struct positions *positions, int place, const json_t *value)
{
    const char *name;
    json_t *child;
    size_t i;

    cr_assert(place >= 0);
    json_object_foreach((json_t *)value, name, child)
        compare(positions, positions_member(positions, place, name), child);
    json_array_foreach(value, i, child)
        compare(positions, positions_item((struct positions *)positions, place, (int)i), child);
}

Test(position, every_value_has_a_place)
{
    static const char *const texts[] = {
        "[]",
        "{}",
        " [ ] ",
        "[[],{},[[[{}]]]]",
        "{\"\":{\"\":[0,-1.5e+3]}}",
        "[\"]\",\"}\",\"\\\\\",\"\\\"\",{\"]\":\"[\"}]",
        "\r\n[1\r\n,2\t]",
        "[1.0,true,false,null]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *value = json_loads(texts[i], 0, NULL);
        struct positions *positions = positions_scan(texts[i], strlen(texts[i]));

        cr_assert(value != NULL, "%s", texts[i]);
        compare(positions, 0, value);
        positions_destroy(positions);
        json_decref(value);
    }
}
