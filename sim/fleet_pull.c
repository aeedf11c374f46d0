/*
 * Images: asking the registry, then its layers, each over the network once for an instance, written
 * and unpacked, whatever image they belong to. Whoever asks while a layer is on its way waits for it,
 * whoever asks when all are there pays for the question alone.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Instance and layer of a flow: 28 bits each are more than there are. */
#define FLOW_BITS 28

static int64_t flow_of(int32_t instance, int32_t layer)
{
    return (int64_t)instance << FLOW_BITS | layer;
}

static int32_t instance_of(const struct fleet *fleet, int32_t task)
{
    return fleet->cluster->tasks[task].instance;
}

static const struct image *image_of(const struct fleet *fleet, int32_t image)
{
    return &fleet->scenario->images[image];
}

/* What is here ---------------------------------------------------------------------------------- */

static struct fleet_layer *find_layer(struct fleet_instance *instance, int32_t number)
{
    for (int i = 0; i < instance->n_layers; i++)
        if (instance->layers[i].number == number)
            return &instance->layers[i];
    return NULL;
}

static bool has_image(const struct fleet_instance *instance, int32_t image)
{
    for (int i = 0; i < instance->n_images; i++)
        if (instance->images[i] == image)
            return true;
    return false;
}

static bool has_layers(struct fleet_instance *instance, const struct image *image)
{
    for (int i = 0; i < image->n_layers; i++) {
        const struct fleet_layer *layer = find_layer(instance, image->layers[i].number);

        if (!layer || !layer->here)
            return false;
    }
    return true;
}

static bool is_part(const struct image *image, int32_t layer)
{
    for (int i = 0; i < image->n_layers; i++)
        if (image->layers[i].number == layer)
            return true;
    return false;
}

static void drop_layer(struct fleet_instance *instance, struct fleet_layer *layer)
{
    *layer = instance->layers[--instance->n_layers];
}

/* Layers that no other image has go with it. */
static void drop_image(struct fleet *fleet, struct fleet_instance *instance, int at)
{
    const struct image *image = image_of(fleet, instance->images[at]);

    instance->images[at] = instance->images[--instance->n_images];
    for (int i = 0; i < image->n_layers; i++) {
        struct fleet_layer *layer = find_layer(instance, image->layers[i].number);
        bool kept = !layer || !layer->here;

        for (int k = 0; k < instance->n_images && !kept; k++)
            kept = is_part(image_of(fleet, instance->images[k]), image->layers[i].number);
        if (!kept)
            drop_layer(instance, layer);
    }
}

void fleet_remove_image(struct fleet *fleet, int32_t id, const char *name)
{
    struct fleet_instance *instance = &fleet->instances[id];

    for (int i = instance->n_images - 1; i >= 0; i--)
        if (strcmp(image_of(fleet, instance->images[i])->name, name) == 0)
            drop_image(fleet, instance, i);
}

/* Layers on their way --------------------------------------------------------------------------- */

static void advance_pulls(struct fleet *fleet, int32_t id);

static void landed(struct fleet *fleet, int32_t id, struct fleet_layer *layer)
{
    if (layer->flow != ID_NONE || layer->writing != ID_NONE || layer->duty != ID_NONE)
        return;
    layer->here = true;
    advance_pulls(fleet, id);
}

static int64_t scaled(int64_t amount, int64_t permille)
{
    return amount / 1000 * permille + amount % 1000 * permille / 1000;
}

/* Microseconds for so many bytes. */
static int64_t bytes_usec(int64_t bytes, int64_t per_sec)
{
    if (per_sec == BYTES_PER_SEC_ANY)
        return 0;
    return bytes / per_sec * USEC_PER_SEC + bytes % per_sec * USEC_PER_SEC / per_sec;
}

