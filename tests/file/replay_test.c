/*
 * The replay accepts what machines did and nothing else: whatever number of a log is changed, it
 * names the event; whatever a machine would not have done, it names the member.
 */
#include "file/replay.h"

#include "core/array.h"
#include "core/draw.h"
#include "sample.h"
#include "tiny.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static char path[64];
static struct tiny run;

static void make_run(void)
{
    int fd;

    strcpy(path, "/tmp/berth-replay-test-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    tiny_whole_run(&run);
}

static void remove_run(void)
{
    tiny_finish(&run);
    unlink(path);
}

TestSuite(replay, .init = make_run, .fini = remove_run);

static bool replay_path(struct err *err)
{
    struct replay replay;
    bool ok = replay_file(&replay, path, err);

    replay_finish(&replay);
    return ok;
}

/* The records in the given order; `order` NULL: as they are. */
static bool replay_records(const int *order, int n, const struct run_summary *summary,
                           struct err *err)
{
    struct replay replay;
    bool ok = true;

    replay_init(&replay, TINY_SEED, TINY_EPOCH_USEC);
    for (int i = 0; i < n && ok; i++)
        ok = replay_step(&replay, &run.records[order ? order[i] : i], err);
    ok = ok && replay_end(&replay, summary, err);
    replay_finish(&replay);
    return ok;
}

Test(replay, a_run_is_identical)
{
    struct err err = {0};
    struct replay replay;
    struct buffer text = {0};
    char wanted[120];

    tiny_write(&run, path, true);
    cr_assert(replay_file(&replay, path, &err), "%s", err.text);
    replay_describe(&replay, &text);
    snprintf(wanted, sizeof wanted,
             "replay: identical (%" PRId64 " events, %" PRId64 " decisions, 4 machines)\n",
             run.summary.events, run.summary.decisions);
    cr_assert(strncmp(text.text, wanted, strlen(wanted)) == 0, "%s", text.text);
    cr_assert(strstr(text.text, "i2 was killed after its event ") != NULL, "%s", text.text);
    cr_assert(strstr(text.text, "i1 was killed") == NULL, "%s", text.text);
    buffer_finish(&text);
    replay_finish(&replay);
}

/* Whole scenarios of tests/sim/capacity_test.c have these, and are replayed there. */
static bool is_of_capacity(enum message_kind kind)
{
    return kind == MESSAGE_CREATE_CAPACITY_PROVIDER || kind == MESSAGE_PUT_CLUSTER_PROVIDERS ||
           kind == MESSAGE_SPOT_WARNING || kind == MESSAGE_DRAIN_INSTANCE ||
           kind == MESSAGE_CAPACITY || kind == MESSAGE_GIVE_UP_TASK || kind == MESSAGE_BILL;
}

/* The run is only worth something as an example if it holds every kind of event. */
Test(replay, the_example_has_every_kind_of_event)
{
    bool seen[MESSAGE_KINDS] = {0};

    for (int i = 0; i < run.n_records; i++) {
        seen[run.records[i].event.kind] = true;
        for (int j = 0; j < run.records[i].outputs.n_messages; j++)
            seen[run.records[i].outputs.messages[j].kind] = true;
    }
    for (int kind = 0; kind < MESSAGE_KINDS; kind++)
        cr_assert(seen[kind] || is_of_capacity((enum message_kind)kind), "no %s",
                  message_kind_names[kind]);
}

/* Text ----------------------------------------------------------------------------------------- */

static char *read_file(size_t *length)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 22);

    *length = fread(text, 1, (1 << 22) - 1, file);
    text[*length] = '\0';
    fclose(file);
    return text;
}

static void write_parts(const char *before, size_t n_before, const char *middle, const char *after)
{
    FILE *file = fopen(path, "w");

    cr_assert(fwrite(before, 1, n_before, file) == n_before);
    cr_assert(fputs(middle, file) >= 0 && fputs(after, file) >= 0);
    cr_assert(fclose(file) == 0);
}

/* The end of the event's object in a line, or the line's end. */
static const char *end_of_event(const char *line)
{
    const char *event = strstr(line, "\"event\":");
    int depth = 0;

    for (const char *at = event; *at != '\n'; at++) {
        depth += (*at == '{') - (*at == '}');
        if (depth == 0 && *at == '}')
            return at;
    }
    return event;
}

