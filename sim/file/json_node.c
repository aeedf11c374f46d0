/*
 * Documents, nodes, findings: the machinery under every reader of JSON.
 */
#include "file/json_node.h"

#include "core/array.h"
#include "file/json_set.h"
#include "file/nearest.h"
#include "file/quote.h"

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

const char *const severity_names[] = {"error", "warning", "note", NULL};

static void add_finding(struct reading *reading, enum severity severity, int document,
                        struct position position, char *text)
{
    struct finding *finding = ARRAY_ADD(reading->findings, list);

    clean_line(text);
    *finding = (struct finding){.severity = severity,
                                .text = text,
                                .document = document,
                                .line = position.line,
                                .column = position.column,
                                .number = reading->findings->n_list};
    reading->findings->n_errors += severity == SEVERITY_ERROR;
}

void reading_error(struct reading *reading, const char *name, const char *path, const char *format,
                   ...)
{
    char what[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    add_finding(reading, SEVERITY_ERROR, 0, (struct position){1, 1},
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
    free(reading->unsimulated);
}

void findings_finish(struct findings *findings)
{
    for (int i = 0; i < findings->n_list; i++) {
        free(findings->list[i].text);
        free(findings->list[i].shown);
    }
    free(findings->list);
    *findings = (struct findings){0};
}

void findings_print_one(const struct finding *finding, FILE *out)
{
    fprintf(out, "%s\n", finding->shown ? finding->shown : finding->text);
}

void findings_print(const struct findings *findings, FILE *out)
{
    for (int i = 0; i < findings->n_list; i++)
        findings_print_one(&findings->list[i], out);
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

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* What the whole text is in place of one JSON value; NULL where it may be one. */
static const char *hint_of(const struct document *document)
{
    const char *text = document->text;

    if (text[strspn(text, " \t\r\n")] == '\0' && strlen(text) == document->length)
        return " (there is nothing in it)";
    if (document->length > 1 &&
        (!text[0] != !text[1] || begins(text, "\xff\xfe") || begins(text, "\xfe\xff")))
        return " (UTF-16? save it as UTF-8)";
    if (begins(text, "{\"berth\":\"run/"))
        return " (this is the log of a run)";
    return NULL;
}

/* A comma before what closes a list or an object, which other languages allow. */
static bool follows_comma(const char *text, const char *closing)
{
    if (*closing != ']' && *closing != '}')
        return false;
    while (closing > text && strchr(" \t\r\n", closing[-1]))
        closing--;
    return closing > text && closing[-1] == ',';
}

/* What often stands where JSON does not go on, at or just before the place where that was noticed. */
static const char *hint_at(const struct document *document, const json_error_t *error)
{
    size_t end = error->position < 0 ? 0 : (size_t)error->position;
    const char *found, *whole = hint_of(document);

    if (whole)
        return whole;
    if (begins(error->text, "unable to decode byte"))
        return " (save it as UTF-8)";
    end = end < document->length ? end : document->length;
    for (size_t back = 0; back < 3 && back <= end; back++) {
        found = document->text + end - back;
        if (begins(found, "${") || begins(found, "{{") || begins(found, "<%"))
            return " (a template's place: fill it in first)";
        if (begins(found, "//") || begins(found, "/*") || *found == '#')
            return " (JSON has no comments)";
        if (follows_comma(document->text, found))
            return " (no comma after the last one)";
        if (*found == '\'' && back < 2)
            return " (JSON has \" alone for texts)";
    }
    return "";
}

void document_wrap_list(struct document *document, const char *member)
{
    document->root = json_pack("{s:o}", member, document->root);
    document->listed = member;
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
    add_finding(document->reading, SEVERITY_ERROR, document->number,
                (struct position){error.line, column},
                print_text("%s:%d:%d: error: JSON: %s%s", document->name, error.line, column,
                           error.text, hint_at(document, &error)));
    return false;
}

bool document_open(struct document *document, struct reading *reading, const char *path,
                   struct err *err)
{
    FILE *file = fopen(path, "rbe");
    bool fine;

    *document = (struct document){.reading = reading, .name = memory_text(path)};
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
    *document = (struct document){.reading = reading, .name = memory_text(name), .length = length};
    document->text = memory_zeroed(length + 1, 1);
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

char *document_beside(const struct document *document, const char *name)
{
    const char *slash = strrchr(document->name, '/');
    size_t folder = slash && name[0] != '/' ? (size_t)(slash - document->name) + 1 : 0;
    char *joined = memory_zeroed(folder + strlen(name) + 1, 1);

    memcpy(joined, document->name, folder);
    strcpy(joined + folder, name);
    return joined;
}

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
    if (node->document->listed && !node->parent->parent && node->key)
        place = strcmp(node->key, node->document->listed) == 0 ? 0 : -1;
    else
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

const char *node_set_by(const struct node *node)
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

static void add_node_finding(const struct node *node, enum severity severity, bool of_key,
                             const char *format, va_list args)
{
    struct position position = node_position(node, of_key);
    const char *set = node_set_by(node);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int closed;

    assert(out != NULL);
    fprintf(out, "%s:%d:%d: %s: ", node->document->name, position.line, position.column,
            severity_names[severity]);
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
    add_finding(node->document->reading, severity, node->document->number, position, text);
}

void node_error(const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, SEVERITY_ERROR, false, format, args);
    va_end(args);
}

/* `line` and the place in `text` behind it, as a text for free(). */
static char *with_place(const char *line, const char *text, int column,
                        void (*quote)(struct buffer *, const char *, int), const char *between)
{
    struct buffer whole = {0};

    buffer_add(&whole, "%s%s", line, between);
    quote(&whole, text, column);
    return whole.text;
}

void node_error_in(const struct node *node, const char *text, int column, const char *format, ...)
{
    struct findings *findings = node->document->reading->findings;
    struct finding *finding;
    va_list args;
    char *line;

    va_start(args, format);
    add_node_finding(node, SEVERITY_ERROR, false, format, args);
    va_end(args);
    finding = &findings->list[findings->n_list - 1];
    line = finding->text;
    finding->text = with_place(line, text, column, quote_in_line, ": ");
    if (*text)
        finding->shown = with_place(line, text, column, quote_in_lines, "");
    free(line);
}

void node_warning(const struct node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, SEVERITY_WARNING, false, format, args);
    va_end(args);
}

void node_note(const struct node *node, const char *format, ...)
{
    va_list args;

    if (!node->document->reading->findings->wants_notes)
        return;
    va_start(args, format);
    add_node_finding(node, SEVERITY_NOTE, true, format, args);
    va_end(args);
}

static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; at && (at = strstr(at, name)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ',' || !at[length]))
            return true;
    return false;
}

void node_unsimulated(const struct node *node, const char *name)
{
    struct reading *reading = node->document->reading;
    char *list = reading->unsimulated;

    node_note(node, "not simulated: no effect");
    if (is_listed(list, name))
        return;
    reading->unsimulated = print_text("%s%s%s", list ? list : "", list ? ", " : "", name);
    free(list);
}

void node_key_finding(const struct node *node, enum severity severity, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_node_finding(node, severity, true, format, args);
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

const char *node_hint(const char *nearest)
{
    char *text = passing_text();

    if (!nearest)
        return "";
    snprintf(text, 160, " (did you mean %.120s?)", nearest);
    return text;
}

const char *reading_hint(struct reading *reading, const char *word, const struct names *names,
                         int first)
{
    if (++reading->n_suggestions > SUGGESTIONS_MAX || first >= names->n_texts)
        return "";
    return node_hint(
        nearest_name(word, (const char *const *)names->texts + first, names->n_texts - first));
}
