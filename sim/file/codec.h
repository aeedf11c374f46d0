/*
 * Messages as JSON and back, by their schemas: used for run logs and for the wire between
 * controller and agents alike. The only other place that names members is the message table in the
 * core.
 */
#ifndef BERTH_FILE_CODEC_H
#define BERTH_FILE_CODEC_H

#include "core/message.h"
#include "file/err.h"
#include "file/record.h"

/* A text that grows; `text` is always terminated. Free with buffer_finish(). */
struct buffer {
    char *text;
    size_t length, capacity;
};
void buffer_add(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_json_string(struct buffer *buffer,
                            const char *text); /* with quotes, escaped; NULL: null */
void buffer_clear(struct buffer *buffer);
void buffer_finish(struct buffer *buffer);

/* Appends one JSON object: {"kind":"placeTask","id":3,"task":"t1",...}. */
void codec_write_message(struct buffer *buffer, const struct message *message);

/* Appends one record without its digest and newline:
 * {"m":"i1","seq":4,"t":120034,"event":{...},"outputs":[...]} ("m":"s" is the scheduler). */
void codec_write_record(struct buffer *buffer, const struct record *record);

/* Reads such an object (of `length` bytes); release with message_finish() / record_finish(). */
bool codec_read_message(const char *text, size_t length, struct message *message, struct err *err);
bool codec_read_record(const char *text, size_t length, struct record *record, struct err *err);
void record_finish(struct record *record);

#endif
