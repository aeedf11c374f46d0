/*
 * See guests.h.
 */
#include "exec/guests.h"

#include "core/array.h"
#include "exec/cloud.h"
#include "exec/fargate.h"
#include "exec/vm_disk.h"
#include "file/layout.h"
#include "file/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATIENCE_USEC (30 * USEC_PER_SEC)
#define MIB (INT64_C(1) << 20)

bool guests_has(const struct scenario *scenario, const struct scenario_group *group)
{
    return group->type != ID_NONE && scenario_group_is_vm(scenario, group);
}

bool guests_any(const struct scenario *scenario)
{
    int n_uses;
    bool any;

    free(fargate_uses(scenario, &n_uses));
    any = n_uses > 0;
    for (int i = 0; i < scenario->n_taskdefs; i++) {
        any = any || scenario->taskdefs[i].definition->machine;
    }
    for (int i = 0; i < scenario->n_groups; i++) {
        any = any || (scenario->groups[i].kind != GROUP_FARGATE &&
                      guests_has(scenario, &scenario->groups[i]));
    }
    return any;
}

static bool read_patience(struct guests *guests, struct err *err)
{
    const char *text = getenv(GUESTS_PATIENCE_VARIABLE), *wrong;

    guests->patience_usec = PATIENCE_USEC;
    wrong = text ? units_duration(text, &guests->patience_usec) : NULL;
    return !wrong ||
           err_set(err, EXIT_INPUT, "%s \"%s\" %s", GUESTS_PATIENCE_VARIABLE, text, wrong);
}

/* So that so much is left for containers. */
static int64_t memory_beside(const struct guests *guests, int64_t containers_mib)
{
    int64_t mib = costs_guest_mib(&guests->plans->scenario->costs.vm, containers_mib);

    return mib > containers_mib + VM_MEMORY_MIN_MIB ? mib : containers_mib + VM_MEMORY_MIN_MIB;
}

static int64_t scaled_mib(const struct guests *guests, int64_t mib)
{
    return scale_down(guests->plans->scale, mib * MIB) / MIB;
}

static bool is_smaller(const struct guests *guests)
{
    return guests->plans->scale.numerator != guests->plans->scale.denominator;
}

/* What tasks can have of a type is what its own system leaves, where that is known. */
static int64_t left_mib(const struct guests *guests, const struct instance_type *type)
{
    int64_t os_mib = guests->plans->scenario->costs.vm.os_bytes / MIB;

    if (type->os_mib > 0) {
        return type->memory_mib;
    }
    return type->memory_mib > os_mib ? type->memory_mib - os_mib : 0;
}

/* At a smaller scale it leaves that part of it, since a system does not get smaller. */
static int64_t memory_of(const struct guests *guests, const struct instance_type *type)
{
    int64_t whole_mib = instance_type_whole_mib(type);
    int64_t smaller_mib = memory_beside(guests, scaled_mib(guests, left_mib(guests, type)));

    return is_smaller(guests) && smaller_mib < whole_mib ? smaller_mib : whole_mib;
}

int64_t guests_left_bytes(const struct guests *guests, const struct instance_type *type,
                          int64_t bytes)
{
    int64_t most = left_mib(guests, type) * MIB;

    if (!is_smaller(guests)) {
        return bytes;
    }
    bytes = scale_up(guests->plans->scale, bytes);
    return bytes < most ? bytes : most;
}

static int cpus_of(const struct guests *guests, const struct instance_type *type)
{
    return (int)((scale_down(guests->plans->scale, type->cpu) + 1023) / 1024);
}

static int find_image(const struct guests *guests, const char *layout)
{
    int i = 0;

    while (i < guests->n_images && strcmp(guests->images[i], layout) != 0) {
        i++;
    }
    return i;
}