/* The rate in a share of bytes: at most what fits, which is more than any network's. */
static uint64_t rate_of(int64_t per_sec)
{
    share_wide rate = (share_wide)per_sec * SHARE_ONE / USEC_PER_SEC;

    return rate >= SHARE_RATE_MAX ? SHARE_RATE_MAX : rate > 0 ? (uint64_t)rate : 1;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* An instance's own part of the network, of its disk. */
static int32_t part_of(struct fleet *fleet, enum fleet_common common, int32_t *group,
                       int64_t per_sec)
{
    if (*group == ID_NONE)
        *group = share_add_group(&fleet->common[common], SHARE_ROOT, SHARE_WEIGHT_OF_MEMBERS,
                                 fleet->costs.contention ? rate_of(per_sec) : SHARE_RATE_MAX,
                                 SHARE_PHASE_NONE);
    return *group;
}

static void write_and_unpack(struct fleet *fleet, int32_t id, struct fleet_layer *layer,
                             int64_t bytes, int64_t permille)
{
    struct fleet_instance *instance = &fleet->instances[id];
    const struct costs *costs = fleet_costs(fleet, id);
    int64_t disk = costs->disk_bytes_per_sec;
    int64_t cpu_usec = scaled(bytes_usec(bytes, costs->unpack_bytes_per_sec), permille);
    int32_t number = layer->number;

    if (disk != BYTES_PER_SEC_ANY && bytes > 0) {
        layer->writing = share_add_worker(&fleet->common[COMMON_DISK], fleet->now_usec,
                                          part_of(fleet, COMMON_DISK, &instance->disk_group, disk),
                                          1, rate_of(disk), scaled(bytes, permille),
                                          flow_of(id, number) << WHO_BITS | WHO_WRITE);
        fleet_queue_common(fleet, COMMON_DISK);
    }
    if (cpu_usec > 0) {
        layer->duty = fleet_new_duty(fleet, DUTY_UNPACK, id, number, 0);
        fleet_begin(fleet, layer->duty, (struct step_draw){0, cpu_usec});
        return;
    }
    landed(fleet, id, layer);
}

static int64_t layer_bytes(const struct fleet *fleet, int32_t number)
{
    for (int i = 0; i < fleet->scenario->n_images; i++)
        for (int k = 0; k < image_of(fleet, i)->n_layers; k++)
            if (image_of(fleet, i)->layers[k].number == number)
                return image_of(fleet, i)->layers[k].size_bytes;
    assert(!"a layer of an image");
    return 0;
}

static void fetch(struct fleet *fleet, int32_t id, const struct layer *what, int64_t permille)
{
    const struct costs *costs = fleet_costs(fleet, id);
    struct fleet_instance *instance = &fleet->instances[id];
    struct fleet_layer *layer = ARRAY_ADD(instance, layers);
    uint64_t cap =
        least(rate_of(costs->layer_bytes_per_sec),
              least(rate_of(costs->network_bytes_per_sec), rate_of(costs->registry_bytes_per_sec)));

    *layer = (struct fleet_layer){
        .number = what->number, .flow = ID_NONE, .writing = ID_NONE, .duty = ID_NONE};
    if (what->number == fleet->scenario->stand_in_layer) {
        layer->duty = fleet_new_duty(fleet, DUTY_UNPACK, id, what->number, 0);
        fleet_begin(fleet, layer->duty, costs_draw(costs, COST_STAND_IN, fleet->luck, id, 0));
        return;
    }
    if (cap == SHARE_RATE_MAX || what->size_bytes == 0) {
        write_and_unpack(fleet, id, layer, what->size_bytes, permille);
        return;
    }
    layer->flow = share_add_worker(
        &fleet->common[COMMON_NETWORK], fleet->now_usec,
        part_of(fleet, COMMON_NETWORK, &instance->network_group, costs->network_bytes_per_sec), 1,
        cap, scaled(what->size_bytes, permille), flow_of(id, what->number) << WHO_BITS | WHO_FLOW);
    fleet_queue_common(fleet, COMMON_NETWORK);
}

void fleet_flowed(struct fleet *fleet, int32_t id, int32_t number)
{
    struct fleet_layer *layer = find_layer(&fleet->instances[id], number);

    layer->flow = ID_NONE;
    write_and_unpack(fleet, id, layer, layer_bytes(fleet, number), 1000);
}

void fleet_written(struct fleet *fleet, int32_t id, int32_t number)
{
    struct fleet_layer *layer = find_layer(&fleet->instances[id], number);

    layer->writing = ID_NONE;
    landed(fleet, id, layer);
}

void fleet_unpacked(struct fleet *fleet, int32_t id, int32_t number)
{
    struct fleet_layer *layer = find_layer(&fleet->instances[id], number);

    layer->duty = ID_NONE;
    landed(fleet, id, layer);
}

static void cancel_layer(struct fleet *fleet, int32_t id, struct fleet_layer *layer)
{
    if (layer->flow != ID_NONE)
        share_remove_worker(&fleet->common[COMMON_NETWORK], fleet->now_usec, layer->flow);
    if (layer->writing != ID_NONE)
        share_remove_worker(&fleet->common[COMMON_DISK], fleet->now_usec, layer->writing);
    if (layer->duty != ID_NONE)
        fleet_cancel(fleet, layer->duty);
    drop_layer(&fleet->instances[id], layer);
    fleet_queue_common(fleet, COMMON_NETWORK);
    fleet_queue_common(fleet, COMMON_DISK);
}

/* Pulls ----------------------------------------------------------------------------------------- */

static void drop_pull(struct fleet_instance *instance, int at)
{
    instance->n_pulls--;
    memmove(&instance->pulls[at], &instance->pulls[at + 1],
            (size_t)(instance->n_pulls - at) * sizeof *instance->pulls);
}

/* awsvpc: a task's interface is made before anything of it is pulled. */
static int64_t interface_usec(struct fleet *fleet, const struct fleet_pull *pull)
{
    if (fleet_taskdef(fleet, pull->task)->definition->network_mode != NETWORK_AWSVPC)
        return 0;
    for (int32_t i = fleet->tasks[pull->task]; i != ID_NONE; i = fleet->containers[i].next)
        if (fleet->containers[i].phase != PHASE_PULLING)
            return 0;
    return fleet_draw(fleet, COST_ENI, pull->task, 0, 0).wait_usec;
}

static void ask(struct fleet *fleet, int32_t id, struct fleet_pull *pull)
{
    struct step_draw takes = fleet_draw(fleet, COST_PULL, pull->task, pull->container, 0);
    int32_t duty = fleet_new_duty(fleet, DUTY_ASK, id, pull->task, pull->container);

    takes.wait_usec = scaled(takes.wait_usec, pull->permille) + interface_usec(fleet, pull);
    pull->state = PULL_ASKS;
    pull->duty = duty;
    fleet_begin(fleet, duty, takes);
}

/* Puts it into the agent's hands. */
static void complete(struct fleet *fleet, int32_t id, int at)
{
    struct fleet_instance *instance = &fleet->instances[id];
    struct fleet_pull pull = instance->pulls[at];
    struct fleet_container *container = fleet_find(fleet, pull.task, pull.container);

    if (!has_image(instance, pull.image))
        *ARRAY_ADD(instance, images) = pull.image;
    drop_pull(instance, at);
    if (!container)
        return;
    fleet_enter(fleet, container, pull.task, PHASE_IDLE_AGENT, USEC_NEVER);
    fleet_tell(fleet, pull.task, pull.container, MESSAGE_IMAGE_PULLED, false);
}

/* One image at a time: the next may begin. */
static void begin_next(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];

    if (fleet_costs(fleet, id)->pull_queue && instance->n_pulls > 0 &&
        instance->pulls[0].state == PULL_WAITS)
        ask(fleet, id, &instance->pulls[0]);
}

