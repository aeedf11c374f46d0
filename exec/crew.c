/*
 * See crew.h. Members never move in memory, so the loop's tags and the channels stay good.
 */
#include "exec/crew_inside.h"

#include "core/array.h"
#include "exec/prints.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* An agent that was told to finish has no containers left to wait for. */
#define FINISH_USEC (10 * USEC_PER_SEC)

void crew_init(struct crew *crew, const struct controller_job *job, struct loop *loop,
               int64_t origin_usec)
{
    *crew = (struct crew){.job = job, .loop = loop, .origin_usec = origin_usec};
}

void crew_finish(struct crew *crew)
{
    for (int i = 0; i < crew->n_members; i++) {
        buffer_finish(&crew->members[i]->held.out);
        free(crew->members[i]);
    }
    free(crew->members);
    free(crew->lost);
    free(crew->restored);
    free(crew->used);
}

void crew_fail(struct crew *crew, const struct err *err)
{
    if (!crew->failed) {
        crew->failed = true;
        crew->err = *err;
    }
}

static struct member *find(const struct crew *crew, int32_t instance)
{
    return instance >= 0 && instance < crew->n_members ? crew->members[instance] : NULL;
}

/* The machine where its agent runs, else NULL. */
static struct machine *find_up(const struct crew *crew, int32_t instance)
{
    struct member *member = find(crew, instance);

    return member && member->machine.state == MACHINE_UP ? &member->machine : NULL;
}

void crew_lose(struct crew *crew, int32_t instance)
{
    *ARRAY_ADD(crew, lost) = instance;
}

int32_t crew_next_lost(struct crew *crew)
{
    int32_t instance;

    if (crew->n_lost == 0) {
        return ID_NONE;
    }
    instance = crew->lost[0];
    crew->n_lost--;
    memmove(&crew->lost[0], &crew->lost[1], (size_t)crew->n_lost * sizeof crew->lost[0]);
    return instance;
}

bool crew_all_gone(const struct crew *crew)
{
    for (int i = 0; i < crew->n_members; i++) {
        if (crew->members[i]->machine.state != MACHINE_GONE) {
            return false;
        }
    }
    return crew->n_lost == 0;
}

/* ---- coming and going ---- */

/* The group's type in the size that was launched: on Fargate the task's. */
static struct instance_type type_of(const struct crew *crew, const struct launch_instance *launch)
{
    const struct scenario *scenario = crew->job->scenario;
    int32_t id = scenario_group_type(&scenario->groups[launch->group], launch->type);
    struct instance_type type = {.name = "fargate"};

    if (id != ID_NONE) {
        type = scenario->types[id];
    }
    type.cpu = launch->cpu;
    type.memory_mib = launch->memory_mib;
    return type;
}

const char *crew_name(const struct member *member, char *text, size_t size)
{
    if (member->is_micro) {
        snprintf(text, size, "t%d's micro-VM", member->task + 1);
    } else {
        snprintf(text, size, "i%d", member->machine.instance + 1);
    }
    return text;
}

void crew_launch(struct crew *crew, const struct launch_instance *launch, int32_t epoch)
{
    const struct scenario_group *group = &crew->job->scenario->groups[launch->group];
    struct member *member = calloc(1, sizeof *member);
    int64_t boot_usec = 0;

    assert(member != NULL && launch->instance == crew->n_members);
    member->group = group;
    member->type = type_of(crew, launch);
    member->epoch = epoch;
    member->is_micro = launch->reason == LAUNCHED_FOR_TASK;
    member->task = launch->task;
    member->is_vm = member->is_micro || guests_has(crew->job->scenario, group);
    if (member->type.boot_given && !member->is_vm) {
        boot_usec = distribution_sample(&member->type.boot, crew->job->plans->seed, DRAW_BOOT,
                                        launch->instance, 0);
    }
    machine_init(&member->machine, launch->instance, loop_clock_usec() + boot_usec, boot_usec > 0);
    *ARRAY_ADD(crew, members) = member;
}

static bool is_cut(const struct crew *crew, int32_t instance)
{
    return crew->members[instance]->cut_until_usec > 0;
}

void crew_flush_machine(struct crew *crew, struct machine *machine)
{
    struct err err;

    if (is_cut(crew, machine->instance)) {
        channel_flush(&machine->channel); /* an order of the world's, a line: it goes at once */
        return;
    }

    if (!loop_watch(crew->loop, machine->channel.fd, machine->instance,
                    channel_flush(&machine->channel), &err)) {
        crew_fail(crew, &err);
    }
}

