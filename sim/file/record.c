/*
 * The digest that chains a machine's records: the writer of a log puts it on each line, the reader
 * computes it again.
 */
#include "file/record.h"

#include "core/draw.h"

uint64_t record_digest(uint64_t before, const struct record *record)
{
    uint64_t digest = draw_mix(before ^ (uint64_t)(int64_t)record->machine);

    digest = draw_mix(digest ^ (uint64_t)record->seq);
    digest = draw_mix(digest ^ (uint64_t)record->at_usec);
    digest = draw_mix(digest ^ record->modelled);
    digest = message_digest(&record->event, digest);
    digest = draw_mix(digest ^ (uint64_t)record->outputs.n_messages);
    for (int i = 0; i < record->outputs.n_messages; i++)
        digest = message_digest(&record->outputs.messages[i], digest);
    return digest;
}

bool record_is_refused(const struct record *record)
{
    for (int i = 0; i < record->outputs.n_messages; i++)
        if (record->outputs.messages[i].kind == MESSAGE_REFUSE &&
            record->outputs.messages[i].as.refuse.call == record->event.kind)
            return true;
    return false;
}
