/*
 * Documents, nodes, findings: the machinery under every reader of JSON.
 */
#include "file/json_read.h"

#include "core/array.h"
#include "file/json_set.h"
#include "file/nearest.h"
#include "file/units.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Comparing a word with ten thousand names takes a while: the first few are worth it. */
#define SUGGESTIONS_MAX 100

/* Larger files are not scenarios; offsets and counts stay far from any limit. */
#define DOCUMENT_BYTES_MAX (INT64_C(1) << 30)

char *text_copy(const char *text)
{
    char *copy = strdup(text);

    assert(copy != NULL);
    return copy;
}

void *zeroed(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);

    assert(memory != NULL);
    return memory;
}

/* Texts handed out for use in one message. */
static char *passing_text(void)
{
    static char texts[8][160];
    static int next;

    next = (next + 1) % 8;
    return texts[next];
}

static char *print_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print_text(const char *format, ...)
{
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    assert(length >= 0);
    return text;
}

/* Findings */

/* One line whatever the user's names and texts contain. */
static void clean_line(char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}

static void add_finding(struct reading *reading, bool is_error, int document,
                        struct position position, char *text)
{
    struct finding *finding = ARRAY_ADD(reading->findings, list);

    clean_line(text);
    *finding = (struct finding){.is_error = is_error,
                                .text = text,
                                .document = document,
                                .line = position.line,
                                .column = position.column,
                                .number = reading->findings->n_list};
    reading->findings->n_errors += is_error;
}

void reading_error(struct reading *reading, const char *name, const char *path, const char *format,
                   ...)
{
    char what[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    add_finding(reading, true, 0, (struct position){1, 1},
                print_text("%s:1:1: error: %s: %s", name, path, what));
}

int reading_errors(const struct reading *reading)
{
    return reading->findings->n_errors - reading->first_error;
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->document != y->document)
        return x->document - y->document;
    if (x->line != y->line)
        return x->line - y->line;
    if (x->column != y->column)
        return x->column - y->column;
    return x->number - y->number;
}

void reading_finish(struct reading *reading)
{
    struct findings *findings = reading->findings;

    if (findings->n_list > reading->first_finding)
        qsort(findings->list + reading->first_finding,
              (size_t)(findings->n_list - reading->first_finding), sizeof *findings->list,
              compare_findings);
    free(reading->said);
}

void findings_finish(struct findings *findings)
{
    for (int i = 0; i < findings->n_list; i++)
        free(findings->list[i].text);
    free(findings->list);
    *findings = (struct findings){0};
}

/* Documents */

static bool read_whole(FILE *file, char **text, size_t *length)
{
    size_t capacity = 0, n;

    *text = NULL;
    *length = 0;
    do {
        if (*length + 1 >= capacity) {
            capacity = capacity ? capacity * 2 : 65536;
            *text = realloc(*text, capacity);
            assert(*text != NULL);
        }
        n = fread(*text + *length, 1, capacity - *length - 1, file);
        *length += n;
    } while (n > 0 && *length <= DOCUMENT_BYTES_MAX);
    (*text)[*length] = '\0';
    return !ferror(file);
}

/* Windows editors begin files with a mark that JSON does not have. */
static void drop_byte_order_mark(struct document *document)
{
    if (document->length < 3 || memcmp(document->text, "\xef\xbb\xbf", 3) != 0)
        return;
    document->length -= 3;
    memmove(document->text, document->text + 3, document->length + 1);
}

static bool parse_json(struct document *document)
{
    json_error_t error;
    int column;

    drop_byte_order_mark(document);
    document->number = document->reading->n_documents++;
    document->root = json_loadb(document->text, document->length, JSON_REJECT_DUPLICATES, &error);
    if (document->root)
        return true;
    column = error.column > 0 ? error.column : 1;
    add_finding(
        document->reading, true, document->number, (struct position){error.line, column},
        print_text("%s:%d:%d: error: JSON: %s", document->name, error.line, column, error.text));
    return false;
}

bool document_open(struct document *document, struct reading *reading, const char *path,
                   struct err *err)
{
    FILE *file = fopen(path, "rbe");
    bool fine;

