/*
 * `berth replay RUN`: does every machine of a log do again what it did.
 */
#include "command.h"

#include "file/options.h"
#include "file/replay.h"

#include <inttypes.h>
#include <stdio.h>

static const char about[] =
    "Gives every machine of a run log (the scheduler and each agent) its events again and checks\n"
    "that it decides and acts as it did, and that every message received was sent. Exits with 0 "
    "if\n"
    "the run is identical, else with 1 and the first difference.";

static const char examples[] =
    "  berth replay first.run           replay: identical (137 events, 92 decisions, 3 machines)\n"
    "  berth replay first.exec.run      the same for a real run\n";

static void print_json(const struct replay *replay, const struct err *err)
{
    const struct run_summary *summary = &replay->summary;
    struct buffer json = {0};

    buffer_add(&json,
               "{\"identical\": %s, \"events\": %" PRId64 ", \"decisions\": %" PRId64
               ", \"machines\": %" PRId64 ", \"truncated\": %s, \"difference\": ",
               err ? "false" : "true", summary->events, summary->decisions, summary->machines,
               replay->truncated ? "true" : "false");
    buffer_add_json_string(&json, err ? err->text : NULL);
    printf("%s}\n", json.text);
    buffer_finish(&json);
}

static int replay_path(const char *path, bool json)
{
    struct replay replay;
    struct buffer text = {0};
    struct err err;
    bool same = replay_file(&replay, path, &err);
    int code = EXIT_FINE;

    if (json && (same || err.code == EXIT_ANSWER))
        print_json(&replay, same ? NULL : &err);
    if (!same) {
        code = err_report(&err);
    } else if (!json) {
        replay_describe(&replay, &text);
        fputs(text.text, stdout);
    }
    buffer_finish(&text);
    replay_finish(&replay);
    return code;
}

int cmd_replay(int argc, char **argv)
{
    bool json = false;
    const struct option_row rows[] = {
        {.name = "json", .kind = OPTION_FLAG, .value = &json, .help = "one JSON object"},
    };
    const struct options options = {
        .command = "replay",
        .usage = "RUN",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = 1,
        .operands_min = 1,
        .operands_max = 1,
    };
    int n_operands, code;

    if (!options_parse(&options, argc, argv, &n_operands, &code))
        return code;
    return replay_path(argv[0], json);
}
