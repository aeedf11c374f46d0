/*
 * What is still to be done for a container when its agent knows already that it has ended: its first process tells of
 * the end and then ends itself, with its namespaces. It is not under the container's limits, and its agent removes nothing
 * of a task as long as such a process of it is there. A container that is restarted is not waited for: its new life begins
 * while the old one's first process may still be there.
 */
#include "fleet_parts.h"

int64_t fleet_passing_usec(const struct fleet *fleet, int32_t task, int64_t end_usec)
{
    if (!fleet_hears_itself(fleet) || fleet_has_machine(fleet, task))
        return 0;
    return costs_part_usec(end_usec, fleet_costs_of(fleet, task)->end_later_permille);
}

/* What the kernel does behind that waits for it, too. */
static void passed(struct fleet *fleet, int32_t task, int container)
{
    fleet_clear_up(fleet, COST_BEHIND_END, COST_STEPS, task, container);
}

void fleet_pass(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    int c = container->container;
    int32_t id;

    if (container->passing_usec == 0) {
        passed(fleet, task, c);
        return;
    }
    container->n_passing++;
    id = fleet_new_duty(fleet, DUTY_PASS, fleet_instance_of(fleet, task), task, c);
    fleet_begin(fleet, id, (struct step_draw){.cpu_usec = container->passing_usec});
}

static struct fleet_container *find_passing(struct fleet *fleet, int32_t task)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    while (i != ID_NONE && fleet->containers[i].n_passing == 0)
        i = fleet->containers[i].next;
    return i == ID_NONE ? NULL : &fleet->containers[i];
}

void fleet_await_passing(struct fleet *fleet, int32_t duty)
{
    struct fleet_container *container = find_passing(fleet, fleet->duties[duty].task);

    if (container)
        container->awaits_passing = duty;
    else
        fleet_emptied(fleet, duty);
}

void fleet_passed(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty duty = fleet->duties[id];
    struct fleet_container *container = fleet_find(fleet, duty.task, duty.container);
    int32_t awaits = container->awaits_passing;

    fleet_free_duty(fleet, id);
    container->awaits_passing = ID_NONE;
    container->n_passing--;
    passed(fleet, duty.task, duty.container);
    if (awaits != ID_NONE)
        fleet_await_passing(fleet, awaits);
}
