/*
 * Words for a call that the scheduler refused: what it was about, and what would have to be different.
 */
#ifndef BERTH_FILE_REFUSAL_H
#define BERTH_FILE_REFUSAL_H

#include "core/message.h"
#include "file/buffer.h"

/* What is wrong, in a few words; the API's own name for it where that says all. */
const char *refusal_words(enum refusal refusal);

/* The service that the call names, or ID_NONE. */
int32_t refusal_service(const struct message *call);

/* Adds what the call is about, such as ` "cpu" of service web`: its own name and the service's, as far as it has
 * them. `service`: that one's name, or NULL. */
void refusal_subject(const struct message *call, const char *service, struct buffer *text);

#endif