char *guests_image(const struct guests *guests, const char *layout)
{
    static char path[512];
    const char *tag;
    char *folder;

    if (!layout) {
        return NULL;
    }
    folder = layout_split(layout, &tag);
    snprintf(path, sizeof path, "%s/%d%s%s", VM_KIT_IMAGES, find_image(guests, folder),
             tag ? ":" : "", tag ? tag : "");
    free(folder);
    return path;
}

static const struct vm_snapshot *find_snapshot(const struct guests *guests, int64_t memory_mib,
                                               int cpus)
{
    for (int i = 0; i < guests->n_snapshots; i++) {
        if (guests->snapshots[i].memory_mib == memory_mib && guests->snapshots[i].cpus == cpus) {
            return &guests->snapshots[i];
        }
    }
    return NULL;
}

static void make_order(const struct guests *guests, int64_t memory_mib, int cpus,
                       struct vm_order *order)
{
    const struct vm_snapshot *snapshot = find_snapshot(guests, memory_mib, cpus);

    *order = (struct vm_order){
        .start = guests->start,
        .memory_mib = memory_mib,
        .cpus = cpus,
        .network = true,
        .tap_fd = -1,
        .qmp_fd = -1,
        .images_disk = guests->n_images > 0 ? guests->images_disk : NULL,
        .scratch_disk = guests->n_images > 0 ? guests->scratch_disk : NULL,
        .more = guests->more,
    };
    if (snapshot) {
        order->memory_file = snapshot->memory_file;
        order->state_file = snapshot->state_file;
    } else if (order->start == VM_RESTORE) {
        order->start = VM_UNCOMPRESSED; /* of a size that nobody knew before the run */
    }
}

void guests_order(const struct guests *guests, const struct instance_type *type, bool micro,
                  struct vm_order *order)
{
    int64_t mib = micro ? memory_beside(guests, scaled_mib(guests, type->memory_mib))
                        : memory_of(guests, type);

    make_order(guests, mib, cpus_of(guests, type), order);
}

static void order_for_task(const struct guests *guests, int32_t taskdef, struct vm_order *order)
{
    const struct task_definition *definition =
        guests->plans->scenario->taskdefs[taskdef].definition;
    const struct instance_type type = {.cpu = definition->cpu};
    int cpus = cpus_of(guests, &type);

    make_order(guests, memory_beside(guests, taskdef_containers_mib(definition)),
               cpus > 0 ? cpus : 1, order);
}

/* ---- beginning and end ---- */

static bool make_snapshot(struct guests *guests, struct vm_order *order, struct err *err)
{
    struct vm_snapshot snapshot;

    if (order->memory_file) {
        return true;
    }
    order->folder = guests->folder;
    if (!vm_snapshot_make(&snapshot, &guests->kit, order, guests->patience_usec, err)) {
        return false;
    }
    fprintf(stderr, "made a snapshot of a guest of %lld MiB in %.1f s\n",
            (long long)snapshot.memory_mib, (double)snapshot.took_usec / USEC_PER_SEC);
    *ARRAY_ADD(guests, snapshots) = snapshot;
    return true;
}

static bool make_snapshot_of(struct guests *guests, const struct instance_type *type, bool micro,
                             struct err *err)
{
    struct vm_order order;

    guests_order(guests, type, micro, &order);
    return make_snapshot(guests, &order, err);
}

static bool make_snapshot_for_task(struct guests *guests, int32_t taskdef, struct err *err)
{
    struct vm_order order;

    order_for_task(guests, taskdef, &order);
    return guests->plans->scenario->taskdefs[taskdef].definition->machine == NULL ||
           make_snapshot(guests, &order, err);
}

static bool check_size(const struct guests *guests, const struct instance_type *type,
                       struct err *err)
{
    return memory_of(guests, type) >= VM_MEMORY_MIN_MIB ||
           err_set(err, EXIT_MACHINE,
                   "a virtual machine of type %s would have %lld MiB; a kernel needs %d to come up",
                   type->name, (long long)memory_of(guests, type), VM_MEMORY_MIN_MIB);
}