/* Changes one number of an event on line `number` and expects the replay to name both. */
static void expect_named(const char *text, const char *digits, size_t n, const char *changed,
                         int line, const char *machine, int64_t seq)
{
    struct err err = {0};
    char place[100], event[100];

    write_parts(text, (size_t)(digits - text), changed, digits + n);
    cr_assert(!replay_path(&err), "line %d: %.*s became %s and nobody saw it: %.200s", line, (int)n,
              digits, changed, digits - 60);
    cr_assert(err.code == EXIT_ANSWER, "%s", err.text);
    snprintf(place, sizeof place, "%s:%d: ", path, line);
    cr_assert(strncmp(err.text, place, strlen(place)) == 0, "%s but it said: %s", place, err.text);
    /* Where the number of the event or the name of the machine itself was changed, the line has
     * said it all. */
    snprintf(event, sizeof event, "%s event %" PRId64, machine, seq);
    if (strncmp(digits - 6, "\"seq\":", 6) != 0 && strncmp(digits - 6, "\"m\":\"i", 6) != 0)
        cr_assert(strstr(err.text, event) != NULL, "%s but it said: %s", event, err.text);
}

static void change_every_number(const char *text, const char *line, int number)
{
    const char *end = end_of_event(line);
    char machine[20] = "scheduler";
    int64_t seq = strtoll(strstr(line, "\"seq\":") + 6, NULL, 10);

    sscanf(line, "{\"m\":\"%19[i0-9]\"", machine);
    for (const char *at = line; at < end; at++) {
        size_t n = strspn(at, "0123456789");
        char more[64];
        bool in_word = isalpha((unsigned char)at[-1]) && isalpha((unsigned char)at[-2]);

        if (n == 0 || in_word)
            continue;
        snprintf(more, sizeof more, "%llu", strtoull(at, NULL, 10) + 1);
        expect_named(text, at, n, more, number, machine, seq);
        expect_named(text, at, n, *at == '0' ? "1073741825" : "0", number, machine, seq);
        at += n;
    }
}

Test(replay, no_number_of_any_event_can_be_changed)
{
    size_t length;
    char *text;
    int number = 1, n_lines = 0;
    bool seen[MESSAGE_KINDS] = {0};

    tiny_write(&run, path, true);
    text = read_file(&length);
    for (char *line = strchr(text, '\n') + 1; strstr(line, "\"event\":"); number++) {
        char *next = strchr(line, '\n') + 1;
        enum message_kind kind = run.records[number - 1].event.kind;

        /* Each kind at its first, and a quarter of all lines. */
        if (!seen[kind] || number % 4 == 0) {
            change_every_number(text, line, number + 1);
            n_lines++;
        }
        seen[kind] = true;
        line = next;
    }
    cr_assert(number == run.n_records + 1);
    cr_assert(n_lines > 20);
    free(text);
}

Test(replay, no_number_of_the_summary_can_be_changed)
{
    size_t length;
    char *text, *summary;

    tiny_write(&run, path, true);
    text = read_file(&length);
    summary = strstr(text, "{\"end\":");
    for (char *at = summary; *at; at++) {
        struct err err = {0};
        char changed[2] = {*at == '9' ? '1' : (char)(*at + 1), '\0'};

        if (!isdigit((unsigned char)*at))
            continue;
        write_parts(text, (size_t)(at - text), changed, at + 1);
        cr_assert(!replay_path(&err), "%s", at);
        cr_assert(err.code == EXIT_ANSWER && strstr(err.text, "summary: ") != NULL, "%s", err.text);
    }
    free(text);
}

Test(replay, a_line_that_is_gone_is_missed)
{
    size_t length;
    char *text, *next;

    tiny_write(&run, path, true);
    text = read_file(&length);
    for (char *line = strchr(text, '\n') + 1; strstr(line, "\"event\":"); line = next) {
        struct err err = {0};

        next = strchr(line, '\n') + 1;
        write_parts(text, (size_t)(line - text), "", next);
        cr_assert(!replay_path(&err) && err.code == EXIT_ANSWER, "%.100s", line);
    }
    free(text);
}

Test(replay, a_cut_log_is_replayed_up_to_its_last_whole_line)
{
    size_t length;
    char *text;

    tiny_write(&run, path, true);
    text = read_file(&length);
    for (size_t cut = length - 2; cut > 2000; cut -= 701) {
        struct err err = {0};
        struct replay replay;
        struct buffer said = {0};

        write_parts(text, cut, "", "");
        cr_assert(replay_file(&replay, path, &err), "%s", err.text);
        cr_assert(replay.truncated);
        replay_describe(&replay, &said);
        cr_assert(strstr(said.text, "replayed up to its last whole line") != NULL);
        buffer_finish(&said);
        replay_finish(&replay);
    }
    free(text);
}