bool crew_kill(struct crew *crew, int32_t instance)
{
    struct member *member = find(crew, instance);

    if (!member || member->machine.state == MACHINE_GONE) {
        return false;
    }
    if (member->machine.state != MACHINE_BOOTING) {
        member->machine.rise.look_usec = INT64_MAX; /* nobody wonders why it did not come up */
        machine_kill(&member->machine);             /* SIGCHLD brings the rest */
    } else {
        member->machine.state = MACHINE_GONE;
        crew_lose(crew, instance);
    }
    return true;
}

void crew_kill_all(struct crew *crew)
{
    for (int i = 0; i < crew->n_members; i++) {
        crew_kill(crew, i);
    }
}

void crew_terminate(struct crew *crew, int32_t instance)
{
    struct machine *machine = find_up(crew, instance);

    if (!machine) {
        crew_kill(crew, instance);
        return;
    }
    channel_send(&machine->channel, WORD_FINISH, &nothing_schema, NULL);
    machine->kill_at_usec = loop_clock_usec() + FINISH_USEC;
    crew_flush_machine(crew, machine);
}

void crew_registry(struct crew *crew, const struct registry_order *order)
{
    crew->registry = *order;
    for (int i = 0; i < crew->n_members; i++) {
        struct machine *machine = find_up(crew, i);

        if (machine) {
            channel_send(&machine->channel, WORD_REGISTRY, &registry_order_schema, order);
            crew_flush_machine(crew, machine);
        }
    }
}

/* ---- cut connections ---- */

/* An event of the world's to the agent's machine. */
static void tell_machine(struct machine *machine, enum message_kind kind)
{
    struct message event = message_new(kind);

    channel_send_message(&machine->channel, &event);
}

bool crew_cut(struct crew *crew, int32_t instance, int64_t for_usec)
{
    struct machine *machine = find_up(crew, instance);
    int64_t now_usec = loop_clock_usec(), until_usec;

    if (!machine) {
        return false;
    }
    until_usec = for_usec < INT64_MAX - now_usec ? now_usec + for_usec : INT64_MAX;
    if (!is_cut(crew, instance)) {
        tell_machine(machine, MESSAGE_DISCONNECTED);
        crew->members[instance]->cut_until_usec = until_usec;
        crew_flush_machine(crew, machine);
        loop_forget(crew->loop, machine->channel.fd);
    } else if (until_usec > crew->members[instance]->cut_until_usec) {
        crew->members[instance]->cut_until_usec = until_usec;
    }
    return true;
}

static void restore(struct crew *crew, struct member *member)
{
    member->cut_until_usec = 0;
    if (member->machine.state == MACHINE_UP) {
        tell_machine(&member->machine, MESSAGE_CONNECTED);
        channel_send_lines(&member->machine.channel, member->held.out.text,
                           member->held.out.length);
        crew_flush_machine(crew, &member->machine);
        *ARRAY_ADD(crew, restored) = member->machine.instance;
    }
    buffer_clear(&member->held.out);
}

void crew_restore(struct crew *crew)
{
    for (int i = 0; i < crew->n_members; i++) {
        if (is_cut(crew, i)) {
            restore(crew, crew->members[i]);
        }
    }
}

int32_t crew_next_restored(struct crew *crew)
{
    return crew->n_restored > 0 ? crew->restored[--crew->n_restored] : ID_NONE;
}

int64_t crew_advance(struct crew *crew)
{
    int64_t next_usec = INT64_MAX;

    for (int i = 0; i < crew->n_members; i++) {
        struct machine *machine = &crew->members[i]->machine;
        int64_t *due_usec =
            machine->state == MACHINE_BOOTING ? &machine->boot_at_usec : &machine->kill_at_usec;

        if (machine->state == MACHINE_GONE) {
            continue;
        }
        if (*due_usec <= loop_clock_usec()) {
            *due_usec = INT64_MAX;
            if (machine->state == MACHINE_BOOTING) {
                crew_boot(crew, crew->members[i]);
            } else {
                machine_kill(machine);
            }
        }
        if (is_cut(crew, i)) {
            if (crew->members[i]->cut_until_usec <= loop_clock_usec()) {
                restore(crew, crew->members[i]);
            } else if (crew->members[i]->cut_until_usec < next_usec) {
                next_usec = crew->members[i]->cut_until_usec;
            }
        }
        if (machine->state == MACHINE_RISING) {
            crew_watch_rise(crew, machine);
            due_usec = &machine->rise.look_usec;
        }
        next_usec = *due_usec < next_usec ? *due_usec : next_usec;
    }
    return next_usec;
}

