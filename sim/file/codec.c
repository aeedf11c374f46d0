/*
 * Writing and reading by schema. Writing is by hand, because a simulation may write ten million
 * lines; reading is jansson's. What is "nothing" (false, no text, no id, no moment, an empty list, an
 * enum's empty name) is left out, and an absent member is read as nothing; numbers are always there.
 */
#include "file/codec.h"

#include "core/array.h"
#include "file/codec_plain.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const void *at(const struct field *field, const void *record)
{
    return (const char *)record + field->offset;
}

static int32_t int_at(const struct field *field, const void *record)
{
    return *(const int32_t *)at(field, record);
}

/* Whether writing leaves the member out. */
static bool is_nothing(const struct field *field, const void *record)
{
    switch (field->type) {
    case FIELD_INT:
    case FIELD_LONG:
        return false;
    case FIELD_LATER:
        return *(const int64_t *)at(field, record) == 0;
    case FIELD_BOOL:
        return !*(const bool *)at(field, record);
    case FIELD_ENUM:
        return !((const char *const *)field->of)[int_at(field, record)][0];
    case FIELD_TEXT:
    case FIELD_RECORD:
        return !*(void *const *)at(field, record);
    case FIELD_LIST:
        return schema_list_length(field, record) == 0;
    default:
        return int_at(field, record) == ID_NONE;
    }
}

static void write_id(struct buffer *buffer, char letter, int32_t id)
{
    char quote[2] = {'"', letter};

    buffer_add_bytes(buffer, quote, 2);
    buffer_add_int(buffer, (int64_t)id + 1);
    buffer_add_bytes(buffer, "\"", 1);
}

static void write_members(struct buffer *buffer, const struct schema *schema, const void *record,
                          bool first);

static void write_list(struct buffer *buffer, const struct field *field, const void *record)
{
    int32_t n = schema_list_length(field, record);

    for (int i = 0; i < n; i++) {
        buffer_add_bytes(buffer, i ? ",{" : "[{", 2);
        write_members(buffer, field->of, schema_list_item(field, record, i), true);
        buffer_add_bytes(buffer, "}", 1);
    }
    buffer_add_bytes(buffer, "]", 1);
}

static void write_value(struct buffer *buffer, const struct field *field, const void *record)
{
    switch (field->type) {
    case FIELD_INT:
    case FIELD_OPTIONAL:
        buffer_add_int(buffer, int_at(field, record));
        break;
    case FIELD_LONG:
    case FIELD_LATER:
        buffer_add_int(buffer, *(const int64_t *)at(field, record));
        break;
    case FIELD_BOOL:
        buffer_add_bytes(buffer, "true", 4);
        break;
    case FIELD_ENUM:
        buffer_add_json_string(buffer, ((const char *const *)field->of)[int_at(field, record)]);
        break;
    case FIELD_TEXT:
        buffer_add_json_string(buffer, *(char *const *)at(field, record));
        break;
    case FIELD_LIST:
        write_list(buffer, field, record);
        break;
    case FIELD_RECORD:
        buffer_add_bytes(buffer, "{", 1);
        write_members(buffer, field->of, *(void *const *)at(field, record), true);
        buffer_add_bytes(buffer, "}", 1);
        break;
    default:
        write_id(buffer, schema_id_letter(field->type), int_at(field, record));
        break;
    }
}

static void write_members(struct buffer *buffer, const struct schema *schema, const void *record,
                          bool first)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];

        if (is_nothing(field, record))
            continue;
        buffer_add_bytes(buffer, first ? "\"" : ",\"", first ? 1 : 2);
        buffer_add_text(buffer, field->name);
        buffer_add_bytes(buffer, "\":", 2);
        write_value(buffer, field, record);
        first = false;
    }
}

void codec_write_message(struct buffer *buffer, const struct message *message)
{
    buffer_add_bytes(buffer, "{\"kind\":\"", 9);
    buffer_add_text(buffer, message_kind_names[message->kind]);
    buffer_add_bytes(buffer, "\"", 1);
    if (message->id) {
        buffer_add_bytes(buffer, ",\"id\":", 6);
        buffer_add_int(buffer, message->id);
    }
    write_members(buffer, &message_types[message->kind].schema, &message->as, false);
    buffer_add_bytes(buffer, "}", 1);
}