Test(replay, a_log_that_does_not_hold_everything_says_so)
{
    struct run_header header = {.seed = 1, .scale_numerator = 1, .scale_denominator = 1};
    struct err err = {0};
    struct runlog_writer *writer = runlog_create(path, &header, LOG_TASKS, &err);

    cr_assert(runlog_close(writer, &run.summary, &err), "%s", err.text);
    cr_assert(!replay_path(&err) && err.code == EXIT_INPUT);
    cr_assert(strstr(err.text, "--log=tasks") && strstr(err.text, "--log=all"), "%s", err.text);
}

Test(replay, another_version_is_said)
{
    size_t length;
    char *text, *version;
    struct err err = {0};

    tiny_write(&run, path, true);
    text = read_file(&length);
    version = strstr(text, "\"version\":\"") + 11;
    *version = '9';
    write_parts(text, length, "", "");
    cr_assert(replay_path(&err), "a log that is identical is, whoever wrote it: %s", err.text);
    strstr(text, "\"t\":2000000,")[4] = '3';
    write_parts(text, length, "", "");
    cr_assert(!replay_path(&err));
    cr_assert(strstr(err.text, "(the log is from berth 9") != NULL, "%s", err.text);
    free(text);
}

/* Records -------------------------------------------------------------------------------------- */

/* The record of `machine` that holds the first event of a kind. */
static int find(int machine, enum message_kind kind)
{
    for (int i = 0; i < run.n_records; i++)
        if (run.records[i].machine == machine && run.records[i].event.kind == kind)
            return i;
    cr_assert_fail("no such record");
    return 0;
}

Test(replay, records_may_stand_in_any_order_that_keeps_each_machines_own)
{
    struct err err = {0};
    int *order = malloc((size_t)run.n_records * sizeof *order);

    /* All agents' records after all of the scheduler's: the latest that agents can arrive. */
    for (int m = ID_NONE, n = 0; m < TINY_INSTANCES; m++)
        for (int i = 0; i < run.n_records; i++)
            if (run.records[i].machine == m)
                order[n++] = i;
    cr_assert(replay_records(order, run.n_records, &run.summary, &err), "%s", err.text);
    free(order);
}

Test(replay, a_letter_that_comes_before_its_sender_must_still_be_its_own)
{
    struct err err = {0};
    int *order = malloc((size_t)run.n_records * sizeof *order);

    for (int m = ID_NONE, n = 0; m < TINY_INSTANCES; m++)
        for (int i = 0; i < run.n_records; i++)
            if (run.records[i].machine == m)
                order[n++] = i;
    run.records[find(ID_NONE, MESSAGE_TASK_STATE)].event.as.task_state.containers[0].oom = true;
    cr_assert(!replay_records(order, run.n_records, &run.summary, &err));
    cr_assert(strstr(err.text, "scheduler event ") && strstr(err.text, " (taskState t1) at ") &&
                  strstr(err.text, "it is not what i") &&
                  strstr(err.text, " sent as its message 2: containers[0].oom: it sent nothing, "
                                   "was received true"),
              "%s", err.text);
    free(order);
}

Test(replay, a_machine_cannot_swap_two_of_its_records)
{
    struct err err = {0};
    int *order = malloc((size_t)run.n_records * sizeof *order);

    for (int i = 0; i < run.n_records; i++)
        order[i] = i;
    order[0] = 1;
    order[1] = 0;
    cr_assert(!replay_records(order, run.n_records, &run.summary, &err));
    cr_assert(strstr(err.text, "scheduler event 2 (CreateTargetGroup b1)") != NULL, "%s", err.text);
    free(order);
}

