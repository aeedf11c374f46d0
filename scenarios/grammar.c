/*
 * Prints the grammar of scenarios from the reader's own tables: the page for people (GRAMMAR.md)
 * and the JSON schema for editors (schema/scenario.schema.json). With a file's name it checks that the file
 * says just that. Knows nothing that the tables do not.
 */
#include "file/grammar.h"
#include "core/query.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_PATTERN "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(us|ms|s|m|min|h|d)$"
#define RATE_PATTERN "^([0-9]+\\.?[0-9]*|\\.[0-9]+) */ *(us|ms|s|m|min|h|d)$"
#define SIZE_PATTERN "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"

static const char introduction[] =
    "# The grammar of scenarios\n"
    "\n"
    "Made from the reader's tables by `ninja grammar`; a test keeps it true. `first.json` is a\n"
    "scenario to begin with, `schema/scenario.schema.json` gives editors the same rules.\n"
    "\n"
    "- A *duration* is a text with a unit: `\"300ms\"`, `\"90s\"`, `\"1.5m\"`, `\"2h\"`.\n"
    "- A *size* likewise: `\"512MiB\"`, `\"1GiB\"`, `\"40MB\"`.\n"
    "- A *distribution* is a duration or an object such as\n"
    "  `{\"lognormal\": {\"median\": \"18s\", \"p99\": \"40s\"}}`.\n"
    "- Tasks are named `\"t1\"`, `\"t2\"`, ... and instances `\"i1\"`, `\"i2\"`, ... in the order "
    "in "
    "which the\n"
    "  cluster accepts them.\n"
    "- `note` may stand in every object of berth's own part and may hold anything.\n"
    "- What ECS defines is written as its API takes it. There, an unknown member is a warning; in\n"
    "  berth's own part it is an error.\n"
    "- A file that holds just a task definition is a scenario too: `berth sim web.json --count 10\n"
    "  --instances 4xm5.large`.\n";

/* "a task definition" -> "task definition" */
static const char *bare_name(const struct grammar *grammar)
{
    const char *space = strchr(grammar->name, ' ');

    return space && space - grammar->name < 3 ? space + 1 : grammar->name;
}

/* "a task definition" -> "task-definition": for links and references. */
static const char *slug(const struct grammar *grammar)
{
    static char texts[4][80];
    static int next;
    char *text = texts[next = (next + 1) % 4];

    snprintf(text, sizeof texts[0], "%s", bare_name(grammar));
    for (char *at = text; *at; at++)
        *at = *at == ' ' ? '-' : (char)tolower((unsigned char)*at);
    return text;
}

/* The page */

static void print_link(FILE *out, const struct grammar *grammar, const char *before)
{
    fprintf(out, "%s[%s](#%s)", before, grammar->name, slug(grammar));
}

static void print_choice(FILE *out, const char *const *values)
{
    for (int i = 0; values[i]; i++)
        fprintf(out, "%s`\"%s\"`", i ? ", " : "", values[i]);
}