/* Those whose image is there now are done. */
static void advance_pulls(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];
    bool goes_on = instance->thread.goes_on;

    instance->thread.goes_on = true; /* its agent hears of all of them at once */
    for (int i = 0; i < instance->n_pulls;) {
        const struct fleet_pull *pull = &instance->pulls[i];

        if (pull->state == PULL_FETCHES && has_layers(instance, image_of(fleet, pull->image)))
            complete(fleet, id, i);
        else
            i++;
    }
    begin_next(fleet, id);
    instance->thread.goes_on = goes_on;
    if (!goes_on)
        fleet_stepped(fleet, id);
}

/* The registry has answered: what is neither here nor on its way is fetched. */
void fleet_asked(struct fleet *fleet, int32_t duty_id)
{
    struct fleet_duty duty = fleet->duties[duty_id];
    struct fleet_instance *instance = &fleet->instances[duty.instance];
    const struct image *image;
    int64_t permille;
    int at = 0;

    fleet_free_duty(fleet, duty_id);
    while (at < instance->n_pulls && (instance->pulls[at].task != duty.task ||
                                      instance->pulls[at].container != duty.container))
        at++;
    assert(at < instance->n_pulls);
    instance->pulls[at].state = PULL_FETCHES;
    instance->pulls[at].duty = ID_NONE;
    image = image_of(fleet, instance->pulls[at].image);
    permille = instance->pulls[at].permille;
    for (int i = 0; i < image->n_layers; i++)
        if (!find_layer(instance, image->layers[i].number))
            fetch(fleet, duty.instance, &image->layers[i], permille);
    advance_pulls(fleet, duty.instance);
}

