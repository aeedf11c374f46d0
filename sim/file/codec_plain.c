/*
 * Each function takes what it knows from the front of the text, or says no.
 */
#include "file/codec_plain.h"

#include "core/array.h"
#include "file/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

struct text {
    const char *at, *end;
};

static inline bool take(struct text *text, const char *words, size_t n)
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
    const char *most = text->end - at > NUMBER_DIGITS ? at + NUMBER_DIGITS : text->end;
    int64_t value = 0;
    unsigned digit;

    for (; at < most && (digit = (unsigned)*at - '0') <= 9; at++)
        value = value * 10 + digit;
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

/* Whether the name and its closing quote stand at the front of what is left. */
static bool is_name(const char *at, const char *end, const char *name)
{
    while (at < end && *name != '\0' && *at == *name) {
        at++;
        name++;
    }
    return *name == '\0' && at < end && *at == '"';
}

/* None of the names needs an escape: what is no name goes the long way. */
static bool take_name(struct text *text, const char *const *names, int32_t *index)
{
    const char *at = text->at + 1;

    if (text->at == text->end || *text->at != '"')
        return false;
    for (int i = 0; names[i]; i++) {
        if (is_name(at, text->end, names[i])) {
            *index = i;
            text->at = at + strlen(names[i]) + 1;
            return names[i][0] != '\0'; /* writing leaves out an empty name */
        }
    }
    return false;
}

/* Messages' kinds are many, and every line names some: most are where their hash says. */
#define KIND_SLOTS 256

static_assert(MESSAGE_KINDS <= UINT8_MAX, "a slot has a byte");
static uint8_t kind_slots[KIND_SLOTS];
static once_flag kind_once = ONCE_FLAG_INIT;

static unsigned kind_slot(const char *name, size_t n)
{
    return ((unsigned)n * 31 + (unsigned char)name[0] * 7 + (unsigned char)name[n / 2] * 3 +
            (unsigned char)name[n - 1]) %
           KIND_SLOTS;
}

static void fill_kind_slots(void)
{
    for (int i = 0; message_kind_names[i]; i++)
        kind_slots[kind_slot(message_kind_names[i], strlen(message_kind_names[i]))] = (uint8_t)i;
}

static bool take_kind(struct text *text, int32_t *kind)
{
    const char *at = text->at + 1, *quote;
    size_t n;

    if (text->end - text->at < 3 || *text->at != '"')
        return false;
    quote = memchr(at, '"', (size_t)(text->end - at));
    n = quote ? (size_t)(quote - at) : 0;
    if (n == 0)
        return false;
    call_once(&kind_once, fill_kind_slots);
    *kind = kind_slots[kind_slot(at, n)];
    if (!is_name(at, text->end, message_kind_names[*kind]))
        return take_name(text, message_kind_names, kind);
    text->at = quote + 1;
    return true;
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
    case FIELD_LATER:
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
static bool take_key(struct text *text, const struct field *field, bool first)
{
    const char *at = text->at;
    size_t n = field->name_length;

    if ((size_t)(text->end - at) < n + 4 || (!first && *at++ != ',') || *at++ != '"' ||
        *at != field->name[0] || memcmp(at, field->name, n) != 0 || at[n] != '"' ||
        at[n + 1] != ':')
        return false;
    text->at = at + n + 2;
    return true;
}

static bool take_members(struct text *text, const struct schema *schema, void *record, bool first)
{
    schema_clear(schema, record);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (!take_key(text, field, first)) {
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

    if (!TAKE(text, "{\"kind\":") || !take_kind(text, &kind))
        return false;
    if (TAKE(text, ",\"id\":") && (!take_number(text, &id) || id < 1))
        return false;
    message->kind = (enum message_kind)kind;
    message->id = id;
    if (take_members(text, &message_types[kind].schema, &message->as, false) && TAKE(text, "}"))
        return true;
    message_finish(message);
    return false;
}

/* Into the room that `outputs` has already, as far as it goes. */
static bool take_outputs(struct text *text, struct outputs *outputs)
{
    if (!TAKE(text, ",\"outputs\":["))
        return true;
    do {
        if (outputs->n_messages == outputs->cap_messages)
            outputs->messages = array_grow(outputs->messages, outputs->n_messages,
                                           &outputs->cap_messages, sizeof *outputs->messages);
        if (!take_message(text, &outputs->messages[outputs->n_messages]))
            return false;
        outputs->n_messages++;
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

/* All but the closing brace, into an empty record; where false, it may hold something. */
static bool take_record(struct text *text, struct record *record)
{
    if (!TAKE(text, "{\"m\":") || !take_machine(text, &record->machine) ||
        !TAKE(text, ",\"seq\":") || !take_number(text, &record->seq) || !TAKE(text, ",\"t\":") ||
        !take_number(text, &record->at_usec))
        return false;
    record->modelled = TAKE(text, ",\"modelled\":true");
    return TAKE(text, ",\"event\":") && take_message(text, &record->event) &&
           take_outputs(text, &record->outputs);
}

static bool take_digest(struct text *text, uint64_t *digest)
{
    const char *string;
    size_t n;

    if (!TAKE(text, ",\"h\":") || !take_string(text, &string, &n) || n != 16)
        return false;
    *digest = 0;
    for (size_t i = 0; i < n; i++) {
        char c = string[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        *digest = *digest << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
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

/* With the digest where it is asked for. Where false, the record is empty again. */
static bool read_line(const char *text, size_t length, struct record *record, uint64_t *digest)
{
    struct text rest = {text, text + length};

    if (take_record(&rest, record) && (!digest || take_digest(&rest, digest)) && TAKE(&rest, "}") &&
        rest.at == rest.end)
        return true;
    record_empty(record);
    return false;
}

bool codec_plain_record(const char *text, size_t length, struct record *record)
{
    struct record read = {0};

    if (!read_line(text, length, &read, NULL)) {
        outputs_finish(&read.outputs);
        return false;
    }
    *record = read;
    return true;
}

bool codec_plain_logged(const char *text, size_t length, struct record *record, uint64_t *digest)
{
    return read_line(text, length, record, digest);
}
