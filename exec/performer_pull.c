/*
 * Pulls: an image is there at once, when the puller has it, or when a slow registry would have given it; of
 * a dead one it never comes, which is told when the agent's patience is over. It must never know what
 * becomes of the container.
 */
#include "exec/performer_inside.h"

#include "exec/loop.h"

#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* No image of that name on this machine: how long its pull took says nothing. */
static bool is_stand_in(const struct ward *ward)
{
    return plan_of(ward)->layout == NULL;
}

static void tell_pulled(struct performer *performer, const struct ward *ward,
                        const struct pulled *pulled)
{
    performer_tell(performer, ward, MESSAGE_IMAGE_PULLED, pulled->ok ? NULL : &pulled->err,
                   is_stand_in(ward));
}

/* Wakes us at that time, or before: whoever looks finds out what is due. */
static void wake_at(const struct performer *performer, int64_t at_usec)
{
    struct itimerspec when, before;

    if (at_usec == INT64_MAX) {
        return;
    }
    timerfd_gettime(performer->timer_fd, &before);
    when = (struct itimerspec){
        .it_value = {.tv_sec = at_usec / 1000000, .tv_nsec = at_usec % 1000000 * 1000 + 1}};
    if (before.it_value.tv_sec == 0 && before.it_value.tv_nsec == 0) {
        timerfd_settime(performer->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    } else if (at_usec < loop_clock_usec() + before.it_value.tv_sec * INT64_C(1000000) +
                             before.it_value.tv_nsec / 1000) {
        timerfd_settime(performer->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    }
}

/* Nothing comes any more: after a while the agent gives up. */
static void fail_pull(struct performer *performer, struct ward *ward)
{
    ward->wants_image = false;
    ward->pull_fails = true;
    ward->pull_end_usec = loop_clock_usec() + performer->registry.patience_usec;
    wake_at(performer, ward->pull_end_usec);
}

/* It is there, at once or as much later as the registry was slow when it was asked for. */
static void end_pull(struct performer *performer, struct ward *ward, const struct pulled *pulled)
{
    int64_t took_usec = loop_clock_usec() - ward->pull_begin_usec;

    ward->wants_image = false;
    if (ward->permille <= 1000 || !pulled->ok) {
        tell_pulled(performer, ward, pulled);
        return;
    }
    ward->pull_end_usec = ward->pull_begin_usec + took_usec * ward->permille / 1000;
    wake_at(performer, ward->pull_end_usec);
}

/* Tells those whose time has come. */
void performer_pull_late(struct performer *performer)
{
    struct err err;
    uint64_t times;
    ssize_t n = read(performer->timer_fd, &times, sizeof times);

    (void)n;
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            struct ward *ward = &task->wards[j];

            if (ward->pull_end_usec > loop_clock_usec()) {
                wake_at(performer, ward->pull_end_usec);
                continue;
            }
            ward->pull_end_usec = INT64_MAX;
            err_set(&err, EXIT_MACHINE, "the registry does not answer");
            performer_tell(performer, ward, MESSAGE_IMAGE_PULLED, ward->pull_fails ? &err : NULL,
                           true);
        }
    }
}

/* On our clock; 0 and "never" stay what they are. */
static int64_t to_clock(const struct performer *performer, int64_t at_usec)
{
    return at_usec == 0 || at_usec >= INT64_MAX - performer->setup->origin_usec
               ? at_usec
               : performer->setup->origin_usec + at_usec;
}

void performer_registry(struct performer *performer, const struct registry_order *given)
{
    const struct registry_order *order = &performer->registry;
    int64_t dead_until_usec = to_clock(performer, given->dead_until_usec);
    bool dies = dead_until_usec != performer->registry.dead_until_usec &&
                dead_until_usec > loop_clock_usec();

    performer->registry = *given;
    performer->registry.slow_until_usec = to_clock(performer, given->slow_until_usec);
    performer->registry.dead_until_usec = dead_until_usec;
    annexes_registry(performer->annexes, given);
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            if (order->patience_usec == 0 && task->wards[j].pull_end_usec != INT64_MAX) {
                task->wards[j].pull_end_usec = loop_clock_usec();
                wake_at(performer, task->wards[j].pull_end_usec);
            } else if (dies &&
                       (task->wards[j].wants_image || task->wards[j].pull_end_usec != INT64_MAX)) {
                fail_pull(performer, &task->wards[j]);
            }
        }
    }
}

void performer_pull_begin(struct performer *performer, struct ward *ward)
{
    const struct pulled *pulled;

    ward->pull_begin_usec = loop_clock_usec();
    ward->pull_fails = false;
    ward->permille = ward->pull_begin_usec < performer->registry.slow_until_usec
                         ? performer->registry.permille
                         : 0;
    if (ward->pull_begin_usec < performer->registry.dead_until_usec) {
        fail_pull(performer, ward);
        return;
    }
    pulled = pull_image(performer->puller, plan_of(ward)->layout);
    if (pulled) {
        end_pull(performer, ward, pulled);
    } else {
        ward->wants_image = true;
    }
}

static bool same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* In the order in which the tasks came; then those that were only waiting for it to go may go. */
void performer_pull_end(struct performer *performer, const struct pulled *pulled)
{
    for (int i = 0; i < performer->n_tasks; i++) {
        struct task *task = performer->tasks[i];

        for (int j = 0; j < task->duty.n_containers; j++) {
            struct ward *ward = &task->wards[j];

            if (ward->wants_image && same(plan_of(ward)->layout, pulled->layout)) {
                end_pull(performer, ward, pulled);
            }
        }
    }
    for (int i = performer->n_tasks - 1; i >= 0; i--) {
        performer_forget_if_gone(performer, performer->tasks[i]);
    }
}