int32_t crew_reap(struct crew *crew)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        for (int i = 0; i < crew->n_members; i++) {
            struct machine *machine = &crew->members[i]->machine;

            if ((machine->state == MACHINE_UP || machine->state == MACHINE_RISING) &&
                machine->pid == pid) {
                crew->members[i]->cut_until_usec = 0; /* what it said last is in the socket */
                return i;
            }
        }
    }
    return ID_NONE;
}

void crew_bury(struct crew *crew, int32_t instance)
{
    const struct machine *machine = &crew->members[instance]->machine;
    char words[256], name[32];

    if (machine->state == MACHINE_RISING && machine->rise.look_usec < INT64_MAX) {
        fprintf(stderr, "berth: %s ended before it had come up. Its console said last: %s\n",
                crew_name(crew->members[instance], name, sizeof name),
                vm_last_words(&machine->vm, words, sizeof words)[0] ? words : "nothing");
    }
    machine_bury(&crew->members[instance]->machine, crew->job->run, crew->job->cgroups);
    if (crew->members[instance]->has_memory) {
        guests_release(crew->job->guests, &crew->members[instance]->type,
                       crew->members[instance]->is_micro);
        crew->members[instance]->has_memory = false;
    }
    crew_lose(crew, instance);
}

/* ---- what tasks use ---- */

/* A task goes to that agent, which alone may speak of it. */
static void expect_used(struct crew *crew, int32_t instance, const struct place_task *place)
{
    const struct task_definition *definition = crew->job->plans->list[place->taskdef].definition;

    while (crew->n_used <= place->task) {
        *ARRAY_ADD(crew, used) = (struct crew_used){.instance = ID_NONE};
    }
    crew->used[place->task] = (struct crew_used){
        .instance = instance,
        .of_guest = crew->members[instance]->is_vm || definition->machine != NULL,
    };
}

static bool take_used(struct crew *crew, int32_t instance, const struct line *line, struct err *err)
{
    struct used used;

    if (!codec_read_struct(line->json, line->length, &used_schema, &used, err)) {
        return false;
    }
    if (used.task < 0 || used.task >= crew->n_used || crew->used[used.task].instance != instance ||
        !crew->used[used.task].of_guest) {
        return err_set(err, EXIT_BUG, "what a task used that is not its own");
    }
    crew->used[used.task].used = used;
    crew->used[used.task].told = true;
    return true;
}

bool crew_usage(const struct crew *crew, int32_t instance, int32_t task, struct cgroup_usage *usage)
{
    const struct member *member = find(crew, instance);
    char path[sizeof member->machine.group + 16];
    struct err err;

    if (!member || member->machine.state != MACHINE_UP) {
        return false;
    }
    if (task < crew->n_used && crew->used[task].of_guest) {
        const struct used *used = &crew->used[task].used;

        *usage = (struct cgroup_usage){.cpu_usec = used->cpu_usec,
                                       .throttled_usec = used->throttled_usec,
                                       .memory_bytes = used->memory_bytes};
        return crew->used[task].told;
    }
    if (crew->job->cgroups->kind == CGROUP_NONE) {
        return false;
    }
    snprintf(path, sizeof path, "%s/t%d", member->machine.group, task + 1);
    return cgroup_read(crew->job->cgroups, path, usage, &err);
}

/* ---- talking and listening ---- */

bool crew_send(struct crew *crew, int32_t instance, const struct message *message)
{
    struct machine *machine = find_up(crew, instance);
    struct channel *channel;
    struct duty duty;

    if (!machine) {
        return false;
    }
    channel = is_cut(crew, instance) ? &crew->members[instance]->held : &machine->channel;
    if (message->kind == MESSAGE_PLACE_TASK) {
        duty = plans_duty(crew->job->plans, message->as.place_task.task,
                          message->as.place_task.taskdef);
        channel_send(channel, WORD_DUTY, &duty_schema, &duty);
        free(duty.containers);
        expect_used(crew, instance, &message->as.place_task);
    }
    channel_send_message(channel, message);
    crew_flush_machine(crew, machine);
    return true;
}

bool crew_fault(struct crew *crew, int32_t instance, const struct fault_order *order)
{
    struct machine *machine = find_up(crew, instance);

    if (!machine) {
        return false;
    }
    channel_send(&machine->channel, WORD_FAULT, &fault_order_schema, order);
    crew_flush_machine(crew, machine);
    return true;
}

void crew_flush(struct crew *crew, int32_t instance)
{
    struct machine *machine = find_up(crew, instance);

    if (machine) {
        crew_flush_machine(crew, machine);
    }
}

