/*
 * Each function takes what it knows from the front of the text, or says no.
 */
#include "file/codec_plain.h"

#include "core/array.h"
#include "file/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *at, *end;
};

static bool take(struct text *text, const char *words, size_t n)
{
    if ((size_t)(text->end - text->at) < n || memcmp(text->at, words, n) != 0)
        return false;
    text->at += n;
    return true;
}

#define TAKE(text, words) take(text, words, sizeof words - 1)

/* So many never overflow 64 bits; longer ones go the long way. */
#define NUMBER_DIGITS 18

/* As JSON has whole numbers. */
static bool take_number(struct text *text, int64_t *number)
{
    const char *at = text->at;
    bool minus = at < text->end && *at == '-';
    const char *first = at += minus;
    int64_t value = 0;

    while (at < text->end && *at >= '0' && *at <= '9' && at - first < NUMBER_DIGITS)
        value = value * 10 + (*at++ - '0');
    if (at == first || (at < text->end && *at >= '0' && *at <= '9') ||
        (*first == '0' && (at - first > 1 || minus)))
        return false;
    *number = minus ? -value : value;
    text->at = at;
    return true;
}

/* What stands between quotes, where it stands for itself. */
static bool take_string(struct text *text, const char **string, size_t *n)
{
    const char *at = text->at;

    if (at == text->end || *at != '"')
        return false;
    for (at++; at < text->end && *at != '"'; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at >= 0x7f || *at == '\\')
            return false;
    if (at == text->end)
        return false;
    *string = text->at + 1;
    *n = (size_t)(at - *string);
    text->at = at + 1;
    return true;
}

/* "t5": from 1, without leading zeros. */
static bool take_id(struct text *text, char letter, int32_t *id)
{
    const char start[2] = {'"', letter};
    int64_t number;

    if (!take(text, start, 2) || !take_number(text, &number) || !TAKE(text, "\""))
        return false;
    *id = (int32_t)(number - 1);
    return number >= 1 && number <= INT32_MAX;
}

static bool take_name(struct text *text, const char *const *names, int32_t *index)
{
    const char *string;
    size_t n;

    if (!take_string(text, &string, &n))
        return false;
    for (int i = 0; names[i]; i++) {
        if (names[i][0] == string[0] && strncmp(names[i], string, n) == 0 && names[i][n] == '\0') {
            *index = i;
            return n > 0; /* writing leaves out an empty name */
        }
    }
    return false;
}

static bool take_members(struct text *text, const struct schema *schema, void *record, bool first);

static bool take_list(struct text *text, const struct field *field, void *record)
{
    const struct schema *of = field->of;
    int32_t *length = (int32_t *)((char *)record + field->n_offset);
    char **items = (char **)((char *)record + field->offset);
    int cap = 0;

    if (!TAKE(text, "["))
        return false;
    do {
        *items = array_grow(*items, *length, &cap, of->size);
        (*length)++;
        if (!TAKE(text, "{") ||
            !take_members(text, of, *items + (size_t)(*length - 1) * of->size, true) ||
            !TAKE(text, "}"))
            return false;
    } while (TAKE(text, ","));
    return TAKE(text, "]");
}

static bool take_text(struct text *text, char **to)
{
    const char *string;
    size_t n;

    if (!take_string(text, &string, &n))
        return false;
    *to = strndup(string, n);
    assert(*to != NULL);
    return true;
}

static bool take_value(struct text *text, const struct field *field, void *record)
{
    void *to = (char *)record + field->offset;
    int64_t number;

    switch (field->type) {
    case FIELD_INT:
    case FIELD_OPTIONAL:
        if (!take_number(text, &number) || number < INT32_MIN || number > INT32_MAX)
            return false;
        *(int32_t *)to = (int32_t)number;
        return true;
    case FIELD_LONG:
        return take_number(text, to);
    case FIELD_BOOL:
        *(bool *)to = true;
        return TAKE(text, "true");
    case FIELD_ENUM:
        return take_name(text, field->of, to);
    case FIELD_TEXT:
        return take_text(text, to);
    case FIELD_LIST:
        return take_list(text, field, record);
    case FIELD_RECORD:
        if (!TAKE(text, "{"))
            return false;
        *(void **)to = calloc(1, ((const struct schema *)field->of)->size);
        assert(*(void **)to != NULL);
        return take_members(text, field->of, *(void **)to, true) && TAKE(text, "}");
    default:
        return take_id(text, schema_id_letter(field->type), to);
    }
}