static void fail_pull(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    container->pull_fails = true;
    fleet_enter(fleet, container, task, PHASE_PULLING, PULL_INACTIVITY_USEC);
}

void fleet_pull(struct fleet *fleet, int32_t task, int c)
{
    int32_t id = instance_of(fleet, task);
    struct fleet_instance *instance = &fleet->instances[id];
    struct fleet_container *container = fleet_find(fleet, task, c);
    bool slow = fleet->now_usec < fleet->registry_slow_usec;
    bool first = instance->n_pulls == 0;

    container->pull_fails = false;
    if (fleet->now_usec < fleet->registry_dead_usec) {
        fail_pull(fleet, container, task);
        return;
    }
    fleet_enter(fleet, container, task, PHASE_PULLING, USEC_NEVER);
    if (fleet_pull_inside(fleet, task, c))
        return;
    *ARRAY_ADD(instance, pulls) =
        (struct fleet_pull){.image = fleet_taskdef(fleet, task)->images[c],
                            .task = task,
                            .duty = ID_NONE,
                            .permille = slow ? fleet->registry_permille : 1000,
                            .container = (uint8_t)c,
                            .state = PULL_WAITS};
    if (first || !fleet_costs(fleet, id)->pull_queue)
        ask(fleet, id, &instance->pulls[instance->n_pulls - 1]);
}

/* What is on its way stops coming. */
void fleet_kill_registry(struct fleet *fleet)
{
    for (int32_t id = 0; id < fleet->n_instances; id++) {
        struct fleet_instance *instance = &fleet->instances[id];

        for (int i = 0; i < instance->n_pulls; i++) {
            const struct fleet_pull *pull = &instance->pulls[i];
            struct fleet_container *container = fleet_find(fleet, pull->task, pull->container);

            if (container)
                fail_pull(fleet, container, pull->task);
        }
        fleet_drop_pulls(fleet, id);
    }
}

void fleet_drop_pulls(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];

    for (int i = 0; i < instance->n_pulls; i++)
        if (instance->pulls[i].duty != ID_NONE)
            fleet_cancel(fleet, instance->pulls[i].duty);
    instance->n_pulls = 0;
    for (int i = instance->n_layers - 1; i >= 0; i--)
        if (!instance->layers[i].here)
            cancel_layer(fleet, id, &instance->layers[i]);
}
