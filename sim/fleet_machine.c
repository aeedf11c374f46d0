/*
 * Virtual machines that are one task's own, on an instance whatever that is: they boot in the steps of
 * any virtual machine, have the images that they are given, and go with their task. What runs in them
 * costs what it costs inside.
 */
#include "core/array.h"
#include "fleet_parts.h"

#include <string.h>

/* Instances draw with 0, so no task boots like the instance of its number. */
#define DRAW_OF_TASK 1

#define MIB (INT64_C(1) << 20)

bool fleet_has_machine(const struct fleet *fleet, int32_t task)
{
    return fleet_taskdef(fleet, task)->definition->machine;
}

static struct fleet_machine *machine_of(struct fleet *fleet, int32_t task)
{
    int32_t i = task < fleet->n_machine_of ? fleet->machine_of[task] : ID_NONE;

    return i == ID_NONE ? NULL : &fleet->machines[i];
}

static struct fleet_machine *add_machine(struct fleet *fleet, int32_t task)
{
    int32_t i = fleet->free_machine;

    while (fleet->n_machine_of <= task)
        *ARRAY_ADD(fleet, machine_of) = ID_NONE;
    if (i == ID_NONE) {
        (void)ARRAY_ADD(fleet, machines);
        i = fleet->n_machines - 1;
    } else {
        fleet->free_machine = fleet->machines[i].next;
    }
    fleet->machines[i] = (struct fleet_machine){.duty = ID_NONE, .next = ID_NONE};
    fleet->machine_of[task] = i;
    return &fleet->machines[i];
}

static int64_t own_bytes(const struct fleet *fleet, int32_t task)
{
    return fleet_taskdef(fleet, task)->definition->machine->memory_mib * MIB;
}

/* The next step, or the fact that there are no more. */
static void go_on(struct fleet *fleet, int32_t task)
{
    struct fleet_machine *machine = machine_of(fleet, task);
    int32_t duty;

    machine->begin_usec = fleet->now_usec;
    if (machine->step == VM_STEPS) {
        machine->duty = ID_NONE;
        fleet->n_booting--;
        fleet_tell(fleet, task, 0, MESSAGE_MACHINE_BOOTED, false);
        return;
    }
    duty = fleet_new_duty(fleet, DUTY_MACHINE, fleet_instance_of(fleet, task), task, 0);
    machine->duty = duty;
    fleet_begin(fleet, duty, fleet_draw_vm(fleet, (enum vm_step)machine->step, task, DRAW_OF_TASK));
}

void fleet_boot_machine(struct fleet *fleet, int32_t task)
{
    fleet_find_or_add(fleet, task, 0);
    add_machine(fleet, task);
    fleet_count_memory(fleet, own_bytes(fleet, task));
    if (fleet->instances[fleet_instance_of(fleet, task)].is_vm) {
        fleet_tell(fleet, task, 0, MESSAGE_MACHINE_BOOTED, false);
    } else {
        fleet->n_booting++;
        go_on(fleet, task);
    }
}

void fleet_machine_did(struct fleet *fleet, int32_t task)
{
    struct fleet_machine *machine = machine_of(fleet, task);

    if (!machine)
        return;
    machine->took_usec[machine->step++] = fleet->now_usec - machine->begin_usec;
    go_on(fleet, task);
}

void fleet_end_machine(struct fleet *fleet, int32_t task)
{
    struct fleet_machine *machine = machine_of(fleet, task);

    if (!machine)
        return;
    if (machine->duty != ID_NONE)
        fleet_cancel(fleet, machine->duty);
    fleet_count_memory(fleet, -own_bytes(fleet, task));
    machine->next = fleet->free_machine;
    fleet->free_machine = fleet->machine_of[task];
    fleet->machine_of[task] = ID_NONE;
}

static char in_a_guest[] = "a virtual machine cannot hold another here";

void fleet_machine_fact(struct fleet *fleet, int32_t task, struct message *event)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;
    const struct fleet_machine *machine = machine_of(fleet, task);
    int64_t guest_mib =
        costs_guest_mib(&fleet->scenario->costs.vm, taskdef_containers_mib(definition));

    *event = message_new(MESSAGE_MACHINE_BOOTED);
    event->as.machine_booted.task = task;
    if (fleet->instances[fleet_instance_of(fleet, task)].is_vm) {
        event->as.machine_booted.error = in_a_guest;
        return;
    }
    fleet->course = fleet_course(fleet, machine->took_usec, guest_mib);
    event->as.machine_booted.course = &fleet->course;
}

/* On one's own machine images are folders, and each guest unpacks them for itself: once, whatever
 * containers of its task share one. */
bool fleet_pull_inside(struct fleet *fleet, int32_t task, int c)
{
    const struct scenario_taskdef *taskdef = fleet_taskdef(fleet, task);
    const struct image *image = &fleet->scenario->images[taskdef->images[c]];
    const struct costs *costs = fleet_costs_of(fleet, task);
    struct step_draw takes = fleet_draw(fleet, COST_PULL, task, c, 0);
    bool first = true;

    if (!fleet_has_machine(fleet, task) || fleet->costs.host_cpu == 0)
        return false;
    for (int i = 0; i < c; i++)
        first = first && taskdef->images[i] != taskdef->images[c];
    for (int i = 0; i < image->n_layers && first; i++) {
        struct step_draw more = {0, 0};

        if (image->layers[i].number == fleet->scenario->stand_in_layer)
            more = fleet_draw(fleet, COST_STAND_IN, task, c, 0);
        else if (costs->unpack_bytes_per_sec != BYTES_PER_SEC_ANY)
            more.cpu_usec = (int64_t)((share_wide)image->layers[i].size_bytes * USEC_PER_SEC /
                                      (share_wide)costs->unpack_bytes_per_sec);
        takes.wait_usec += more.wait_usec;
        takes.cpu_usec += more.cpu_usec;
    }
    fleet_begin(fleet, fleet_new_duty(fleet, DUTY_FILL, fleet_instance_of(fleet, task), task, c),
                takes);
    return true;
}

void fleet_filled(struct fleet *fleet, int32_t task, int c)
{
    struct fleet_container *container = fleet_find(fleet, task, c);

    if (!container)
        return;
    container->phase = PHASE_IDLE_AGENT;
    fleet_tell(fleet, task, c, MESSAGE_IMAGE_PULLED, false);
}
