/*
 * How a member of the crew comes to life: started as a process or as a virtual machine, watched until
 * it is heard, and told who it is.
 */
#include "exec/cloud.h"
#include "exec/crew_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For a guest, be it an instance or one task's: with its images where its own disk has them. */
static void send_plan_of_guest(struct crew *crew, struct channel *channel, const struct plan *plan,
                               struct plan_guest *guest)
{
    struct plan own = *plan;
    size_t n = (size_t)plan->n_containers;

    own.guest = guest;
    own.containers = calloc(n + 1, sizeof *own.containers);
    assert(own.containers);
    for (size_t i = 0; i < n; i++) {
        char *layout = guests_image(crew->job->guests, plan->containers[i].layout);

        own.containers[i] = plan->containers[i];
        own.containers[i].layout = layout ? strdup(layout) : NULL;
    }
    channel_send(channel, WORD_PLAN, &plan_schema, &own);
    for (size_t i = 0; i < n; i++) {
        free(own.containers[i].layout);
    }
    free(own.containers);
}

static void send_plans(struct crew *crew, struct machine *machine)
{
    const struct controller_job *job = crew->job;

    for (int i = 0; i < job->scenario->n_taskdefs; i++) {
        bool isolated = job->plans->list[i].definition->machine;

        if (machine->is_vm) {
            send_plan_of_guest(crew, &machine->channel, &job->plans->list[i], NULL);
        } else if (isolated) {
            struct plan_guest guest = guests_plan(job->guests, i);

            send_plan_of_guest(crew, &machine->channel, &job->plans->list[i], &guest);
        } else {
            channel_send(&machine->channel, WORD_PLAN, &plan_schema, &job->plans->list[i]);
        }
    }
}

void crew_introduce(struct crew *crew, struct member *member, const struct reading *reading)
{
    const struct controller_job *job = crew->job;
    const struct instance_type *type = &member->type;
    struct machine *machine = &member->machine;
    struct message boot = message_new(MESSAGE_BOOT);
    struct setup setup = {
        .instance = machine->instance,
        .origin_usec = crew->origin_usec,
        .folder = machine->folder,
        .group = machine->group,
        .work_program = (char *)job->work_program,
        .prints = (char *)job->prints,
        .used_usec = crew->used_usec,
        .boot_modelled = machine->boot_modelled,
        .jitter_usec = job->jitter_usec,
        .jitter_seed = (int64_t)(job->plans->seed & INT64_MAX),
    };
    struct setup_guest guest;
    struct boot_course course;
    char name[32];

    if (reading) {
        snprintf(name, sizeof name, "i%d", machine->instance + 1);
        guest = rise_answer(reading, name, job->guests->n_images > 0);
        course = rise_course(&machine->rise);
        if (!member->is_micro) {
            course.left_bytes =
                guests_left_bytes(job->guests, type, course.memory_bytes - course.system_bytes);
        }
        setup.guest = &guest;
        setup.folder = (char *)(uintptr_t)VM_KIT_FOLDER;
        setup.work_program = VM_KIT_WORK;
        setup.prints = NULL;
        setup.print_lines = job->prints != NULL;
    }
    channel_send(&machine->channel, WORD_SETUP, &setup_schema, &setup);
    channel_send(&machine->channel, WORD_REGISTRY, &registry_order_schema, &crew->registry);
    send_plans(crew, machine);
    boot.as.boot = (struct boot){machine->instance,
                                 member->epoch,
                                 type->cpu,
                                 type->memory_mib,
                                 type->gpus,
                                 member->group->rules,
                                 reading ? &course : NULL,
                                 member->is_micro ? member->task : ID_NONE};
    channel_send_message(&machine->channel, &boot);
    crew_flush_machine(crew, machine);
}

static bool start_agent(struct crew *crew, struct member *member, struct err *err)
{
    const struct controller_job *job = crew->job;
    struct cgroup_limits limits = plans_instance_limits(job->plans, &member->type);

    if (!machine_boot(&member->machine, job->run, job->cgroups, member->type.name, &limits,
                      job->agent_program, job->cloud_fd, err)) {
        return false;
    }
    crew_introduce(crew, member, NULL);
    return true;
}

/* Its memory is what it is given: qemu's own comes on top. */
static bool start_guest(struct crew *crew, struct member *member, struct err *err)
{
    const struct controller_job *job = crew->job;
    struct cgroup_limits limits = plans_instance_limits(job->plans, &member->type);
    struct machine *machine = &member->machine;
    struct vm_order order;
    char name[32];
    bool ok;

    if (!guests_open(job->guests, err)) {
        return false;
    }
    limits.memory_bytes = limits.swap_bytes = 0;
    guests_order(job->guests, &member->type, member->is_micro, &order);
    if (!guests_promise(job->guests, &order)) {
        fprintf(stderr,
                "berth: %s is not started: this machine has no %lld MiB left for a virtual "
                "machine; a smaller --scale makes large ones smaller\n",
                crew_name(member, name, sizeof name), (long long)order.memory_mib);
        return true;
    }
    member->has_memory = true;
    if (!cloud_tap(job->cloud_fd, machine->instance, &order.tap_fd, err)) {
        return false;
    }
    ok = machine_boot_vm(machine, job->run, job->cgroups, member->type.name, &limits,
                         &job->guests->kit, &order, err);
    if (order.tap_fd >= 0) {
        close(order.tap_fd);
    }
    if (ok && order.start == VM_RESTORE) {
        channel_send(&machine->channel, WORD_WAKE, &nothing_schema, NULL);
    }
    if (ok) {
        crew_flush_machine(crew, machine);
    }
    return ok;
}

void crew_boot(struct crew *crew, struct member *member)
{
    struct err err;

    bool ok = member->is_vm ? start_guest(crew, member, &err) : start_agent(crew, member, &err);

    if (ok && member->machine.state != MACHINE_BOOTING) {
        return;
    }
    member->machine.state = MACHINE_GONE;
    crew_lose(crew, member->machine.instance);
    if (!ok) {
        crew_fail(crew, &err);
    }
}

void crew_watch_rise(struct crew *crew, struct machine *machine)
{
    char words[256], name[32];

    if (machine->rise.look_usec > loop_clock_usec() ||
        !rise_hangs(&machine->rise, machine->pid, crew->job->guests->patience_usec)) {
        return;
    }
    fprintf(stderr,
            "berth: %s does not come up: no sign of life after %.1f s (%.1f s of CPU time); "
            "it is killed. Its console said last: %s\n",
            crew_name(crew->members[machine->instance], name, sizeof name),
            (double)(loop_clock_usec() - machine->vm.started_usec) / USEC_PER_SEC,
            (double)vm_cpu_usec(machine->pid) / USEC_PER_SEC,
            vm_last_words(&machine->vm, words, sizeof words)[0] ? words : "nothing");
    machine_kill(machine);
    machine->rise.look_usec = INT64_MAX;
}
