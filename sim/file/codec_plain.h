/*
 * Reading what berth itself wrote, byte for byte as codec.c writes it: members in the order of their schema, no
 * blanks, no escapes. Ten times as quick as reading any JSON, for logs of millions of lines. It accepts nothing
 * that codec.c would not read to the same effect, and says no to everything else: its callers then read it the
 * long way, which also knows what is wrong.
 */
#ifndef BERTH_FILE_CODEC_PLAIN_H
#define BERTH_FILE_CODEC_PLAIN_H

#include "file/record.h"

/* Release with message_finish() / record_finish(); untouched, with nothing to release, where false. */
bool codec_plain_message(const char *text, size_t length, struct message *message);
bool codec_plain_record(const char *text, size_t length, struct record *record);

/* A line of a run log, with its digest, into an empty record: zeros, or one that record_empty() was called for, whose
 * room for outputs is then used again. Where false, it is empty as before. */
bool codec_plain_logged(const char *text, size_t length, struct record *record, uint64_t *digest);

#endif