static void print_shape(FILE *out, const struct grammar_member *member)
{
    static const char *const words[] = {
        [SHAPE_ANY] = "anything",
        [SHAPE_TEXT] = "text",
        [SHAPE_NUMBER] = "whole number",
        [SHAPE_DECIMAL] = "number",
        [SHAPE_BOOL] = "true or false",
        [SHAPE_DURATION] = "duration",
        [SHAPE_SIZE] = "size",
        [SHAPE_DISTRIBUTION] = "[distribution](#distribution)",
        [SHAPE_TASK] = "task",
        [SHAPE_INSTANCE] = "instance",
        [SHAPE_TEXT_MAP] = "names and texts or null",
        [SHAPE_IDLE] = "duration or `\"forever\"`",
        [SHAPE_MOMENT] = "duration or `\"end\"`",
        [SHAPE_NUMBER_ANY] = "whole number or `\"any\"`",
        [SHAPE_SIZE_ANY] = "size or `\"any\"`",
        [SHAPE_SAMPLES] = "list of durations, or a file's name",
        [SHAPE_REQUEST_RATE] = "rate",
    };

    switch (member->shape) {
    case SHAPE_CHOICE:
        print_choice(out, member->values);
        fputs(member->open ? ", or another text" : "", out);
        break;
    case SHAPE_OBJECT:
        print_link(out, member->of, "");
        break;
    case SHAPE_LIST:
        if (member->of)
            print_link(out, member->of, "list, each ");
        else
            fprintf(out, "list of %s",
                    member->items == SHAPE_NUMBER     ? "whole numbers"
                    : member->items == SHAPE_TASK     ? "tasks"
                    : member->items == SHAPE_INSTANCE ? "instances"
                                                      : "texts");
        break;
    case SHAPE_MAP:
        print_link(out, member->of, "names, each with ");
        break;
    case SHAPE_INSTANCES:
        print_link(out, member->of, "`\"2xbox\"`, or a list of such texts or each ");
        break;
    case SHAPE_FILES:
        print_link(out, member->of, "list, each a file's name or ");
        break;
    case SHAPE_PROFILE:
        print_choice(out, member->values);
        print_link(out, member->of, ", or ");
        break;
    case SHAPE_RATE_STEPS:
        print_link(out, member->of, "a file's name, or list, each ");
        break;
    case SHAPE_STEP:
        print_link(out, member->of, "[distribution](#distribution), or ");
        break;
    default:
        fputs(words[member->shape], out);
    }
}

static void print_passed_over(FILE *out, const struct grammar *grammar)
{
    const char *before = "\nAccepted, without effect yet: ";

    for (const struct grammar_member *member = grammar->members; member->name; member++)
        if (!member->about) {
            fprintf(out, "%s`%s`", before, member->name);
            before = ", ";
        }
    if (*before == ',')
        fputs(".\n", out);
}

static void print_section(FILE *out, const struct grammar *grammar)
{
    const char *name = bare_name(grammar);

    fprintf(out, "\n## %c%s\n\n", toupper((unsigned char)name[0]), name + 1);
    if (grammar->about)
        fprintf(out, "%s\n\n", grammar->about);
    fputs("| member | value | meaning |\n|---|---|---|\n", out);
    for (const struct grammar_member *member = grammar->members; member->name; member++) {
        if (!member->about)
            continue;
        fprintf(out, "| `%s`%s | ", member->name, member->required ? " (required)" : "");
        print_shape(out, member);
        fprintf(out, " | %s |\n", member->about);
    }
    print_passed_over(out, grammar);
}

static const char language[] =
    "\n## Cluster query language\n"
    "\n"
    "What the expression of a memberOf constraint says: `subject operator [argument]`, joined by\n"
    "`and` (`&&`), `or` (`||`) and `not` (`!`), such as\n"
    "`attribute:ecs.instance-type =~ m5.* and not(task:group == service:db)`. Capital and small\n"
    "letters are different ones, everywhere.\n"
    "\n"
    "- `and` binds tighter than `or`; parentheses go around whole expressions.\n"
    "- The operators' other spellings: `equals`, `not_equals`, `greater_than`, "
    "`greater_than_equal`,\n"
    "  `less_than`, `less_than_equal`, `not_exists`, `not_in`, `matches`, `not_matches`.\n"
    "- What has blanks, parentheses or an operator's signs in it stands in quotes, `'` or `\"`;\n"
    "  `in` and `!in` take a list, `[a, 'b c']`; `exists` and `!exists` take no argument.\n"
    "- `=~` and `!~` take a regular expression of Java's, which describes the whole value. One "
    "that\n"
    "  takes too many steps selects nothing.\n"
    "- What an instance does not have matches no comparison, `!=` neither: `attribute:rack != r1`\n"
    "  are those with another rack, `not(attribute:rack == r1)` also those without any.\n"
    "\n"
    "| subject | operators | what it is |\n|---|---|---|\n";