/* Adds one to the first, second, ... scalar of a message; false past the last. */
static bool bump(const struct schema *schema, void *record, int *which)
{
    for (int i = 0; i < schema->n_fields; i++) {
        const struct field *field = &schema->fields[i];
        char *at = (char *)record + field->offset;

        if (field->type == FIELD_RECORD) {
            if (*(void **)at && bump(field->of, *(void **)at, which))
                return true;
            continue;
        }
        for (int j = 0; field->type == FIELD_LIST && j < schema_list_length(field, record); j++)
            if (bump(field->of, schema_list_item(field, record, j), which))
                return true;
        if (field->type == FIELD_LIST || (*which)-- > 0)
            continue;
        if (field->type == FIELD_TEXT) {
            free(*(char **)at);
            *(char **)at = *(char **)at ? NULL : strdup("other");
        } else if (field->type == FIELD_LONG || field->type == FIELD_LATER) {
            ++*(int64_t *)at;
        } else if (field->type == FIELD_BOOL) {
            *(bool *)at = !*(bool *)at;
        } else if (field->type == FIELD_ENUM) {
            *(int32_t *)at = *(int32_t *)at == 0;
        } else {
            ++*(int32_t *)at;
        }
        return true;
    }
    return false;
}

/* Replays up to record `last`, which is given instead of the run's own. */
static bool replay_with(int last, const struct record *instead, struct err *err)
{
    struct replay replay;
    bool ok = true;

    replay_init(&replay, TINY_SEED, TINY_EPOCH_USEC);
    for (int i = 0; i < last && ok; i++)
        ok = replay_step(&replay, &run.records[i], err);
    cr_assert(ok, "%s", err->text);
    ok = replay_step(&replay, instead, err);
    replay_finish(&replay);
    return ok;
}

/* The whole run, with another record in the place of record `index`. */
static bool replay_whole_with(int index, const struct record *instead, struct err *err)
{
    struct record own = run.records[index];
    bool ok;

    run.records[index] = *instead;
    ok = replay_records(NULL, run.n_records, &run.summary, err);
    run.records[index] = own;
    return ok;
}

static void expect_member_named(int i, int j, int which)
{
    const struct message *output = &run.records[i].outputs.messages[j];
    struct record changed = run.records[i];
    struct message copy;
    struct err err = {0};
    char wanted[40], member[256] = "";

    message_copy(&copy, output);
    cr_assert(bump(&message_types[copy.kind].schema, &copy.as, &which));
    cr_assert(!message_equal(output, &copy, member, sizeof member));
    changed.outputs.messages = malloc((size_t)changed.outputs.n_messages * sizeof copy);
    memcpy(changed.outputs.messages, run.records[i].outputs.messages,
           (size_t)changed.outputs.n_messages * sizeof copy);
    changed.outputs.messages[j] = copy;
    cr_assert(!replay_with(i, &changed, &err));
    snprintf(wanted, sizeof wanted, "output %d: ", j + 1);
    cr_assert(err.code == EXIT_ANSWER && strstr(err.text, wanted) && strstr(err.text, member),
              "%s of %s in %s", member, wanted, err.text);
    free(changed.outputs.messages);
    message_finish(&copy);
}

static int count_members(const struct message *message)
{
    int n = 0;

    for (;; n++) {
        struct message copy;
        int which = n;
        bool more;

        message_copy(&copy, message);
        more = bump(&message_types[copy.kind].schema, &copy.as, &which);
        message_finish(&copy);
        if (!more)
            return n;
    }
}

Test(replay, a_machine_that_would_do_otherwise_is_named_with_the_member)
{
    bool seen[MESSAGE_KINDS] = {0};
    int n_changed = 0;

    for (int i = 0; i < run.n_records; i++) {
        for (int j = 0; j < run.records[i].outputs.n_messages; j++) {
            const struct message *output = &run.records[i].outputs.messages[j];

            for (int which = 0; !seen[output->kind] && which < count_members(output); which++) {
                expect_member_named(i, j, which);
                n_changed++;
            }
            seen[output->kind] = true;
        }
    }
    cr_assert(n_changed > 40, "%d", n_changed);
}

Test(replay, values_are_said_on_both_sides)
{
    for (int i = 0; i < run.n_records; i++) {
        const struct record *record = &run.records[i];
        struct record changed = *record;
        struct message first;
        struct err err = {0};

        if (record->outputs.n_messages == 0 ||
            record->outputs.messages[0].kind != MESSAGE_TASK_STATE ||
            record->event.kind != MESSAGE_CONTAINER_STARTED)
            continue;
        first = record->outputs.messages[0];
        first.as.task_state.status = TASK_STOPPED;
        changed.outputs.messages = &first;
        cr_assert(!replay_with(i, &changed, &err));
        cr_assert(strstr(err.text, " (containerStarted t1) at ") != NULL, "%s", err.text);
        cr_assert(
            strstr(err.text, " s: output 1: status: log says STOPPED, the agent says RUNNING"),
            "%s", err.text);
        return;
    }
    cr_assert_fail("the run has no such record");
}

