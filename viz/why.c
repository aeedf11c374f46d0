/*
 * One inquiry a run, opened at the first question: whoever asks nothing pays nothing. It must never know
 * how the answer is shown.
 */
#include "viz/why.h"

#include <stdio.h>

#define SLICE_RECORDS 3000

void why_init(struct why *why, const char *path)
{
    *why = (struct why){.path = path};
}

void why_finish(struct why *why)
{
    if (why->opened)
        inquiry_close(&why->inquiry);
    *why = (struct why){0};
}

void why_drop(struct why *why)
{
    why->asked = false;
}

void why_ask(struct why *why, const struct story *story, int32_t task, int64_t at_usec)
{
    /* Once it is placed, the question is always the same; while it waits, every moment has its own. */
    bool placed = story->tasks[task].placed_at_usec <= at_usec;
    int64_t until_usec = placed ? story->tasks[task].placed_at_usec : at_usec;
    if (why->asked && why->task == task && why->until_usec == until_usec)
        return;
    why->asked = true;
    why->task = task;
    why->until_usec = until_usec;
    if (!why->opened) {
        struct err err;
        why->opened = true;
        inquiry_open(&why->inquiry, why->path, NULL, &err);
    }
    inquiry_ask(&why->inquiry, task, until_usec);
}

bool why_is_busy(const struct why *why)
{
    return why->asked && why->inquiry.state == INQUIRY_WORKING;
}

bool why_work(struct why *why)
{
    if (!why_is_busy(why))
        return false;
    int before = inquiry_permille(&why->inquiry) / 10;
    enum inquiry_state state = inquiry_work(&why->inquiry, SLICE_RECORDS);
    return state != INQUIRY_WORKING || inquiry_permille(&why->inquiry) / 10 != before;
}

void why_work_all(struct why *why)
{
    if (why->asked)
        inquiry_work(&why->inquiry, -1);
}

const struct explain *why_answer(const struct why *why)
{
    return why->asked && why->inquiry.state == INQUIRY_ANSWERED ? &why->inquiry.answer : NULL;
}

const char *why_excuse(const struct why *why, char *text, size_t size)
{
    text[0] = '\0';
    if (why_is_busy(why))
        snprintf(text, size, "computing, %d %%", inquiry_permille(&why->inquiry) / 10);
    else if (why->asked && why->inquiry.state == INQUIRY_FAILED)
        snprintf(text, size, "%s", why->inquiry.err.text);
    else if (why->asked && why->inquiry.state == INQUIRY_NOTHING)
        snprintf(text, size, "it has no place, and waits for none");
    return text;
}