/* In the order of the language's own table. */
static const char *const about_subjects[] = {
    "an attribute of the instance, its own or of ECS (`ecs.availability-zone`, "
    "`ecs.instance-type`, `ecs.os-type`, `ecs.os-family`, `ecs.cpu-architecture`); ordered by "
    "number, else by version (5.9.1 before 5.10), else letter by letter",
    "true or false",
    "a dotted version; all agents have " QUERY_AGENT_VERSION,
    "i1, i2, ...",
    "a date: 2018-06-18, 2018-06-18T22:28:28, with Z or +00:00 behind it; without one it is UTC",
    "how many tasks there are meant to run",
    "the group of each task there: one is enough, so that != asks for a task of another group",
};

static void print_language(FILE *out)
{
    const char *subjects[QUERY_WORDS_MAX], *operators[QUERY_WORDS_MAX];
    int n = query_words(QUERY_WANTED_SUBJECT, subjects);

    fputs(language, out);
    for (int s = 0; s < n && s < (int)(sizeof about_subjects / sizeof *about_subjects); s++) {
        int n_operators = query_operators(subjects[s], operators);

        fprintf(out, "| `%s%s` |", subjects[s], s == 0 ? "NAME" : "");
        for (int i = 0; i < n_operators; i++)
            fprintf(out, " `%s`", operators[i]);
        fprintf(out, " | %s |\n", about_subjects[s]);
    }
}

static void print_page(FILE *out)
{
    fputs(introduction, out);
    for (int i = 0; grammars[i]; i++)
        print_section(out, grammars[i]);
    print_language(out);
}

/* The schema */

static json_t *reference(const char *name)
{
    return json_pack("{s:s+}", "$ref", "#/definitions/", name);
}

static json_t *either(json_t *a, json_t *b)
{
    return json_pack("{s:[o,o]}", "anyOf", a, b);
}

static json_t *of_type(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

static json_t *pattern(const char *text)
{
    return json_pack("{s:s,s:s}", "type", "string", "pattern", text);
}

static json_t *constant(const char *text)
{
    return json_pack("{s:s}", "const", text);
}

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s,s:o}", "type", "array", "items", items);
}

static json_t *map_of(json_t *values)
{
    return json_pack("{s:s,s:{s:{}},s:o}", "type", "object", "properties", "note",
                     "additionalProperties", values);
}

static json_t *choice_schema(const char *const *values)
{
    json_t *list = json_array();

    for (int i = 0; values[i]; i++)
        json_array_append_new(list, json_string(values[i]));
    return json_pack("{s:o}", "enum", list);
}

static json_t *shape_schema(const struct grammar_member *member);

static json_t *list_item_schema(const struct grammar_member *list)
{
    const struct grammar_member item = {
        .shape = list->values  ? SHAPE_CHOICE
                 : list->items ? list->items
                               : SHAPE_TEXT,
        .values = list->values,
    };

    return list->of ? reference(slug(list->of)) : shape_schema(&item);
}

