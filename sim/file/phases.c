/*
 * Every duration is the distance of two moments; a moment after the end of its run belongs to the
 * teardown and counts as never.
 */
#include "file/phases.h"

/* A total is marked when more than this part of it was not measured: one in a hundred. */
#define MODELLED_PART 100

const char *const phases_names[] = {"pull",   "create",  "start",         "ready",      "run",
                                    "stop",   "startup", "first request", "completion", "firmware",
                                    "kernel", "user",    "boot",          "register",   NULL};

static int64_t span(const struct story *story, int64_t from_usec, int64_t to_usec)
{
    if (from_usec == USEC_NEVER || to_usec == USEC_NEVER || to_usec > story->end_usec)
        return USEC_NEVER;
    return to_usec - from_usec;
}

/* Whether nobody asked the container to go before it went. */
static bool left_alone(const struct story_container *row)
{
    return row->exited_at_usec != USEC_NEVER && row->term_at_usec >= row->exited_at_usec &&
           row->kill_at_usec >= row->exited_at_usec;
}

int64_t phases_of_container(const struct story *story, const struct story_container *row,
                            enum phase phase)
{
    int64_t ready_usec =
        row->ready_at_usec != USEC_NEVER ? row->ready_at_usec : row->started_at_usec;
    switch (phase) {
    case PHASE_PULL:
        return span(story, row->pull_at_usec, row->pulled_at_usec);
    case PHASE_CREATE:
        return span(story, row->create_at_usec, row->created_at_usec);
    case PHASE_START:
        return span(story, row->start_at_usec, row->started_at_usec);
    case PHASE_READY:
        return span(story, row->started_at_usec, row->ready_at_usec);
    case PHASE_RUN:
        return left_alone(row) ? span(story, ready_usec, row->exited_at_usec) : USEC_NEVER;
    case PHASE_STOP:
        return left_alone(row) ? USEC_NEVER : span(story, row->term_at_usec, row->exited_at_usec);
    default:
        return USEC_NEVER;
    }
}

bool phases_container_modelled(const struct story_container *row, enum phase phase)
{
    switch (phase) {
    case PHASE_PULL:
        return row->pull_modelled;
    case PHASE_CREATE:
        return row->create_modelled;
    case PHASE_START:
        return row->start_modelled;
    case PHASE_READY:
        return row->ready_modelled;
    default:
        return row->exit_modelled;
    }
}

/* USEC_NEVER: not all of its containers have been. */
static int64_t all_ready_usec(const struct story_task *row)
{
    int64_t last_usec = row->n_containers > 0 ? 0 : USEC_NEVER;
    for (int i = 0; i < row->n_containers; i++) {
        const struct story_container *container = &row->containers[i];
        /* One that has ended is as ready as it will ever be: a job, an init container. */
        int64_t at_usec = container->ready_at_usec < container->exited_at_usec
                              ? container->ready_at_usec
                              : container->exited_at_usec;
        if (at_usec > last_usec)
            last_usec = at_usec;
    }
    return last_usec;
}

static int64_t first_request(const struct story *story, const struct story_task *row)
{
    int64_t usec = span(story, all_ready_usec(row), row->first_answer_at_usec);

    return usec > 0 ? usec : 0;
}

int64_t phases_of_task(const struct story *story, const struct story_task *row, enum phase phase)
{
    if (phase == PHASE_STARTUP)
        return span(story, row->placed_at_usec, all_ready_usec(row));
    if (phase == PHASE_FIRST_REQUEST)
        return first_request(story, row);
    if (row->stop_code != STOP_ESSENTIAL_CONTAINER_EXITED || row->torn_down)
        return USEC_NEVER;
    return span(story, row->placed_at_usec, row->stopped_at_usec);
}

static bool ready_modelled(const struct story_task *row)
{
    for (int i = 0; i < row->n_containers; i++)
        if (row->containers[i].ready_modelled)
            return true;
    return false;
}

bool phases_task_modelled(const struct story *story, const struct story_task *row, enum phase phase)
{
    if (phase == PHASE_FIRST_REQUEST)
        return ready_modelled(row);
    int64_t modelled_usec = 0, total_usec = phases_of_task(story, row, phase);
    int last = phase == PHASE_STARTUP ? PHASE_READY : PHASE_STOP;
    for (int i = 0; i < row->n_containers; i++) {
        for (int part = PHASE_PULL; part <= last; part++) {
            int64_t usec = phases_of_container(story, &row->containers[i], part);
            if (usec != USEC_NEVER && phases_container_modelled(&row->containers[i], part))
                modelled_usec += usec;
        }
    }
    return total_usec != USEC_NEVER && modelled_usec > total_usec / MODELLED_PART;
}

static int64_t of_course(const struct story_course *course, int64_t up_usec, enum phase phase)
{
    if (!course->start[0] || up_usec == USEC_NEVER)
        return USEC_NEVER;
    switch (phase) {
    case PHASE_FIRMWARE:
        return course->firmware_usec;
    case PHASE_KERNEL: /* a restored one has neither */
        return course->kernel_usec > 0 ? course->kernel_usec : USEC_NEVER;
    case PHASE_USER:
        return course->kernel_usec > 0 ? course->user_usec : USEC_NEVER;
    case PHASE_BOOT:
        return up_usec;
    default:
        return USEC_NEVER;
    }
}

int64_t phases_of_machine(const struct story *story, const struct story_machine *machine,
                          enum phase phase)
{
    if (!machine)
        return USEC_NEVER;
    return of_course(&machine->course, span(story, machine->boot_at_usec, machine->booted_at_usec),
                     phase);
}

int64_t phases_of_instance(const struct story *story, const struct story_instance *row,
                           enum phase phase)
{
    int64_t up_usec = span(story, row->launch_at_usec, row->booted_at_usec);

    if (phase == PHASE_REGISTER && row->course.start[0] && up_usec != USEC_NEVER)
        return span(story, row->booted_at_usec, row->registered_at_usec);
    return of_course(&row->course, up_usec, phase);
}