Test(replay, one_output_too_many_or_too_few_is_named)
{
    for (int i = 0; i < run.n_records; i++) {
        struct record changed = run.records[i];
        struct message two[2];
        struct err err = {0};

        if (changed.outputs.n_messages != 1)
            continue;
        changed.outputs.n_messages = 0;
        cr_assert(!replay_with(i, &changed, &err));
        cr_assert(strstr(err.text, "output 1: log says nothing, the ") != NULL, "%s", err.text);
        two[0] = run.records[i].outputs.messages[0];
        two[1] = two[0];
        changed.outputs = (struct outputs){two, 2, 2};
        cr_assert(!replay_with(i, &changed, &err));
        cr_assert(strstr(err.text, "output 2: log says ") != NULL &&
                      strstr(err.text, " says nothing") != NULL,
                  "%s", err.text);
        return;
    }
    cr_assert_fail("no record has one output");
}

/* A letter that its sender did not write so is found even where the line carries a good digest. */
Test(replay, what_was_not_sent_cannot_be_received)
{
    bool seen[MESSAGE_KINDS] = {0};

    for (int i = 0; i < run.n_records; i++) {
        const struct message *event = &run.records[i].event;

        if (seen[event->kind] || message_types[event->kind].from == PARTY_WORLD)
            continue;
        seen[event->kind] = true;
        for (int which = -1; which < count_members(event); which++) {
            struct record changed = run.records[i];
            struct err err = {0};
            int nth = which;

            message_copy(&changed.event, event);
            if (which < 0)
                changed.event.id--;
            else
                cr_assert(bump(&message_types[event->kind].schema, &changed.event.as, &nth));
            cr_assert(!replay_whole_with(i, &changed, &err), "member %d of %s", which,
                      message_kind_names[event->kind]);
            cr_assert(err.code == EXIT_ANSWER);
            message_finish(&changed.event);
        }
    }
    cr_assert(seen[MESSAGE_PLACE_TASK] && seen[MESSAGE_STOP_TASK] && seen[MESSAGE_REGISTER] &&
              seen[MESSAGE_TASK_STATE]);
}

Test(replay, nothing_is_received_twice)
{
    for (int i = 0; i < run.n_records; i++) {
        struct replay replay;
        struct record again = run.records[i];
        struct err err = {0};

        if (message_types[again.event.kind].from == PARTY_WORLD)
            continue;
        again.seq++;
        replay_init(&replay, TINY_SEED, TINY_EPOCH_USEC);
        for (int j = 0; j <= i; j++)
            cr_assert(replay_step(&replay, &run.records[j], &err));
        cr_assert(!replay_step(&replay, &again, &err));
        cr_assert(strstr(err.text, "or it was received before") != NULL, "%s", err.text);
        replay_finish(&replay);
    }
}

Test(replay, what_a_machine_never_sent_is_missed_at_the_end)
{
    struct err err = {0};
    struct run_summary summary;
    int *order = malloc((size_t)run.n_records * sizeof *order);
    int n = 0, last = 0, silent = 2;

    /* i3 lived to the end of the run: without its last report the scheduler heard what nobody
     * said. */
    for (int i = 0; i < run.n_records; i++)
        if (run.records[i].machine != silent ||
            run.records[i].event.kind != MESSAGE_CONTAINER_EXITED)
            order[n++] = last = i;
        else
            break;
    for (int i = last + 1; i < run.n_records; i++)
        if (run.records[i].machine != silent)
            order[n++] = i;
    summary = run.summary;
    cr_assert(n < run.n_records);
    cr_assert(!replay_records(order, n, &summary, &err));
    cr_assert(strstr(err.text, "(taskState t") && strstr(err.text, "i3 never sent it"), "%s",
              err.text);
    cr_assert(replay_records(order, n, NULL, &err), "a cut log may lack it: %s", err.text);
    free(order);
}

Test(replay, what_was_sent_and_never_received_needs_a_reason)
{
    struct err err = {0};
    int placed = find(0, MESSAGE_PLACE_TASK);
    struct run_summary summary = run.summary;

    /* Up to just before i1 hears of its first task, with a summary that claims to be the end. */
    cr_assert(!replay_records(NULL, placed, &summary, &err));
    cr_assert(strstr(err.text, "i1 never received the placeTask it sent") != NULL, "%s", err.text);
    cr_assert(replay_records(NULL, placed, NULL, &err), "%s", err.text);
}