/* With qemu's own. */
static int64_t order_takes_mib(const struct vm_order *order)
{
    return order->memory_mib + VM_OVERHEAD_MIB;
}

static int64_t takes_mib(const struct guests *guests, const struct instance_type *type, bool micro)
{
    struct vm_order order;

    guests_order(guests, type, micro, &order);
    return order_takes_mib(&order);
}

/* Names the first type that is too small for a kernel, and what all need together, before anything
 * is started. */
static bool check_sizes(struct guests *guests, struct err *err)
{
    const struct scenario *scenario = guests->plans->scenario;
    int n_uses;
    struct task_use *uses = fargate_uses(scenario, &n_uses);
    int64_t wanted_mib = 0;

    guests->free_mib = capacity_free_bytes() / MIB;
    for (int i = 0; i < n_uses; i++) {
        struct instance_type type = fargate_type(scenario, uses[i].taskdef);

        wanted_mib += uses[i].n * takes_mib(guests, &type, true);
    }
    free(uses);
    for (int i = 0; i < scenario->n_groups; i++) {
        const struct scenario_group *group = &scenario->groups[i];

        if (group->kind == GROUP_FARGATE || !guests_has(scenario, group)) {
            continue;
        }
        if (!check_size(guests, &scenario->types[group->type], err)) {
            return false;
        }
        wanted_mib += (group->kind == GROUP_AUTO_SCALING ? group->maximum : group->count) *
                      takes_mib(guests, &scenario->types[group->type], false);
    }
    return wanted_mib <= guests->free_mib ||
           err_set(err, EXIT_MACHINE,
                   "its virtual machines take %lld MiB with qemu's own, %lld are free; "
                   "a smaller --scale makes large ones smaller",
                   (long long)wanted_mib, (long long)guests->free_mib);
}

bool guests_promise(struct guests *guests, const struct vm_order *order)
{
    if (guests->promised_mib + order_takes_mib(order) > guests->free_mib) {
        return false;
    }
    guests->promised_mib += order_takes_mib(order);
    return true;
}

void guests_release(struct guests *guests, const struct instance_type *type, bool micro)
{
    guests->promised_mib -= takes_mib(guests, type, micro);
}

/* The folder or tarball goes to the disk, once whatever tags of it are named. */
static void add_image(struct guests *guests, const char *layout)
{
    const char *tag;
    char *folder = layout_split(layout, &tag);

    if (find_image(guests, folder) == guests->n_images) {
        *ARRAY_ADD(guests, images) = folder;
    } else {
        free(folder);
    }
}

/* Every image that this machine has and a definition names: no guest is told of others. */
static bool make_disks(struct guests *guests, struct err *err)
{
    const struct plans *plans = guests->plans;
    char staging[sizeof guests->folder + 16];

    for (int i = 0; i < plans->scenario->n_taskdefs; i++) {
        for (int j = 0; j < plans->list[i].n_containers; j++) {
            if (plans->list[i].containers[j].layout) {
                add_image(guests, plans->list[i].containers[j].layout);
            }
        }
    }
    snprintf(staging, sizeof staging, "%s/staging", guests->folder);
    snprintf(guests->images_disk, sizeof guests->images_disk, "%s/images", guests->folder);
    snprintf(guests->scratch_disk, sizeof guests->scratch_disk, "%s/scratch", guests->folder);
    return guests->n_images == 0 ||
           (vm_disk_make(guests->images_disk, staging, guests->images, guests->n_images, err) &&
            vm_disk_make_empty(guests->scratch_disk, err));
}