    *document = (struct document){.reading = reading, .name = text_copy(path)};
    if (!file)
        return err_set(err, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    fine = read_whole(file, &document->text, &document->length);
    if (!fine)
        err_set(err, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    else if (document->length > DOCUMENT_BYTES_MAX)
        fine = err_set(err, EXIT_INPUT, "cannot read %s: it is larger than 1 GiB", path);
    fclose(file);
    if (!fine)
        return false;
    if (!parse_json(document))
        return err_set(err, EXIT_INPUT, "%s is not JSON", path);
    return true;
}

bool document_parse(struct document *document, struct reading *reading, const char *name,
                    const char *text, size_t length)
{
    *document = (struct document){.reading = reading, .name = text_copy(name), .length = length};
    document->text = zeroed(length + 1, 1);
    memcpy(document->text, text, length);
    return parse_json(document);
}

void document_finish(struct document *document)
{
    positions_destroy(document->positions);
    json_decref(document->root);
    free(document->text);
    free(document->name);
    *document = (struct document){0};
}

/* Nodes */

struct node node_root(struct document *document)
{
    return (struct node){.document = document, .value = document->root};
}

struct node node_member(const struct node *object, const char *name)
{
    json_t *value = json_object_get(object->value, name);

    if (object->ecs && json_is_null(value))
        value = NULL;
    return (struct node){.parent = object,
                         .document = object->document,
                         .value = value,
                         .key = name,
                         .ecs = object->ecs};
}

struct node node_item(const struct node *list, size_t index)
{
    /* A single value that stands where a list belongs is its own only item. */
    if (!json_is_array(list->value))
        return *list;
    return (struct node){.parent = list,
                         .document = list->document,
                         .value = json_array_get(list->value, index),
                         .index = (int)index,
                         .ecs = list->ecs};
}

/* The place of the node, or of the nearest thing around it that the text has. */
static int node_place(const struct node *node, bool *exact)
{
    struct positions *positions = node->document->positions;
    int parent, place;

    if (!node->parent)
        return 0;
    parent = node_place(node->parent, exact);
    if (!*exact)
        return parent;
    place = node->key ? positions_member(positions, parent, node->key)
                      : positions_item(positions, parent, node->index);
    *exact = place >= 0;
    return *exact ? place : parent;
}

static struct position node_position(const struct node *node, bool of_key)
{
    struct document *document = node->document;
    bool exact = true;
    int place;

    if (!document->positions)
        document->positions = positions_scan(document->text, document->length);
    place = node_place(node, &exact);
    return of_key && exact ? positions_key(document->positions, place)
                           : positions_value(document->positions, place);
}

int node_line(const struct node *node)
{
    return node_position(node, false).line;
}

static void write_path(FILE *out, const struct node *node)
{
    if (!node->parent)
        return;
    write_path(out, node->parent);
    if (!node->key)
        fprintf(out, "[%d]", node->index);
    else
        fprintf(out, "%s%s", node->parent->parent ? "." : "", node->key);
}

static const char *set_by(const struct node *node)
{
    const struct reading *reading = node->document->reading;

    for (; node->parent; node = node->parent)
        for (int i = 0; i < reading->n_overlays; i++) {
            const struct overlay *overlay = &reading->overlays[i];

            if (overlay->parent == node->parent->value &&
                (node->key ? overlay->key && strcmp(overlay->key, node->key) == 0
                           : !overlay->key && overlay->index == node->index))
                return overlay->text;
        }
    return NULL;
}

static void add_node_finding(const struct node *node, bool is_error, bool of_key,
                             const char *format, va_list args)
{
    struct position position = node_position(node, of_key);
    const char *set = set_by(node);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int closed;

    assert(out != NULL);
    fprintf(out, "%s:%d:%d: %s: ", node->document->name, position.line, position.column,
            is_error ? "error" : "warning");
    if (node->parent)
        write_path(out, node);
    else
        fputs("top level", out);
    fputs(": ", out);
    vfprintf(out, format, args);
    if (set)
        fprintf(out, " (from --set %s)", set);
    closed = fclose(out);
    assert(closed == 0);
    add_finding(node->document->reading, is_error, node->document->number, position, text);
}

void node_error(const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, true, false, format, args);
    va_end(args);
}

void node_warning(const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, false, false, format, args);
    va_end(args);
}

/* About a member's name rather than its value. */
static void key_finding(const struct node *node, bool is_error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, is_error, true, format, args);
    va_end(args);
}