static bool take_record(const struct machine *machine, const struct line *line,
                        struct record *record, struct err *err)
{
    if (!codec_read_record(line->json, line->length, record, err)) {
        return false;
    }
    if (record->machine == machine->instance) {
        return true;
    }
    record_finish(record);
    return err_set(err, EXIT_BUG, "a record that is not its own");
}

static bool take_finished(struct crew *crew, const struct machine *machine, const struct line *line,
                          struct err *err)
{
    struct finished finished;
    struct err why;

    if (!codec_read_struct(line->json, line->length, &finished_schema, &finished, err)) {
        return false;
    }
    if (finished.error) {
        err_set(&why, EXIT_MACHINE, "%s", finished.error);
        crew_fail(crew, &why);
    }
    schema_finish(&finished_schema, &finished);
    if (machine->is_vm) {
        machine_kill(machine); /* nothing lives there any more, and it would take its time to end */
    }
    return true;
}

/* Once a guest knows what time it is, it is an instance like any other. */
static void tell_time(struct crew *crew, struct member *member, int64_t clock_usec)
{
    const struct reading reading = {clock_usec, loop_clock_usec() - crew->origin_usec};

    if (rise_asks(&member->machine.rise, &member->machine.channel, &reading)) {
        member->machine.state = MACHINE_UP;
        crew_introduce(crew, member, &reading);
    } else {
        crew_flush_machine(crew, &member->machine);
    }
}

static bool take_hello(struct crew *crew, struct member *member, const struct line *line,
                       struct err *err)
{
    struct machine *machine = &member->machine;
    struct hello hello;

    if (machine->state != MACHINE_RISING || machine->rise.heard) {
        return err_set(err, EXIT_BUG, "a second hello");
    }
    if (!codec_read_struct(line->json, line->length, &hello_schema, &hello, err)) {
        return false;
    }
    rise_hear(&machine->rise, &machine->vm, crew->job->guests->kit.kvm, &hello);
    tell_time(crew, member, hello.clock_usec);
    schema_finish(&hello_schema, &hello);
    return true;
}

static bool take_clock(struct crew *crew, struct member *member, const struct line *line,
                       struct err *err)
{
    struct reading reading;

    if (member->machine.state != MACHINE_RISING || !member->machine.rise.heard) {
        return err_set(err, EXIT_BUG, "nobody asks for the time now");
    }
    if (!codec_read_struct(line->json, line->length, &reading_schema, &reading, err)) {
        return false;
    }
    tell_time(crew, member, reading.clock_usec);
    return true;
}

static bool take_print(const struct crew *crew, const struct line *line, struct err *err)
{
    struct print_line print;
    size_t n;
    char *bytes;

    if (!codec_read_struct(line->json, line->length, &print_line_schema, &print, err)) {
        return false;
    }
    bytes = print.name && print.bytes ? protocol_unhex(print.bytes, &n) : NULL;
    if (bytes && crew->job->prints) {
        prints_append(crew->job->prints, print.name, bytes, n);
    }
    free(bytes);
    schema_finish(&print_line_schema, &print);
    return bytes || err_set(err, EXIT_BUG, "what was printed is no bytes");
}

static bool take_line(struct crew *crew, struct member *member, const struct line *line,
                      struct record *record, struct err *err)
{
    const struct machine *machine = &member->machine;

    switch (line->word) {
    case WORD_HELLO:
        return take_hello(crew, member, line, err);
    case WORD_CLOCK:
        return take_clock(crew, member, line, err);
    case WORD_PRINT:
        return take_print(crew, line, err);
    case WORD_USED:
        return take_used(crew, machine->instance, line, err);
    case WORD_RECORD:
        return take_record(machine, line, record, err);
    case WORD_FINISHED:
        return take_finished(crew, machine, line, err);
    default:
        return err_set(err, EXIT_BUG, "a line for agents");
    }
}

bool crew_hear(struct crew *crew, int32_t instance, struct record *record)
{
    struct member *member = find(crew, instance);
    struct machine *machine = member ? &member->machine : NULL;
    struct line line;
    struct err err;

    if (!machine || is_cut(crew, instance) ||
        (machine->state != MACHINE_UP && machine->state != MACHINE_RISING)) {
        return false;
    }
    channel_fill(&machine->channel);
    while (channel_next(&machine->channel, &line)) {
        if (!take_line(crew, member, &line, record, &err)) {
            fprintf(stderr, "berth: i%d's agent talks nonsense (%s) and is ended\n", instance + 1,
                    err.text);
            channel_reject(&machine->channel);
        } else if (line.word == WORD_RECORD) {
            return true;
        }
    }
    if (machine->channel.closed) {
        loop_forget(crew->loop, machine->channel.fd);
        machine_kill(machine);
    }
    return false;
}