Test(replay, absurd_records_are_refused)
{
    static const int32_t machines[] = {5, 1 << 30, INT32_MAX - 1};
    struct err err = {0};
    struct record record = run.records[0];

    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        record.machine = machines[i];
        cr_assert(!replay_with(0, &record, &err));
        cr_assert(strstr(err.text, "no such instance was launched") != NULL, "%s", err.text);
    }
    record = run.records[0];
    record.at_usec = -1;
    cr_assert(!replay_with(0, &record, &err));
    record = run.records[0];
    record.at_usec = INT64_MIN;
    cr_assert(!replay_with(0, &record, &err));
    record = run.records[find(ID_NONE, MESSAGE_REGISTER)];
    record.at_usec = 0; /* the run begins with the same machine at 0 */
    cr_assert(replay_with(find(ID_NONE, MESSAGE_REGISTER), &record, &err));
    record = run.records[find(ID_NONE, MESSAGE_CREATE_SERVICE)];
    record.at_usec = 1;
    cr_assert(!replay_with(find(ID_NONE, MESSAGE_CREATE_SERVICE), &record, &err));
    cr_assert(strstr(err.text, "it comes before the event before it") != NULL, "%s", err.text);
    record = run.records[0];
    record.seq = INT64_MAX;
    cr_assert(!replay_with(0, &record, &err));
    record = run.records[0];
    record.event = message_new(MESSAGE_BOOT);
    cr_assert(!replay_with(0, &record, &err));
    cr_assert(strstr(err.text, "that is no event of the scheduler") != NULL, "%s", err.text);
    record = run.records[find(0, MESSAGE_BOOT)];
    record.event.as.boot.instance = 1;
    cr_assert(!replay_with(find(0, MESSAGE_BOOT), &record, &err));
    record.event = message_new(MESSAGE_TICK);
    cr_assert(!replay_with(find(0, MESSAGE_BOOT), &record, &err));
    cr_assert(strstr(err.text, "an agent's first event is its boot") != NULL, "%s", err.text);
}

/* Any event at any time: an error or not, but never a crash. */
Test(replay, machines_survive_any_event)
{
    for (int i = 0; i < 100 * MESSAGE_KINDS; i++) {
        int upto = (int)draw_below(1, DRAW_WORK, i, 0, (uint64_t)run.n_records);
        struct record record = run.records[upto];
        struct replay replay;
        struct err err = {0};

        record.event = sample_message(i % MESSAGE_KINDS, i);
        replay_init(&replay, TINY_SEED, TINY_EPOCH_USEC);
        for (int j = 0; j < upto; j++)
            cr_assert(replay_step(&replay, &run.records[j], &err));
        if (!replay_step(&replay, &record, &err))
            cr_assert(err.code == EXIT_ANSWER && err.text[0]);
        replay_finish(&replay);
        message_finish(&record.event);
    }
}

/* What a scenario cannot say, a log can. */
Test(replay, nameless_parts_are_refused)
{
    struct scheduler scheduler;
    struct outputs outputs = {0};
    struct message group, service;

    message_copy(&group, &run.records[find(ID_NONE, MESSAGE_INSTANCE_GROUP)].event);
    message_copy(&service, &run.records[find(ID_NONE, MESSAGE_CREATE_SERVICE)].event);
    free(group.as.instance_group.attributes[0].name);
    group.as.instance_group.attributes[0].name = NULL;
    free(service.as.create_service.strategy[0].attribute);
    service.as.create_service.strategy[0].attribute = NULL;
    scheduler_init(&scheduler, TINY_SEED);
    scheduler_step(&scheduler, 0, &group, &outputs);
    scheduler_step(&scheduler, 0,
                   &run.records[find(ID_NONE, MESSAGE_REGISTER_TASK_DEFINITION)].event, &outputs);
    scheduler_step(&scheduler, 0, &service, &outputs);
    cr_assert(outputs.n_messages == 2, "%d decisions", outputs.n_messages);
    for (int i = 0; i < 2; i++)
        cr_assert(outputs.messages[i].kind == MESSAGE_REFUSE &&
                  outputs.messages[i].as.refuse.refusal == REFUSED_INVALID);
    outputs_finish(&outputs);
    message_finish(&group);
    message_finish(&service);
    scheduler_finish(&scheduler);
}