static json_t *shape_schema(const struct grammar_member *member)
{
    switch (member->shape) {
    case SHAPE_ANY:
        break;
    case SHAPE_TEXT:
        return of_type("string");
    case SHAPE_NUMBER:
        return of_type("integer");
    case SHAPE_DECIMAL:
        return of_type("number");
    case SHAPE_BOOL:
        return of_type("boolean");
    case SHAPE_DURATION:
        return reference("duration");
    case SHAPE_SIZE:
        return reference("size");
    case SHAPE_DISTRIBUTION:
        return either(reference("duration"), reference("distribution"));
    case SHAPE_TASK:
        return pattern("^t[1-9][0-9]*$");
    case SHAPE_INSTANCE:
        return pattern("^i[1-9][0-9]*$");
    case SHAPE_CHOICE:
        return member->open ? either(choice_schema(member->values), of_type("string"))
                            : choice_schema(member->values);
    case SHAPE_OBJECT:
        return reference(slug(member->of));
    case SHAPE_LIST:
        return list_of(list_item_schema(member));
    case SHAPE_MAP:
        return map_of(reference(slug(member->of)));
    case SHAPE_TEXT_MAP:
        return map_of(json_pack("{s:[s,s]}", "type", "string", "null"));
    case SHAPE_INSTANCES:
        return either(of_type("string"),
                      list_of(either(of_type("string"), reference(slug(member->of)))));
    case SHAPE_FILES:
        return list_of(either(of_type("string"), reference(slug(member->of))));
    case SHAPE_IDLE:
        return either(constant("forever"), reference("duration"));
    case SHAPE_MOMENT:
        return either(constant("end"), reference("duration"));
    case SHAPE_NUMBER_ANY:
        return either(constant("any"), of_type("integer"));
    case SHAPE_PROFILE:
        return either(choice_schema(member->values), reference(slug(member->of)));
    case SHAPE_STEP:
        return either(either(reference("duration"), reference("distribution")),
                      reference(slug(member->of)));
    case SHAPE_SIZE_ANY:
        return either(constant("any"), reference("size"));
    case SHAPE_SAMPLES:
        return either(of_type("string"), list_of(reference("duration")));
    case SHAPE_REQUEST_RATE:
        return reference("rate");
    case SHAPE_RATE_STEPS:
        return either(of_type("string"), list_of(reference(slug(member->of))));
    }
    return json_object();
}

static json_t *object_schema(const struct grammar *grammar)
{
    json_t *properties = json_object(), *required = json_array();
    json_t *schema = json_pack("{s:s,s:o}", "type", "object", "properties", properties);

    for (const struct grammar_member *member = grammar->members; member->name; member++) {
        json_t *value = shape_schema(member);

        if (member->about)
            json_object_set_new(value, "description", json_string(member->about));
        json_object_set_new(properties, member->name, value);
        if (member->required)
            json_array_append_new(required, json_string(member->name));
    }
    if (grammar->about)
        json_object_set_new(schema, "description", json_string(grammar->about));
    if (json_array_size(required))
        json_object_set_new(schema, "required", required);
    else
        json_decref(required);
    if (!grammar->ecs) {
        json_object_set_new(properties, "note", json_object());
        json_object_set_new(schema, "additionalProperties", json_false());
    }
    return schema;
}

static void print_schema(FILE *out)
{
    json_t *definitions = json_pack("{s:o,s:o,s:o}", "duration", pattern(DURATION_PATTERN), "size",
                                    pattern(SIZE_PATTERN), "rate", pattern(RATE_PATTERN));
    json_t *schema = json_pack(
        "{s:s,s:s,s:s,s:o}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
        "A scenario of berth", "$ref", "#/definitions/scenario", "definitions", definitions);

    for (int i = 0; grammars[i]; i++)
        json_object_set_new(definitions, slug(grammars[i]), object_schema(grammars[i]));
    json_dumpf(schema, out, JSON_INDENT(1));
    fputc('\n', out);
    json_decref(schema);
}

/* Whether the file holds just that text. */
static bool same_as(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "re");
    size_t i = 0;
    int c;

    if (!file)
        return false;
    while ((c = fgetc(file)) != EOF && i < length && c == (unsigned char)text[i])
        i++;
    fclose(file);
    return c == EOF && i == length;
}

int main(int argc, char **argv)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    int status = 0;

    if (!out || argc < 2 || (strcmp(argv[1], "page") != 0 && strcmp(argv[1], "schema") != 0)) {
        fputs("usage: grammar page|schema [FILE-TO-CHECK]\n", stderr);
        return 2;
    }
    (strcmp(argv[1], "page") == 0 ? print_page : print_schema)(out);
    fclose(out);
    if (argc == 2) {
        fputs(text, stdout);
    } else if (!same_as(argv[2], text, length)) {
        fprintf(stderr, "%s is out of date: run 'ninja grammar'\n", argv[2]);
        status = 1;
    }
    free(text);
    return status;
}