void codec_write_record(struct buffer *buffer, const struct record *record)
{
    buffer_add_bytes(buffer, "{\"m\":", 5);
    if (record->machine == ID_NONE)
        buffer_add_bytes(buffer, "\"s\"", 3);
    else
        write_id(buffer, 'i', record->machine);
    buffer_add_bytes(buffer, ",\"seq\":", 7);
    buffer_add_int(buffer, record->seq);
    buffer_add_bytes(buffer, ",\"t\":", 5);
    buffer_add_int(buffer, record->at_usec);
    if (record->modelled)
        buffer_add_text(buffer, ",\"modelled\":true");
    buffer_add_text(buffer, ",\"event\":");
    codec_write_message(buffer, &record->event);
    for (int i = 0; i < record->outputs.n_messages; i++) {
        buffer_add_text(buffer, i ? "," : ",\"outputs\":[");
        codec_write_message(buffer, &record->outputs.messages[i]);
    }
    buffer_add_text(buffer, record->outputs.n_messages ? "]}" : "}");
}

/* Where a value stands, for errors: a chain from the innermost member outwards. */
struct place {
    const struct place *outer;
    const char *name; /* NULL: element `index` of a list */
    int index;
};

static void write_place(struct buffer *buffer, const struct place *place)
{
    if (!place)
        return;
    write_place(buffer, place->outer);
    if (place->name)
        buffer_add(buffer, "%s%s", buffer->length ? "." : "", place->name);
    else
        buffer_add(buffer, "[%d]", place->index);
}

/* Fails with "event.task: found "t0", wanted ...". */
static bool wrong(struct err *err, const struct place *place, const json_t *found,
                  const char *wanted)
{
    struct buffer path = {0};
    char *text = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

    write_place(&path, place);
    if (text && strlen(text) > 80)
        strcpy(text + 77, "...");
    err_set(err, EXIT_INPUT, "%s: %s%s, wanted %s", path.length ? path.text : "line",
            text ? "found " : "missing", text ? text : "", wanted);
    free(text);
    buffer_finish(&path);
    return false;
}

static bool read_number(const json_t *value, int64_t least, int64_t most, int64_t *number,
                        const struct place *place, struct err *err)
{
    char wanted[80];

    if (json_is_integer(value) && json_integer_value(value) >= least &&
        json_integer_value(value) <= most) {
        *number = json_integer_value(value);
        return true;
    }
    snprintf(wanted, sizeof wanted, "an integer from %" PRId64 " to %" PRId64, least, most);
    return wrong(err, place, value, wanted);
}

/* The number of an id such as "t5", from 1 without leading zeros; 0 where it is none. */
static int64_t id_number(const char *text, char letter)
{
    int64_t number = 0;

    if (text[0] != letter || text[1] < '1' || text[1] > '9')
        return 0;
    for (text++; *text >= '0' && *text <= '9' && number <= INT32_MAX; text++)
        number = number * 10 + (*text - '0');
    return *text || number > INT32_MAX ? 0 : number;
}

static bool read_id(const json_t *value, char letter, int32_t *id, const struct place *place,
                    struct err *err)
{
    int64_t number = json_is_string(value) ? id_number(json_string_value(value), letter) : 0;
    char wanted[40];

    if (number > 0) {
        *id = (int32_t)(number - 1);
        return true;
    }
    snprintf(wanted, sizeof wanted, "an id such as \"%c1\"", letter);
    return wrong(err, place, value, wanted);
}

bool codec_machine(const char *text, int32_t *machine)
{
    int64_t number = id_number(text, 'i');

    if (number == 0 && strcmp(text, "s") != 0)
        return false;
    *machine = (int32_t)(number - 1);
    return true;
}

static bool read_name(const json_t *value, const char *const *names, int32_t *index,
                      const struct place *place, struct err *err)
{
    const char *text = json_string_value(value);
    char wanted[400];
    size_t n = 0;

    for (int i = 0; text && names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            *index = i;
            return true;
        }
    }
    wanted[0] = '\0';
    for (int i = 0; names[i] && n < sizeof wanted; i++)
        n +=
            (size_t)snprintf(wanted + n, sizeof wanted - n, "%s%s", i ? ", " : "one of ", names[i]);
    return wrong(err, place, value, wanted);
}