/* Of each size that the scenario is known to need. */
static bool make_snapshots(struct guests *guests, struct err *err)
{
    const struct scenario *scenario = guests->plans->scenario;
    int n_uses;
    struct task_use *uses = fargate_uses(scenario, &n_uses);
    bool ok = true;

    for (int i = 0; ok && i < n_uses; i++) {
        struct instance_type type = fargate_type(scenario, uses[i].taskdef);

        ok = make_snapshot_of(guests, &type, true, err);
    }
    free(uses);
    for (int i = 0; ok && i < scenario->n_taskdefs; i++) {
        ok = make_snapshot_for_task(guests, i, err);
    }
    for (int i = 0; ok && i < scenario->n_groups; i++) {
        const struct scenario_group *group = &scenario->groups[i];

        ok = group->kind == GROUP_FARGATE || !guests_has(scenario, group) ||
             make_snapshot_of(guests, &scenario->types[group->type], false, err);
    }
    return ok;
}

static bool prepare(struct guests *guests, struct err *err)
{
    if (mkdir(guests->folder, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", guests->folder);
    }
    if (!vm_kit_make(&guests->kit, guests->folder, guests->programs, err) ||
        !make_disks(guests, err)) {
        return false;
    }
    return guests->start != VM_RESTORE || make_snapshots(guests, err);
}

void guests_init(struct guests *guests, enum vm_start start, const struct plans *plans,
                 const struct sweep_run *run, const struct programs *programs)
{
    *guests = (struct guests){
        .plans = plans, .programs = programs, .start = start, .more = getenv(GUESTS_MORE_VARIABLE)};
    snprintf(guests->folder, sizeof guests->folder, "%s/vm", run->folder);
}

/* Once a process: calibrating opens many. */
static void tell_kind(const struct vm_kit *kit)
{
    static bool told;
    struct err err;

    if (!told) {
        fprintf(stderr, "virtual machines are %s%s%s\n",
                kit->kvm ? "run with KVM" : "emulated: ", kit->why,
                kit->kvm ? "" : "; what they take says little of real ones");
    }
    if (!told && !cloud_has_taps(&err)) {
        fprintf(stderr, "berth: warning: containers in them have no networks: %s\n", err.text);
    }
    told = true;
}

bool guests_check(struct guests *guests, struct err *err)
{
    return read_patience(guests, err) && check_sizes(guests, err) && vm_kit_find(&guests->kit, err);
}

bool guests_open(struct guests *guests, struct err *err)
{
    if (guests->is_open) {
        return true;
    }
    if (!read_patience(guests, err) || !check_sizes(guests, err) || !prepare(guests, err)) {
        return false;
    }
    guests->is_open = true;
    tell_kind(&guests->kit);
    return true;
}

void guests_close(struct guests *guests)
{
    free(guests->snapshots);
    guests->snapshots = NULL;
    for (int i = 0; i < guests->n_images; i++) {
        free(guests->images[i]);
    }
    free(guests->images);
    guests->images = NULL;
    guests->n_snapshots = guests->cap_snapshots = guests->n_images = guests->cap_images = 0;
}

/* ---- one task's ---- */

static char *text_or_null(const char *text)
{
    return (char *)(uintptr_t)text;
}

struct plan_guest guests_plan(const struct guests *guests, int32_t taskdef)
{
    struct vm_order order;

    order_for_task(guests, taskdef, &order);
    return (struct plan_guest){
        .qemu = text_or_null(guests->kit.qemu),
        .vmlinuz = text_or_null(guests->kit.vmlinuz),
        .vmlinux = text_or_null(guests->kit.vmlinux),
        .initramfs = text_or_null(guests->kit.initramfs),
        .kvm = guests->kit.kvm,
        .start = (int32_t)order.start,
        .memory_mib = order.memory_mib,
        .cpus = order.cpus,
        .memory_file = text_or_null(order.memory_file),
        .state_file = text_or_null(order.state_file),
        .images_disk = text_or_null(order.images_disk),
        .scratch_disk = text_or_null(order.scratch_disk),
        .more = text_or_null(order.more),
        .patience_usec = guests->patience_usec,
    };
}
