/*
 * Reading typed members out of JSON, with findings instead of failures: every function says what is
 * wrong where, and the reader goes on to find the rest. Knows nothing of what the members mean.
 */
#ifndef BERTH_FILE_JSON_READ_H
#define BERTH_FILE_JSON_READ_H

#include "file/grammar.h"
#include "file/json_node.h"

/* The node is an object with known members only; marks it and its members as ECS's where the
 * grammar is. False (after an error) where it is no object; findings about members do not make it
 * false. Required members that are absent are errors. */
bool node_object(struct node *node, const struct grammar *grammar);

/* The number of items, 0 for an absent node. In ECS objects a single value counts as a list of
 * one, with a warning (real files carry such). */
size_t node_list(struct node *node);

/* In ECS's objects: numbers and truth values of a list or map of texts become the texts that they mean,
 * with a warning each. Before its items are looked at. */
void node_take_texts(const struct node *list);

/* Each of these leaves `out` alone and returns false where the member is absent (silently) or not
 * of that type (with an error). */
bool node_text(const struct node *node, const char **out);
bool node_bool(const struct node *node, bool *out);
bool node_decimal(const struct node *node, double minimum, double maximum, double *out);

enum bare_unit { BARE_NUMBER, BARE_SECONDS, BARE_MIB, BARE_CPU }; /* what ECS means by a number */
bool node_number(const struct node *node, int64_t minimum, int64_t maximum, enum bare_unit unit,
                 int64_t *out);
bool node_int(const struct node *node, int32_t minimum, int32_t maximum, enum bare_unit unit,
              int32_t *out);
bool node_duration(const struct node *node, int64_t *usec);
/* A duration, or `word` for `meaning`. */
bool node_duration_or(const struct node *node, const char *word, int64_t meaning, int64_t *usec);
bool node_size(const struct node *node, int64_t *bytes);
/* A file of samples takes the place of its name. Samples belong to the reading. */
bool node_distribution(const struct node *node, struct distribution *out);
bool node_step(const struct node *node, struct step_cost *out);
/* "any" is BYTES_PER_SEC_ANY; 0 is an error. */
bool node_rate(const struct node *node, int64_t *bytes_per_sec);
bool node_id(const struct node *node, char letter, int32_t *out);
/* `names` is NULL-terminated; gives the index. */
bool node_choice(const struct node *node, const char *const *names, int *out);

/* One line of a file as JSON, new; json_null() where it is to be passed over, NULL where it is wrong, which has been
 * said then. */
typedef json_t *node_of_line(const struct node *node, const char *file, int number, char *line);

/* The node is the name of a file beside its document: puts a list of what its lines say in the place of that name,
 * the member `member` of its parent, so that a run log has it. Lines come without the blanks around them; empty
 * ones and those that begin with # say nothing. At most `max`. False after an error. */
bool node_inline_lines(struct node *node, const char *member, int max, node_of_line *read);

#endif