/* Whether writing never leaves it out. */
static bool is_always_there(const struct field *field)
{
    return field->type == FIELD_INT || field->type == FIELD_LONG ||
           (field->type == FIELD_ENUM && ((const char *const *)field->of)[0][0]);
}

/* `,"name":`, without the comma before the first one. */
static bool take_key(struct text *text, const char *name, bool first)
{
    struct text rest = *text;

    if ((!first && !TAKE(&rest, ",")) || !TAKE(&rest, "\"") || !take(&rest, name, strlen(name)) ||
        !TAKE(&rest, "\":"))
        return false;
    *text = rest;
    return true;
}

static bool take_members(struct text *text, const struct schema *schema, void *record, bool first)
{
    schema_clear(schema, record);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (!take_key(text, field->name, first)) {
            if (is_always_there(field))
                return false;
            continue;
        }
        first = false;
        if (!take_value(text, field, record))
            return false;
    }
    return true;
}

static bool take_message(struct text *text, struct message *message)
{
    int32_t kind;
    int64_t id = 0;

    if (!TAKE(text, "{\"kind\":") || !take_name(text, message_kind_names, &kind))
        return false;
    if (TAKE(text, ",\"id\":") && (!take_number(text, &id) || id < 1))
        return false;
    *message = message_new((enum message_kind)kind);
    message->id = id;
    if (take_members(text, &message_types[kind].schema, &message->as, false) && TAKE(text, "}"))
        return true;
    message_finish(message);
    return false;
}

static bool take_outputs(struct text *text, struct outputs *outputs)
{
    if (!TAKE(text, ",\"outputs\":["))
        return true;
    do {
        struct message message;

        if (!take_message(text, &message))
            return false;
        *ARRAY_ADD(outputs, messages) = message;
    } while (TAKE(text, ","));
    return TAKE(text, "]");
}

static bool take_machine(struct text *text, int32_t *machine)
{
    if (!TAKE(text, "\"s\""))
        return take_id(text, 'i', machine);
    *machine = ID_NONE;
    return true;
}

/* All but the closing brace. */
static bool take_record(struct text *text, struct record *record)
{
    struct record read = {0};

    if (!TAKE(text, "{\"m\":") || !take_machine(text, &read.machine) || !TAKE(text, ",\"seq\":") ||
        !take_number(text, &read.seq) || !TAKE(text, ",\"t\":") ||
        !take_number(text, &read.at_usec))
        return false;
    read.modelled = TAKE(text, ",\"modelled\":true");
    if (!TAKE(text, ",\"event\":") || !take_message(text, &read.event))
        return false;
    if (!take_outputs(text, &read.outputs)) {
        record_finish(&read);
        return false;
    }
    *record = read;
    return true;
}

static bool take_digest(struct text *text, uint64_t *digest)
{
    const char *string;
    size_t n;

    if (!TAKE(text, ",\"h\":") || !take_string(text, &string, &n) || n != 16)
        return false;
    *digest = 0;
    for (size_t i = 0; i < n; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, string[i], 16);

        if (!digit)
            return false;
        *digest = *digest << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

bool codec_plain_message(const char *text, size_t length, struct message *message)
{
    struct text rest = {text, text + length};
    struct message read;

    if (!take_message(&rest, &read))
        return false;
    if (rest.at != rest.end) {
        message_finish(&read);
        return false;
    }
    *message = read;
    return true;
}

/* With the digest where it is asked for. */
static bool read_line(const char *text, size_t length, struct record *record, uint64_t *digest)
{
    struct text rest = {text, text + length};
    struct record read;

    if (!take_record(&rest, &read))
        return false;
    if ((digest && !take_digest(&rest, digest)) || !TAKE(&rest, "}") || rest.at != rest.end) {
        record_finish(&read);
        return false;
    }
    *record = read;
    return true;
}

bool codec_plain_record(const char *text, size_t length, struct record *record)
{
    return read_line(text, length, record, NULL);
}

bool codec_plain_logged(const char *text, size_t length, struct record *record, uint64_t *digest)
{
    return read_line(text, length, record, digest);
}
