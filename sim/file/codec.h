/*
 * Messages as JSON and back, by their schemas: used for run logs and for the wire between
 * controller and agents alike. The only other place that names members is the message table in the
 * core.
 */
#ifndef BERTH_FILE_CODEC_H
#define BERTH_FILE_CODEC_H

#include "core/message.h"
#include "file/buffer.h"
#include "file/err.h"
#include "file/record.h"

/* Appends one JSON object: {"kind":"placeTask","id":3,"task":"t1",...}. */
void codec_write_message(struct buffer *buffer, const struct message *message);

/* Appends one record without its digest and newline:
 * {"m":"i1","seq":4,"t":120034,"event":{...},"outputs":[...]} ("m":"s" is the scheduler). */
void codec_write_record(struct buffer *buffer, const struct record *record);

/* Reads such an object (of `length` bytes); release with message_finish() / record_finish(). Strict:
 * an unknown or missing member, a wrong type and a number out of range are errors that name the
 * member. */
bool codec_read_message(const char *text, size_t length, struct message *message, struct err *err);
bool codec_read_record(const char *text, size_t length, struct record *record, struct err *err);
void record_finish(struct record *record);

/* Frees what the record's messages hold, and keeps the room for outputs, for another one. */
void record_empty(struct record *record);

/* Before anything is read: hashes are seeded with that, which is not 0, and not with the kernel's randomness.
 * A kernel that has only just come up makes who wants that wait for a second. */
void codec_seed(unsigned seed);

/* The same for any struct with a schema; release with schema_finish(). */
void codec_write_struct(struct buffer *buffer, const struct schema *schema, const void *from);
bool codec_read_struct(const char *text, size_t length, const struct schema *schema, void *to,
                       struct err *err);

/* The same from a parsed line of a run log, which also carries its digest `h`. */
struct json_t;
bool codec_read_logged(const struct json_t *line, struct record *record, uint64_t *digest,
                       struct err *err);

/* Parses a machine's name, "s" (ID_NONE) or "i7" (6). */
bool codec_machine(const char *text, int32_t *machine);

#endif
