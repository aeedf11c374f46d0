/*
 * Messages in words: what one is about, and in which member two of them differ. For everything that
 * explains one run or sets two side by side.
 */
#ifndef BERTH_FILE_DIFFERENCE_H
#define BERTH_FILE_DIFFERENCE_H

#include "core/message.h"
#include "file/buffer.h"

/* "containerStarted t1": the kind and what it is about. */
void difference_event(struct buffer *text, const struct message *message);

/* "status: log says RUNNING, the agent says STOPPED": the first member in which two messages
 * differ, with both values. */
void difference_members(struct buffer *text, const struct message *a, const struct message *b,
                        const char *a_says, const char *b_says);

/* The same where either may be missing (NULL) or the kinds differ: then both are named. */
void difference_messages(struct buffer *text, const struct message *a, const struct message *b,
                         const char *a_says, const char *b_says);

#endif