static bool read_text(const json_t *value, char **text, const struct place *place, struct err *err)
{
    if (!json_is_string(value))
        return wrong(err, place, value, "a string");
    *text = strdup(json_string_value(value));
    assert(*text != NULL);
    buffer_unescape(*text);
    return true;
}

static bool read_members(const json_t *object, const struct schema *schema, void *record,
                         size_t n_others, const char *const *others, const struct place *place,
                         struct err *err);

static bool read_list(const json_t *value, const struct field *field, void *record,
                      const struct place *place, struct err *err)
{
    const struct schema *of = field->of;
    int32_t *length = (int32_t *)((char *)record + field->n_offset);
    char *items;

    if (!json_is_array(value))
        return wrong(err, place, value, "a list");
    if (json_array_size(value) == 0)
        return true;
    items = calloc(json_array_size(value), of->size);
    assert(items != NULL);
    *(void **)((char *)record + field->offset) = items;
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct place inner = {place, NULL, (int)i};

        *length = (int32_t)i + 1;
        if (!read_members(json_array_get(value, i), of, items + i * of->size, 0, NULL, &inner, err))
            return false;
    }
    return true;
}

static bool read_value(const json_t *value, const struct field *field, void *record,
                       const struct place *place, struct err *err)
{
    void *to = (char *)record + field->offset;
    int64_t number = 0;

    switch (field->type) {
    case FIELD_INT:
    case FIELD_OPTIONAL:
        if (!read_number(value, INT32_MIN, INT32_MAX, &number, place, err))
            return false;
        *(int32_t *)to = (int32_t)number;
        return true;
    case FIELD_LONG:
    case FIELD_LATER:
        return read_number(value, INT64_MIN, INT64_MAX, to, place, err);
    case FIELD_BOOL:
        *(bool *)to = json_is_true(value);
        return json_is_boolean(value) || wrong(err, place, value, "true or false");
    case FIELD_ENUM:
        return read_name(value, field->of, to, place, err);
    case FIELD_TEXT:
        return read_text(value, to, place, err);
    case FIELD_LIST:
        return read_list(value, field, record, place, err);
    case FIELD_RECORD:
        *(void **)to = calloc(1, ((const struct schema *)field->of)->size);
        assert(*(void **)to != NULL);
        return read_members(value, field->of, *(void **)to, 0, NULL, place, err);
    default:
        return read_id(value, schema_id_letter(field->type), to, place, err);
    }
}

static bool is_required(const struct field *field)
{
    return field->type == FIELD_INT || field->type == FIELD_LONG ||
           (field->type == FIELD_ENUM && ((const char *const *)field->of)[0][0]);
}

static bool is_known(const struct schema *schema, size_t n_others, const char *const *others,
                     const char *name)
{
    for (int i = 0; i < schema->n_fields; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < n_others; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    return false;
}

static bool unknown_member(const json_t *object, const struct schema *schema, size_t n_others,
                           const char *const *others, const struct place *place, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        struct place inner = {place, name, 0};

        if (!is_known(schema, n_others, others, name))
            return wrong(err, &inner, value, "no member of that name");
    }
    return true;
}

/* Reads an object's members by schema; `others` are members that the caller reads. On failure the
 * record is left to schema_finish(). */
static bool read_members(const json_t *object, const struct schema *schema, void *record,
                         size_t n_others, const char *const *others, const struct place *place,
                         struct err *err)
{
    size_t n_read = n_others;

    schema_clear(schema, record);
    if (!json_is_object(object))
        return wrong(err, place, object, "an object");
    for (size_t i = 0; i < n_others; i++)
        n_read -= !json_object_get(object, others[i]);
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        const json_t *value = json_object_get(object, field->name);
        struct place inner = {place, field->name, 0};

        if (!value && is_required(field))
            return wrong(err, &inner, NULL, "a value");
        if (value && !read_value(value, field, record, &inner, err))
            return false;
        n_read += value != NULL;
    }
    return n_read == json_object_size(object) ||
           unknown_member(object, schema, n_others, others, place, err);
}

static bool read_message(const json_t *object, struct message *message, const struct place *place,
                         struct err *err)
{
    static const char *const others[] = {"kind", "id"};
    const json_t *id = json_object_get(object, "id");
    struct place kind_place = {place, "kind", 0}, id_place = {place, "id", 0};
    int32_t kind = 0;

