/*
 * "Did you mean" for the query language: what the writer of a wrong expression probably meant. Knows habits from
 * other languages; the rules are core/query's.
 */
#ifndef BERTH_FILE_QUERY_HINT_H
#define BERTH_FILE_QUERY_HINT_H

#include <stddef.h>

struct query_error;

/* " (did you mean ==?)", or "" where nothing is near enough, in `text`, which is returned. `expression` is the one
 * that query_parse() found the error in. */
const char *query_hint(const char *expression, const struct query_error *error, char *text,
                       size_t size);

#endif