const char *node_found(const struct node *node)
{
    char *text = passing_text();
    const json_t *value = node->value;

    if (json_is_string(value)) {
        const char *string = json_string_value(value);

        snprintf(text, 160, strlen(string) > 60 ? "\"%.57s...\"" : "\"%s\"", string);
    } else if (json_is_integer(value)) {
        snprintf(text, 160, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(text, 160, "%.15g", json_real_value(value));
    } else {
        snprintf(text, 160, "%s",
                 json_is_object(value)  ? "an object"
                 : json_is_array(value) ? "a list"
                 : json_is_true(value)  ? "true"
                 : json_is_false(value) ? "false"
                                        : "null");
    }
    return text;
}

const char *did_you_mean(const char *nearest)
{
    char *text = passing_text();

    if (!nearest)
        return "";
    snprintf(text, 160, " (did you mean %.120s?)", nearest);
    return text;
}

const char *did_you_mean_one(struct reading *reading, const char *word, const struct names *names,
                             int first)
{
    if (++reading->n_suggestions > SUGGESTIONS_MAX || first >= names->n_texts)
        return "";
    return did_you_mean(
        nearest_name(word, (const char *const *)names->texts + first, names->n_texts - first));
}

/* Objects and lists */

/* Real files carry numbers and truth values where the API takes texts. */
static void text_from_number(struct node *member)
{
    char text[64];

    if (json_is_integer(member->value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(member->value));
    else if (json_is_real(member->value))
        snprintf(text, sizeof text, "%.15g", json_real_value(member->value));
    else if (json_is_boolean(member->value))
        snprintf(text, sizeof text, "%s", json_is_true(member->value) ? "true" : "false");
    else
        return;
    /* --set cpu=256 has no way to say that it means a text */
    if (!set_by(member))
        node_warning(member, "found %s; ECS takes a text here: \"%s\"", node_found(member), text);
    json_object_set_new(member->parent->value, member->key, json_string(text));
}

static void say_not_simulated(const struct node *member, const struct grammar_member *known)
{
    struct reading *reading = member->document->reading;

    for (int i = 0; i < reading->n_said; i++)
        if (reading->said[i] == known)
            return;
    *ARRAY_ADD(reading, said) = known;
    key_finding(member, false, "ECS has it, berth does not simulate it yet: no effect");
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
        key_finding(&member, !grammar->ecs, "unknown member of %s%s", grammar->name,
                    did_you_mean(grammar_nearest(grammar, name)));
    else if (grammar->ecs && json_is_null(member.value))
        node_warning(&member, "found null: taken as absent");
    else if (!known->about && grammar->says_unsimulated)
        say_not_simulated(&member, known);
    else if (grammar->ecs && known->shape == SHAPE_TEXT)
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
    names = zeroed(json_object_size(node->value), sizeof *names);
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
    } else {
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

/* Two durations by name, `low` not above `high`. */
static bool two_durations(struct node *node, const struct grammar *grammar, const char *low,
                          const char *high, struct distribution *out)
{
    struct node a, b;

    if (!node_object(node, grammar))
        return false;
    a = node_member(node, low);
    b = node_member(node, high);
    if (!node_duration(&a, &out->a_usec) || !node_duration(&b, &out->b_usec))
        return false;
    if (out->a_usec <= out->b_usec)
        return true;
    node_error(&b, "%s is less than %s, %s", node_found(&b), low, node_found(&a));
    return false;
}

static bool read_lognormal(struct node *node, struct distribution *out)
{
    struct node median;

    if (!two_durations(node, &lognormal_grammar, "median", "p99", out))
        return false;
    out->kind = DISTRIBUTION_LOGNORMAL;
    if (out->a_usec > 0)
        return true;
    median = node_member(node, "median");
    node_error(&median, "a lognormal distribution's median is more than 0");
    return false;
}

/* One kind is given, not two. */
static bool one_kind(const struct node *node)
{
    int n = 0;

    for (const struct grammar_member *kind = distribution_grammar.members; kind->name; kind++)
        n += json_object_get(node->value, kind->name) != NULL;
    if (n != 1)
        node_error(node, "wanted exactly one of lognormal, uniform, exponential, constant");
    return n == 1;
}

bool node_distribution(const struct node *given, struct distribution *out)
{
    struct node node = *given, child;
    struct distribution read = {.kind = DISTRIBUTION_CONSTANT};
    bool fine = false;

    if (!node.value)
        return false;
    if (!json_is_object(node.value)) {
        fine = node_duration(&node, &read.a_usec);
    } else if (!node_object(&node, &distribution_grammar) || !one_kind(&node)) {
        return false;
    } else if ((child = node_member(&node, "lognormal")).value) {
        fine = read_lognormal(&child, &read);
    } else if ((child = node_member(&node, "uniform")).value) {
        read.kind = DISTRIBUTION_UNIFORM;
        fine = two_durations(&child, &uniform_grammar, "min", "max", &read);
    } else if ((child = node_member(&node, "exponential")).value) {
        struct node mean;

        read.kind = DISTRIBUTION_EXPONENTIAL;
        if (node_object(&child, &exponential_grammar)) {
            mean = node_member(&child, "mean");
            fine = node_duration(&mean, &read.a_usec);
        }
    } else {
        child = node_member(&node, "constant");
        fine = node_duration(&child, &read.a_usec);
    }
    if (fine)
        *out = read;
    return fine;
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
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    node_error(node, "found %s, wanted %s%s%s", node_found(node), names[1] ? "one of " : "", list,
               did_you_mean(names[1] ? nearest_of(text, names) : NULL));
    return false;
}