    if (!json_is_object(object))
        return wrong(err, place, object, "an object");
    if (!read_name(json_object_get(object, "kind"), message_kind_names, &kind, &kind_place, err))
        return false;
    *message = message_new(kind);
    if ((!id || read_number(id, 0, INT64_MAX, &message->id, &id_place, err)) &&
        read_members(object, &message_types[kind].schema, &message->as, 2, others, place, err))
        return true;
    message_finish(message);
    return false;
}

static bool read_outputs(const json_t *list, struct outputs *outputs, struct err *err)
{
    struct place place = {NULL, "outputs", 0};

    if (list && !json_is_array(list))
        return wrong(err, &place, list, "a list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct place inner = {&place, NULL, (int)i};
        struct message message;

        if (!read_message(json_array_get(list, i), &message, &inner, err))
            return false;
        *ARRAY_ADD(outputs, messages) = message;
    }
    return true;
}

static bool read_head(const json_t *line, struct record *record, struct err *err)
{
    static const struct field fields[] = {
        FIELD(FIELD_LONG, record, seq, "seq"),
        FIELD(FIELD_LONG, record, at_usec, "t"),
        FIELD(FIELD_BOOL, record, modelled, "modelled"),
    };
    static const struct schema schema = SCHEMA(record, fields);
    static const char *const others[] = {"m", "event", "outputs", "h"};
    const json_t *machine = json_object_get(line, "m");
    struct place place = {NULL, "m", 0};

    if (!read_members(line, &schema, record, 4, others, NULL, err))
        return false;
    if (!json_is_string(machine) || !codec_machine(json_string_value(machine), &record->machine))
        return wrong(err, &place, machine, "\"s\" or an instance such as \"i1\"");
    return true;
}

static bool read_record(const json_t *line, struct record *record, struct err *err)
{
    struct place place = {NULL, "event", 0};

    if (!read_head(line, record, err) ||
        !read_message(json_object_get(line, "event"), &record->event, &place, err))
        return false;
    if (read_outputs(json_object_get(line, "outputs"), &record->outputs, err))
        return true;
    record_finish(record);
    return false;
}

bool codec_read_logged(const json_t *line, struct record *record, uint64_t *digest, struct err *err)
{
    const json_t *h = json_object_get(line, "h");
    const char *text = json_string_value(h);
    struct place place = {NULL, "h", 0};

    if (json_is_object(line) &&
        (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16))
        return wrong(err, &place, h, "a digest of 16 hexadecimal digits");
    if (!read_record(line, record, err))
        return false;
    *digest = strtoull(text, NULL, 16);
    return true;
}

static json_t *parse(const char *text, size_t length, struct err *err)
{
    json_error_t error;
    json_t *parsed = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);

    if (!parsed)
        err_set(err, EXIT_INPUT, "not JSON: %s", error.text);
    return parsed;
}

bool codec_read_message(const char *text, size_t length, struct message *message, struct err *err)
{
    json_t *object;
    bool ok;

    if (codec_plain_message(text, length, message))
        return true;
    object = parse(text, length, err);
    ok = object && read_message(object, message, NULL, err);

    json_decref(object);
    return ok;
}

bool codec_read_record(const char *text, size_t length, struct record *record, struct err *err)
{
    json_t *line;
    bool ok;

    if (codec_plain_record(text, length, record))
        return true;
    line = parse(text, length, err);
    ok = line && read_record(line, record, err);

    json_decref(line);
    return ok;
}

void codec_write_struct(struct buffer *buffer, const struct schema *schema, const void *from)
{
    buffer_add_bytes(buffer, "{", 1);
    write_members(buffer, schema, from, true);
    buffer_add_bytes(buffer, "}", 1);
}

void codec_seed(unsigned seed)
{
    assert(seed != 0);
    json_object_seed(seed);
}

bool codec_read_struct(const char *text, size_t length, const struct schema *schema, void *to,
                       struct err *err)
{
    json_t *object = parse(text, length, err);
    bool ok = object && read_members(object, schema, to, 0, NULL, NULL, err);

    if (object && !ok)
        schema_finish(schema, to);
    json_decref(object);
    return ok;
}

void record_empty(struct record *record)
{
    message_finish(&record->event);
    for (int i = 0; i < record->outputs.n_messages; i++)
        message_finish(&record->outputs.messages[i]);
    record->outputs.n_messages = 0;
}

void record_finish(struct record *record)
{
    record_empty(record);
    outputs_finish(&record->outputs);
}
